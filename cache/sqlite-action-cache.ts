/** Action results in one SQLite file, shared by all processes of this machine. */
import { renameSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { canonicalJson } from '../engine/core/canonical-json.ts';
import { type Digest, digestOf } from '../engine/core/digest.ts';
import type { ActionCache, ActionResult } from '../engine/core/store.ts';

// Each checkpoint syncs the file system's journal, for which all other writers wait: rarely, therefore.
const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = 10000;
  CREATE TABLE IF NOT EXISTS actions (key TEXT PRIMARY KEY, result TEXT, ingredients TEXT, checksum TEXT, used_at INTEGER) WITHOUT ROWID;
`;

interface Statements {
  readonly get: StatementSync;
  readonly put: StatementSync;
  readonly delete: StatementSync;
}

export class SqliteActionCache implements ActionCache {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;
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
  };
}

function checksumOf(key: Digest, text: string): string {
  return digestOf(`${key} ${text}`);
}
