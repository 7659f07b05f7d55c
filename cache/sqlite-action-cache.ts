/** Action results in one SQLite file, shared by all processes of this machine. */
import { canonicalJson } from '../engine/core/canonical-json.ts';
import { type Digest, digestOf } from '../engine/core/digest.ts';
import type { ActionRecord } from '../engine/core/lineage.ts';
import type { ActionCache, ActionResult, Seal } from '../engine/core/store.ts';
import { SqliteFile } from '../engine/io/sqlite-file.ts';

// Each checkpoint syncs the file system's journal, for which all other writers wait: rarely, therefore.
const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA wal_autocheckpoint = 10000;
  CREATE TABLE IF NOT EXISTS actions (key TEXT PRIMARY KEY, result TEXT, ingredients TEXT, checksum TEXT, used_at INTEGER) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS seals (key TEXT PRIMARY KEY, writer TEXT, signature TEXT) WITHOUT ROWID;
`;

const statements = {
  get: 'SELECT result, checksum FROM actions WHERE key = ?',
  put: 'INSERT OR REPLACE INTO actions VALUES (?, ?, ?, ?, ?)',
  delete: 'DELETE FROM actions WHERE key = ?',
  seal: 'SELECT writer, signature FROM seals WHERE key = ?',
  putSeal: 'INSERT OR REPLACE INTO seals VALUES (?, ?, ?)',
  unseal: 'DELETE FROM seals WHERE key = ?',
  ingredients: 'SELECT ingredients FROM actions WHERE key = ?',
  all: 'SELECT * FROM actions',
  page: `SELECT key, result, checksum, used_at, length(ingredients) AS ingredients_bytes,
    CASE WHEN json_valid(ingredients) THEN json_extract(ingredients, '$.component') END AS component
    FROM actions WHERE key > ? ORDER BY key LIMIT ?`,
} as const;

interface Row {
  readonly key: Digest;
  readonly result: string;
  readonly ingredients: string;
  readonly checksum: string;
  readonly used_at: number;
}

/** A result as it lies in the file. */
export interface StoredResult {
  readonly key: Digest;
  /** Undefined if it is damaged. */
  readonly result: ActionResult | undefined;
  readonly component: string;
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly storedAtMs: number;
}

export interface ActionCacheHooks {
  /** Told of each result that is found. */
  readonly onUse?: (key: Digest) => void;
  /** Told of each result that is put. */
  readonly onPut?: (sizeBytes: number) => void;
}

const rowsOfPage = 25;

export class SqliteActionCache implements ActionCache {
  readonly #file: SqliteFile<keyof typeof statements>;
  /** Results that could not be stored; they serve this process all the same. */
  readonly #unstored = new Map<Digest, ActionResult>();
  readonly #hooks: ActionCacheHooks;

  /**
   * @param path the file; a broken one is moved aside and begun anew
   * @param onTrouble told once of each thing that is wrong with the file
   */
  constructor(path: string, onTrouble: (message: string) => void, hooks: ActionCacheHooks = {}) {
    this.#hooks = hooks;
    this.#file = new SqliteFile({ path, schema, statements, contents: 'list of action results', onTrouble });
  }

  get(key: Digest): ActionResult | undefined {
    const row = this.#file.attempt(({ get }) => get.get(key)) as
      | { result: string; checksum: string }
      | undefined;
    if (!row) return this.#unstored.get(key);
    if (checksumOf(key, row.result) !== row.checksum) {
      this.delete(key);
      return undefined;
    }
    this.#hooks.onUse?.(key);
    return JSON.parse(row.result) as ActionResult; // What `put` wrote.
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

  /** Everything that is stored, in the order of keys, a few at a time; whoever reads may pause. */
  *stored(): Generator<StoredResult> {
    for (let after = ''; ; ) {
      const rows = (this.#file.attempt(({ page }) => page.all(after, rowsOfPage)) ??
        []) as unknown as PageRow[]; // Its columns.
      for (const row of rows) yield toStored(row);
      if (rows.length < rowsOfPage) return;
      after = rows.at(-1)!.key;
    }
  }

  /** The seal of a result that was made on another machine; undefined if it was made here. */
  sealOf(key: Digest): Seal | undefined {
    const row = this.#file.attempt((prepared) => prepared.seal.get(key));
    const { writer, signature } = (row ?? {}) as { writer?: string | null; signature?: string | null };
    return row && { ...(writer && { writer }), ...(signature && { signature }) };
  }

  put(key: Digest, result: ActionResult, ingredients: Readonly<Record<string, unknown>>, seal?: Seal): void {
    const [text, facts] = [JSON.stringify(result), canonicalJson(ingredients)];
    // As one: a result of another machine that had lost its seal would be signed here.
    const isStored = this.#file.attemptTogether(({ put, putSeal, unseal }) => {
      if (seal) putSeal.run(key, seal.writer ?? null, seal.signature ?? null);
      else unseal.run(key);
      return put.run(key, text, facts, checksumOf(key, text), Date.now()).changes;
    });
    this.#hooks.onPut?.(text.length + facts.length);
    if (isStored === undefined) this.#unstored.set(key, result);
  }

  delete(key: Digest): void {
    this.#unstored.delete(key);
    this.#file.attemptTogether((prepared) => {
      prepared.delete.run(key);
      prepared.unseal.run(key);
    });
  }

  close(): void {
    this.#file.close();
  }
}

type PageRow = Omit<Row, 'ingredients'> & {
  readonly ingredients_bytes: number;
  readonly component: string | null;
};

function toStored({ key, result, checksum, used_at, ingredients_bytes, component }: PageRow): StoredResult {
  const isWhole = checksumOf(key, result) === checksum;
  return {
    key,
    result: isWhole ? (JSON.parse(result) as ActionResult) : undefined, // What `put` wrote.
    component: component ?? '?',
    sizeBytes: result.length + ingredients_bytes,
    storedAtMs: used_at,
  };
}

function checksumOf(key: Digest, text: string): string {
  return digestOf(`${key} ${text}`);
}
