/**
 * What the local cache remembers of its entries, in an SQLite file: when they were used, why some are not there any
 * more, and about how much it holds. Its loss makes a collection choose less well, and nothing wrong.
 */
import type { EvictionRecord } from '../engine/core/store.ts';
import { SqliteFile } from '../engine/io/sqlite-file.ts';

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS uses (id TEXT PRIMARY KEY, at INTEGER) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS notes (id TEXT, kind TEXT, reason TEXT, bytes INTEGER, at INTEGER, PRIMARY KEY (id, kind)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS notes_by_time ON notes (at);
  CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;
`;

/** A use is written down if the last one lies so far back: a build in which all is cached writes next to nothing. */
export const touchEveryMs = 3_600_000;

const statements = {
  touch: `INSERT INTO uses VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at WHERE excluded.at >= at + ${touchEveryMs}`,
  use: 'SELECT at FROM uses WHERE id = ?',
  forgetUse: 'DELETE FROM uses WHERE id = ?',
  forgetUses: 'DELETE FROM uses WHERE at < ?',
  note: 'INSERT OR REPLACE INTO notes VALUES (?, ?, ?, ?, ?)',
  noteOf: 'SELECT reason, bytes, at FROM notes WHERE id = ? AND kind = ?',
  forgetNote: 'DELETE FROM notes WHERE id = ? AND kind = ?',
  boundNotes: 'DELETE FROM notes WHERE at < (SELECT at FROM notes ORDER BY at DESC LIMIT 1 OFFSET ?)',
  sums: 'SELECT reason, COUNT(*) AS count, SUM(bytes) AS bytes, MAX(at) AS at FROM notes WHERE kind = ? AND at >= ? GROUP BY reason ORDER BY reason',
  set: 'INSERT OR REPLACE INTO totals VALUES (?, ?)',
  total: 'SELECT value FROM totals WHERE name = ?',
  add: 'UPDATE totals SET value = value + ? WHERE name = ? RETURNING value',
} as const;

/** What became of something that one might look for in vain. */
export type NoteKind = 'evicted' | 'not_uploaded';

export interface Note extends EvictionRecord {
  /** Of a result its key, of a blob its digest. */
  readonly id: string;
  readonly bytes: number;
}

export interface NoteSum {
  readonly reason: string;
  readonly count: number;
  readonly bytes: number;
  /** Of the latest; milliseconds since 1970. */
  readonly at: number;
}

const mostWaiting = 500;
const mostNotes = 50_000;
const longestUnusedMs = 400 * 24 * 3_600_000;

export class SqliteCacheRecords {
  readonly #file: SqliteFile<keyof typeof statements>;
  /** Id → when this process last noted its use. */
  readonly #noted = new Map<string, number>();
  #waiting: string[] = [];
  /** Of what waits, that which may have been away. */
  #returned: string[] = [];
  #flushing: NodeJS.Immediate | undefined;

  /** @param path the file; a broken one is moved aside and begun anew */
  constructor(path: string, onTrouble: (message: string) => void) {
    this.#file = new SqliteFile({ path, schema, statements, contents: 'records of the cache', onTrouble });
  }

  /** Something is used at this moment. Written with others, as soon as the thread has done what it is at. */
  noteUse(id: string): void {
    const nowMs = Date.now();
    if (nowMs - (this.#noted.get(id) ?? -Infinity) < touchEveryMs) return;
    this.#noted.set(id, nowMs);
    this.#waiting.push(id);
    if (this.#waiting.length >= mostWaiting) this.flush();
    else this.#flushing ??= setImmediate(() => this.flush());
  }

  /** Something is written at this moment: if it had gone, it is there again. */
  noteWritten(id: string): void {
    this.#returned.push(id);
    this.#noted.delete(id);
    this.noteUse(id);
  }

  flush(): void {
    clearImmediate(this.#flushing);
    this.#flushing = undefined;
    if (this.#waiting.length === 0) return;
    const [waiting, returned] = [this.#waiting, this.#returned];
    [this.#waiting, this.#returned] = [[], []];
    this.#file.attemptTogether(({ touch, forgetNote }) => {
      for (const id of waiting) touch.run(id, this.#noted.get(id)!);
      for (const id of returned) forgetNote.run(id, 'evicted');
    });
  }

  /** The last use that was written down; milliseconds since 1970. It may be younger by less than `touchEveryMs`. */
  usedAtMs(id: string): number | undefined {
    const row = this.#file.attempt(({ use }) => use.get(id));
    return (row as { at: number } | undefined)?.at;
  }

  /** Things go, or stay here alone: says why. Uses of what goes are forgotten. All of it is written, or nothing. */
  note(kind: NoteKind, notes: readonly Note[]): void {
    this.flush();
    for (const { id } of notes) this.#noted.delete(id);
    this.#file.attemptTogether((prepared) => {
      for (const { id, reason, bytes, atMs } of notes) {
        prepared.note.run(id, kind, reason, bytes, atMs);
        if (kind === 'evicted') prepared.forgetUse.run(id);
      }
    });
  }

  /** What a note says is not so any more. */
  forgetNote(kind: NoteKind, id: string): void {
    this.#file.attempt(({ forgetNote }) => forgetNote.run(id, kind));
  }

  /** Why something is not there. */
  noteOf(kind: NoteKind, id: string): EvictionRecord | undefined {
    const row = this.#file.attempt(({ noteOf }) => noteOf.get(id, kind));
    if (!row) return undefined;
    const { reason, at } = row as { reason: string; at: number }; // The columns of the statement.
    return { reason, atMs: at };
  }

  /** The notes since a time, by their reasons. @param sinceMs milliseconds since 1970 */
  sums(kind: NoteKind, sinceMs: number): NoteSum[] {
    return (this.#file.attempt(({ sums }) => sums.all(kind, sinceMs)) ?? []) as unknown as NoteSum[]; // Its columns.
  }

  /** What the cache holds has been counted. Old records go. */
  setUsedBytes(bytes: number): void {
    this.#file.attemptTogether((prepared) => {
      prepared.set.run('used', bytes);
      prepared.boundNotes.run(mostNotes);
      prepared.forgetUses.run(Date.now() - longestUnusedMs);
    });
  }

  /** About what the cache holds; undefined if that was never counted. */
  usedBytes(): number | undefined {
    const row = this.#file.attempt(({ total }) => total.get('used'));
    return (row as { value: number } | undefined)?.value;
  }

  /** Adds what a build has written. @returns about what the cache holds; undefined if that was never counted */
  addUsedBytes(bytes: number): number | undefined {
    const row = this.#file.attempt(({ add }) => add.get(bytes, 'used'));
    return (row as { value: number } | undefined)?.value;
  }

  close(): void {
    this.flush();
    this.#file.close();
  }
}
