/**
 * Digests of files, remembered by the files' states, so that each is read once.
 *
 * A digest is trusted only if the file's times lay a tick of the clock behind when the reading began; else a change
 * within that tick would not show, and the file is read again ("racily clean" files, as git calls them).
 */
import { statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { Digest } from '../core/digest.ts';
import { FlowError } from '../core/errors.ts';
import { type FileState, fileState, settlesAtMs, stateOf } from './file-state.ts';
import { hashFile } from './hash-file.ts';

interface Entry {
  readonly state: FileState;
  readonly digest: Digest;
  /** When the reading began; milliseconds since 1970. */
  readonly readAtMs: number;
}

/** The longest that `settle` waits; file systems with coarser times are read again in the next build. */
const longestWaitMs = 50;

export class FileIndex {
  readonly #entries = new Map<string, Entry>();
  readonly #changed = new Set<string>();
  readonly #database: DatabaseSync;
  readonly #select: StatementSync;

  /** @param path the index's own file; a broken one is begun anew by the caller */
  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: 30_000 });
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = OFF;
      CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, state TEXT, digest TEXT, read_at REAL) WITHOUT ROWID;
    `);
    this.#select = this.#database.prepare(
      'SELECT state, digest, read_at AS readAtMs FROM files WHERE path = ?',
    );
  }

  /**
   * The digest of a file's content.
   *
   * @throws {FlowError} `input_not_found`, `input_unreadable`
   */
  async digestOf(path: string): Promise<Digest> {
    for (;;) {
      const state = regularFileState(path);
      const known = this.#entries.get(path) ?? this.#load(path);
      if (known?.state === state && isSettled(known)) return known.digest;
      const readAtMs = Date.now();
      const digest = await this.#read(path, Number.parseInt(state, 10));
      if (fileState(path) !== state) continue; // It changed while we read it.
      this.#remember(path, { state, digest, readAtMs });
      return digest;
    }
  }

  /** Notes a file that this process has just written and knows the digest of. */
  noteWritten(path: string, digest: Digest): void {
    this.#remember(path, { state: regularFileState(path), digest, readAtMs: 0 });
  }

  /** The digest, if it can be told without reading. */
  peek(path: string): Digest | undefined {
    const known = this.#entries.get(path) ?? this.#load(path);
    return known && isSettled(known) && known.state === fileState(path) ? known.digest : undefined;
  }

  /**
   * Waits for the clock to tick and reads again what was too young to be trusted.
   *
   * @returns the states of the given files; undefined if one has changed since it was read, or cannot be trusted yet
   */
  async settle(paths: Iterable<string>): Promise<Map<string, FileState> | undefined> {
    const states = new Map<string, FileState>();
    for (const path of paths) {
      let entry = this.#entries.get(path) ?? this.#load(path);
      if (!entry) return undefined;
      if (!isSettled(entry)) {
        const waitMs = settlesAtMs(entry.state) - Date.now();
        if (waitMs > longestWaitMs) return undefined;
        if (waitMs >= 0) await delay(waitMs + 1);
        if ((await this.digestOf(path)) !== entry.digest) return undefined;
        entry = this.#entries.get(path)!;
      }
      if (fileState(path) !== entry.state || !isSettled(entry)) return undefined;
      states.set(path, entry.state);
    }
    return states;
  }

  /** Writes what has been learnt; losing it costs time, nothing else. */
  flush(): void {
    if (this.#changed.size === 0) return;
    const insert = this.#database.prepare('INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)');
    this.#database.exec('BEGIN IMMEDIATE');
    for (const path of this.#changed) {
      const { state, digest, readAtMs } = this.#entries.get(path)!;
      insert.run(path, state, digest, readAtMs);
    }
    this.#database.exec('COMMIT');
    this.#changed.clear();
  }

  close(): void {
    this.#database.close();
  }

  #load(path: string): Entry | undefined {
    const row = this.#select.get(path) as Entry | undefined; // The columns are named as the fields.
    if (row) this.#entries.set(path, row);
    return row;
  }

  #remember(path: string, entry: Entry): void {
    this.#entries.set(path, entry);
    this.#changed.add(path);
  }

  async #read(path: string, sizeBytes: number): Promise<Digest> {
    try {
      return await hashFile(path, sizeBytes);
    } catch (error) {
      throw unreadable(path, error as NodeJS.ErrnoException);
    }
  }
}

function isSettled({ state, readAtMs }: Entry): boolean {
  return settlesAtMs(state) < readAtMs;
}

function regularFileState(path: string): FileState {
  let stats: ReturnType<typeof statSync>;
  try {
    stats = statSync(path);
  } catch (error) {
    throw unreadable(path, error as NodeJS.ErrnoException);
  }
  if (!stats.isFile()) {
    throw new FlowError({
      code: 'input_unreadable',
      blame: 'user',
      message: `Cannot read "${path}": it is ${stats.isDirectory() ? 'a folder' : 'no regular file'}.`,
      fix: 'Name a file.',
    });
  }
  return stateOf(stats);
}

function unreadable(path: string, cause: NodeJS.ErrnoException): FlowError {
  const isMissing = cause.code === 'ENOENT' || cause.code === 'ENOTDIR';
  return new FlowError({
    code: isMissing ? 'input_not_found' : 'input_unreadable',
    blame: 'user',
    message: isMissing
      ? `Cannot find the file "${path}".`
      : `Cannot read the file "${path}": ${cause.code ?? cause.message}.`,
    fix: isMissing ? 'Check the name.' : 'Check its permissions (`ls -l`), and that its disk is there.',
    cause,
  });
}
