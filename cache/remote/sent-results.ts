/**
 * What a remote cache is known to have, in an SQLite file, so that it need not be asked for or sent again: results and runs;
 * and which of its results and blobs were not what they should be, so that the next build that may write replaces them.
 */
import { type Digest, digestJson } from '../../engine/core/digest.ts';
import { SqliteFile } from '../../engine/io/sqlite-file.ts';

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS results (remote TEXT, key TEXT, at INTEGER, PRIMARY KEY (remote, key)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS runs (remote TEXT, run TEXT, keys TEXT, at INTEGER, PRIMARY KEY (remote, run)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS bad (remote TEXT, name TEXT, PRIMARY KEY (remote, name)) WITHOUT ROWID;
`;

const statements = {
  result: 'SELECT at FROM results WHERE remote = ? AND key = ? AND at > ?',
  noteResult: 'INSERT OR REPLACE INTO results VALUES (?, ?, ?)',
  forget: 'DELETE FROM results WHERE remote = ? AND key = ?',
  run: 'SELECT keys FROM runs WHERE remote = ? AND run = ? AND at > ?',
  noteRun: 'INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)',
  bad: 'SELECT name FROM bad WHERE remote = ?',
  noteBad: 'INSERT OR REPLACE INTO bad VALUES (?, ?)',
  forgetBad: 'DELETE FROM bad WHERE remote = ? AND name = ?',
  forgetResults: 'DELETE FROM results WHERE remote = ?',
  forgetRuns: 'DELETE FROM runs WHERE remote = ?',
} as const;

/** The bucket may have been emptied since: what was known longer ago is found out anew. */
const trustedForMs = 7 * 24 * 3_600_000;

export interface SentResultsSetting {
  /** Names the remote cache. */
  readonly remote: string;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly onTrouble: (message: string) => void;
}

export class SentResults {
  readonly #file: SqliteFile<keyof typeof statements>;
  readonly #remote: string;
  readonly #nowMs: () => number;

  /** @param path the file; a broken one is moved aside and begun anew */
  constructor(path: string, { remote, nowMs, onTrouble }: SentResultsSetting) {
    this.#remote = remote;
    this.#nowMs = nowMs;
    const contents = 'list of what the remote cache has';
    this.#file = new SqliteFile({ path, schema, statements, contents, onTrouble });
  }

  has(key: Digest): boolean {
    return this.#file.attempt(({ result }) => result.get(this.#remote, key, this.#oldestMs)) !== undefined;
  }

  note(key: Digest): void {
    this.#file.attempt(({ noteResult }) => noteResult.run(this.#remote, key, this.#nowMs()));
  }

  forget(key: Digest): void {
    this.#file.attempt((prepared) => prepared.forget.run(this.#remote, key));
  }

  /** True if a run is there with just these results. */
  hasRun(run: Digest, keys: readonly Digest[]): boolean {
    const row = this.#file.attempt((prepared) => prepared.run.get(this.#remote, run, this.#oldestMs));
    return (row as { keys: string } | undefined)?.keys === digestOfAll(keys);
  }

  noteRun(run: Digest, keys: readonly Digest[]): void {
    this.#file.attempt(({ noteRun }) => noteRun.run(this.#remote, run, digestOfAll(keys), this.#nowMs()));
  }

  /** Somebody has removed things from the remote cache. */
  forgetAll(): void {
    this.#file.attempt(({ forgetResults, forgetRuns }) => {
      forgetResults.run(this.#remote);
      forgetRuns.run(this.#remote);
    });
  }

  /** Names of results and blobs that were found there, and were not what they should be. */
  bad(): Digest[] {
    const rows = (this.#file.attempt((prepared) => prepared.bad.all(this.#remote)) ?? []) as unknown;
    return (rows as { name: Digest }[]).map(({ name }) => name); // As `noteBad` has written them.
  }

  noteBad(name: Digest): void {
    this.#file.attempt((prepared) => prepared.noteBad.run(this.#remote, name));
  }

  forgetBad(name: Digest): void {
    this.#file.attempt((prepared) => prepared.forgetBad.run(this.#remote, name));
  }

  get #oldestMs(): number {
    return this.#nowMs() - trustedForMs;
  }

  close(): void {
    this.#file.close();
  }
}

/** Actions end in another order each time. */
function digestOfAll(keys: readonly Digest[]): Digest {
  return digestJson(keys.toSorted());
}
