/**
 * Leases of actions among the processes of one machine, in an SQLite file of their own: one statement decides who
 * does an action, and no lock files are left to clean up. Nothing in it is worth a sync to disk.
 */
import { readFileSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Digest } from '../engine/core/digest.ts';
import type { Leases } from '../engine/core/store.ts';

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS leases (key TEXT PRIMARY KEY, owner TEXT) WITHOUT ROWID;
`;

export class SqliteLeases implements Leases {
  readonly #database: DatabaseSync;
  readonly #owner = ownerOf(process.pid);
  readonly #insert: StatementSync;
  readonly #holder: StatementSync;
  readonly #takeOver: StatementSync;
  readonly #delete: StatementSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: 30_000 });
    this.#database.exec(schema);
    this.#insert = this.#database.prepare('INSERT OR IGNORE INTO leases VALUES (?, ?)');
    this.#holder = this.#database.prepare('SELECT owner FROM leases WHERE key = ?');
    this.#takeOver = this.#database.prepare('UPDATE leases SET owner = ? WHERE key = ? AND owner = ?');
    this.#delete = this.#database.prepare('DELETE FROM leases WHERE key = ? AND owner = ?');
  }

  acquire(key: Digest): boolean {
    try {
      if (this.#insert.run(key, this.#owner).changes === 1) return true;
      const { owner } = (this.#holder.get(key) as { owner: string } | undefined) ?? {};
      if (owner === undefined) return this.acquire(key); // Released in between.
      if (owner === this.#owner) return true;
      return !isAlive(owner) && this.#takeOver.run(this.#owner, key, owner).changes === 1;
    } catch {
      return true; // Without a place for leases everybody works for himself: slower, not wrong.
    }
  }

  release(key: Digest): void {
    try {
      this.#delete.run(key, this.#owner);
    } catch {
      // A lease that stays behind is taken over once this process has ended.
    }
  }

  close(): void {
    this.#database.close();
  }
}

/** A process, told apart from a later one of the same number by its start time. */
function ownerOf(pid: number): string {
  return `${pid} ${startTimeOf(pid)}`;
}

function isAlive(owner: string): boolean {
  const pid = Number(owner.split(' ')[0]);
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return ownerOf(pid) === owner;
}

/** Field 22 of /proc/PID/stat, counted behind the name, which may hold spaces. Empty where there is no /proc. */
function startTimeOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!;
  } catch {
    return '';
  }
}
