/**
 * Leases of actions among the processes of one machine, in an SQLite file of their own: one statement decides who
 * does an action, and no lock files are left to clean up. Nothing in it is worth a sync to disk.
 */
import type { Digest } from '../engine/core/digest.ts';
import type { Leases } from '../engine/core/store.ts';
import { isAlive, processIdentity } from '../engine/io/process-identity.ts';
import { SqliteFile } from '../engine/io/sqlite-file.ts';

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS leases (key TEXT PRIMARY KEY, owner TEXT) WITHOUT ROWID;
`;

const statements = {
  insert: 'INSERT OR IGNORE INTO leases VALUES (?, ?)',
  holder: 'SELECT owner FROM leases WHERE key = ?',
  takeOver: 'UPDATE leases SET owner = ? WHERE key = ? AND owner = ?',
  delete: 'DELETE FROM leases WHERE key = ? AND owner = ?',
} as const;

export class SqliteLeases implements Leases {
  readonly #file: SqliteFile<keyof typeof statements>;
  readonly #owner = processIdentity();

  /** @param path the file; a broken one is moved aside and begun anew */
  constructor(path: string, onTrouble: (message: string) => void) {
    this.#file = new SqliteFile({ path, schema, statements, contents: 'list of leases', onTrouble });
  }

  acquire(key: Digest): boolean {
    // Without a place for leases everybody works for himself: slower, not wrong.
    return this.#file.attempt((prepared) => this.#take(key, prepared)) ?? true;
  }

  #take(key: Digest, prepared: Prepared): boolean {
    if (prepared.insert.run(key, this.#owner).changes === 1) return true;
    const { owner } = (prepared.holder.get(key) as { owner: string } | undefined) ?? {};
    if (owner === undefined) return this.#take(key, prepared); // Released in between.
    if (owner === this.#owner) return true;
    return !isAlive(owner) && prepared.takeOver.run(this.#owner, key, owner).changes === 1;
  }

  holder(key: Digest): number | undefined {
    const row = this.#file.attempt((prepared) => prepared.holder.get(key));
    const { owner } = (row as { owner: string } | undefined) ?? {};
    return owner === undefined ? undefined : Number.parseInt(owner, 10);
  }

  release(key: Digest): void {
    // A lease that stays behind is taken over once this process has ended.
    this.#file.attempt((prepared) => prepared.delete.run(key, this.#owner));
  }

  close(): void {
    this.#file.close();
  }
}

type Prepared = Parameters<Parameters<SqliteFile<keyof typeof statements>['attempt']>[0]>[0];
