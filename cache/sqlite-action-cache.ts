/**
 * Action results and leases in one SQLite file, shared by all processes of this machine.
 *
 * Leases lie beside the results so that one statement decides who does an action: no lock files to clean up.
 */
import { readFileSync, renameSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { canonicalJson } from '../engine/core/canonical-json.ts';
import { type Digest, digestOf } from '../engine/core/digest.ts';
import type { ActionCache, ActionResult, Leases } from '../engine/core/store.ts';

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 30000;
  CREATE TABLE IF NOT EXISTS actions (key TEXT PRIMARY KEY, result TEXT, ingredients TEXT, checksum TEXT, used_at INTEGER) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS leases (key TEXT PRIMARY KEY, owner TEXT) WITHOUT ROWID;
`;

interface Statements {
  readonly get: StatementSync;
  readonly put: StatementSync;
  readonly delete: StatementSync;
  readonly lease: StatementSync;
  readonly holder: StatementSync;
  readonly takeOver: StatementSync;
  readonly release: StatementSync;
}

export class SqliteActionCache implements ActionCache, Leases {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
  readonly #owner = ownerOf(process.pid);
  readonly #onTrouble: (message: string) => void;
  /** Results that could not be stored; they serve this process all the same. */
  readonly #unstored = new Map<Digest, ActionResult>();

  /**
   * @param path the file; a broken one is moved aside and begun anew
   * @param onTrouble told once when results cannot be stored
   */
  constructor(path: string, onTrouble: (message: string) => void) {
    this.#onTrouble = onTrouble;
    this.#database = openOrReplace(path, onTrouble);
    this.#statements = prepare(this.#database);
  }

  get(key: Digest): ActionResult | undefined {
    const row = this.#statements.get.get(key) as { result: string; checksum: string } | undefined;
    if (!row) return this.#unstored.get(key);
    if (checksumOf(key, row.result) !== row.checksum) {
      this.delete(key);
      return undefined;
    }
    return JSON.parse(row.result) as ActionResult; // The checksum says that it is what `put` wrote.
  }

  put(key: Digest, result: ActionResult, ingredients: Readonly<Record<string, unknown>>): void {
    const text = JSON.stringify(result);
    try {
      this.#statements.put.run(key, text, canonicalJson(ingredients), checksumOf(key, text), Date.now());
    } catch (error) {
      if (this.#unstored.size === 0)
        this.#onTrouble(
          `Cannot store action results: ${(error as Error).message}. The next build will repeat them.`,
        );
      this.#unstored.set(key, result);
    }
  }

  delete(key: Digest): void {
    this.#statements.delete.run(key);
  }

  acquire(key: Digest): boolean {
    try {
      if (this.#statements.lease.run(key, this.#owner).changes === 1) return true;
      const { owner } = (this.#statements.holder.get(key) as { owner: string } | undefined) ?? {};
      if (owner === undefined) return this.acquire(key); // Released in between.
      if (owner === this.#owner) return true;
      return !isAlive(owner) && this.#statements.takeOver.run(this.#owner, key, owner).changes === 1;
    } catch {
      return true; // Without a place for leases, everybody works for himself: slower, not wrong.
    }
  }

  release(key: Digest): void {
    try {
      this.#statements.release.run(key, this.#owner);
    } catch {
      // A lease that stays behind is taken over once this process has ended.
    }
  }

  close(): void {
    this.#database.close();
  }
}

function openOrReplace(path: string, onTrouble: (message: string) => void): DatabaseSync {
  try {
    return openDatabase(path);
  } catch (error) {
    if (!/malformed|not a database|disk image/.test((error as Error).message)) throw error;
    renameSync(path, `${path}.broken`);
    onTrouble(`The list of action results was damaged; it was moved to ${path}.broken and begun anew.`);
    return openDatabase(path);
  }
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 30_000 });
  database.exec(schema);
  return database;
}

function prepare(database: DatabaseSync): Statements {
  return {
    get: database.prepare('SELECT result, checksum FROM actions WHERE key = ?'),
    put: database.prepare('INSERT OR REPLACE INTO actions VALUES (?, ?, ?, ?, ?)'),
    delete: database.prepare('DELETE FROM actions WHERE key = ?'),
    lease: database.prepare('INSERT OR IGNORE INTO leases VALUES (?, ?)'),
    holder: database.prepare('SELECT owner FROM leases WHERE key = ?'),
    takeOver: database.prepare('UPDATE leases SET owner = ? WHERE key = ? AND owner = ?'),
    release: database.prepare('DELETE FROM leases WHERE key = ? AND owner = ?'),
  };
}

function checksumOf(key: Digest, text: string): string {
  return digestOf(`${key} ${text}`);
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
