/** Action results in one SQLite file, shared by all processes of this machine. */
import { canonicalJson } from '../engine/core/canonical-json.ts';
import { type Digest, digestOf } from '../engine/core/digest.ts';
import type { ActionRecord } from '../engine/core/lineage.ts';
import type { ActionCache, ActionResult } from '../engine/core/store.ts';
import { SqliteFile } from '../engine/io/sqlite-file.ts';

// Each checkpoint syncs the file system's journal, for which all other writers wait: rarely, therefore.
const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = 10000;
  CREATE TABLE IF NOT EXISTS actions (key TEXT PRIMARY KEY, result TEXT, ingredients TEXT, checksum TEXT, used_at INTEGER) WITHOUT ROWID;
`;

const statements = {
  get: 'SELECT result, checksum FROM actions WHERE key = ?',
  put: 'INSERT OR REPLACE INTO actions VALUES (?, ?, ?, ?, ?)',
  delete: 'DELETE FROM actions WHERE key = ?',
  ingredients: 'SELECT ingredients FROM actions WHERE key = ?',
  all: 'SELECT * FROM actions',
} as const;

interface Row {
  readonly key: Digest;
  readonly result: string;
  readonly ingredients: string;
  readonly checksum: string;
  readonly used_at: number;
}

export class SqliteActionCache implements ActionCache {
  readonly #file: SqliteFile<keyof typeof statements>;
  /** Results that could not be stored; they serve this process all the same. */
  readonly #unstored = new Map<Digest, ActionResult>();

  /**
   * @param path the file; a broken one is moved aside and begun anew
   * @param onTrouble told once of each thing that is wrong with the file
   */
  constructor(path: string, onTrouble: (message: string) => void) {
    this.#file = new SqliteFile({ path, schema, statements, contents: 'list of action results', onTrouble });
  }

  get(key: Digest): ActionResult | undefined {
    const row = this.#file.attempt(({ get }) => get.get(key)) as
      | { result: string; checksum: string }
      | undefined;
    if (!row) return this.#unstored.get(key);
    if (checksumOf(key, row.result) === row.checksum) return JSON.parse(row.result) as ActionResult; // What `put` wrote.
    this.delete(key);
    return undefined;
  }

  /** What a key is the digest of; undefined if its result is not here. */
  ingredientsOf(key: Digest): Readonly<Record<string, unknown>> | undefined {
    const row = this.#file.attempt((prepared) => prepared.ingredients.get(key));
    const { ingredients } = (row as { ingredients: string } | undefined) ?? {};
    return ingredients === undefined ? undefined : (JSON.parse(ingredients) as Record<string, unknown>); // What `put` wrote.
  }

  /** Everything that is stored and passes its checksum. */
  entries(): ActionRecord[] {
    const rows = (this.#file.attempt(({ all }) => all.all()) ?? []) as unknown as Row[]; // As the schema has it.
    return rows.flatMap(({ key, result, ingredients, checksum, used_at }) => {
      if (checksumOf(key, result) !== checksum) return [];
      const parsed = { result: JSON.parse(result), ingredients: JSON.parse(ingredients) } as Pick<
        ActionRecord,
        'result' | 'ingredients'
      >; // What `put` wrote.
      return [{ key, ...parsed, storedAtMs: used_at }];
    });
  }

  put(key: Digest, result: ActionResult, ingredients: Readonly<Record<string, unknown>>): void {
    const text = JSON.stringify(result);
    const isStored = this.#file.attempt(
      ({ put }) => put.run(key, text, canonicalJson(ingredients), checksumOf(key, text), Date.now()).changes,
    );
    if (isStored === undefined) this.#unstored.set(key, result);
  }

  delete(key: Digest): void {
    this.#unstored.delete(key);
    this.#file.attempt((prepared) => prepared.delete.run(key));
  }

  close(): void {
    this.#file.close();
  }
}

function checksumOf(key: Digest, text: string): string {
  return digestOf(`${key} ${text}`);
}
