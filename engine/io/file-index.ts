/**
 * Digests of files, remembered by the files' states, so that each is read once.
 *
 * A digest is trusted only if the file's times lay a tick of the clock behind when the reading began; else a change
 * within that tick would not show, and the file is read again ("racily clean" files, as git calls them).
 */
import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Digest, digestOf } from '../core/digest.ts';
import { FlowError } from '../core/errors.ts';
import { type FileState, fileState, settlesAtMs, stateOf } from './file-state.ts';
import { hashFile } from './hash-file.ts';
import { SqliteFile } from './sqlite-file.ts';

interface Entry<D extends string> {
  readonly state: FileState;
  readonly digest: D;
  /** When the reading began; milliseconds since 1970. */
  readonly readAtMs: number;
}

/** How far a file has been read. */
export interface Reading {
  readonly path: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

const betweenTellingMs = 100;

/** The longest that `settle` waits; file systems with coarser times are read again in the next build. */
const longestWaitMs = 50;

/** A file that changes under each of so many readings is not going to hold still. */
const mostReadings = 20;

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS digests (path TEXT PRIMARY KEY, entry TEXT, checksum TEXT) WITHOUT ROWID;
`;

const statements = {
  select: 'SELECT entry, checksum FROM digests WHERE path = ?',
  insert: 'INSERT OR REPLACE INTO digests VALUES (?, ?, ?)',
} as const;

/** @param onPiece told of each piece of a large file: how many bytes have been read so far */
type HashFile<D extends string> = (
  path: string,
  sizeBytes: number,
  onPiece: (doneBytes: number) => void,
) => Promise<D>;

export interface FileIndexSetting<D extends string> {
  /** The index's own file; a broken one is moved aside and begun anew. */
  readonly path: string;
  /** Told once of each thing that is wrong with the file. */
  readonly onTrouble: (message: string) => void;
  readonly hash: HashFile<D>;
}

/** With digests of any kind; an index's file holds those of one kind. */
export class IndexOf<D extends string> {
  readonly #entries = new Map<string, Entry<D>>();
  readonly #changed = new Set<string>();
  readonly #file: SqliteFile<keyof typeof statements>;
  readonly #hash: HashFile<D>;
  #onReading: (reading: Reading) => void = () => undefined;
  #toldAtMs = 0;

  constructor({ path, onTrouble, hash }: FileIndexSetting<D>) {
    this.#file = new SqliteFile({ path, schema, statements, contents: 'index of files', onTrouble });
    this.#hash = hash;
  }

  /**
   * The digest of a file's content.
   *
   * @throws {FlowError} `input_not_found`, `input_unreadable`
   */
  async digestOf(path: string): Promise<D> {
    for (let readings = 0; readings < mostReadings; readings += 1) {
      const state = regularFileState(path);
      const known = this.#entries.get(path) ?? this.#load(path);
      if (known?.state === state && isSettled(known)) return known.digest;
      const readAtMs = Date.now();
      const digest = await this.#read(path, Number.parseInt(state, 10));
      if (fileState(path) !== state) continue; // It changed while we read it.
      this.#remember(path, { state, digest, readAtMs });
      return digest;
    }
    throw restless(path);
  }

  /** Tells from time to time how far the reading of a large file is, and when it is done. */
  tellReading(onReading: (reading: Reading) => void): void {
    this.#onReading = onReading;
  }

  /** Notes a file that this process has just written and knows the digest of. */
  noteWritten(path: string, digest: D): void {
    this.#remember(path, { state: regularFileState(path), digest, readAtMs: 0 });
  }

  /** The state of a file when this build read it; undefined if it did not. */
  stateWhenRead(path: string): FileState | undefined {
    return this.#entries.get(path)?.state;
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
    this.#file.attemptTogether(({ insert }) => {
      for (const path of this.#changed) {
        const text = JSON.stringify(this.#entries.get(path)!);
        insert.run(path, text, checksumOf(path, text));
      }
    });
    this.#changed.clear();
  }

  close(): void {
    this.#file.close();
  }

  #load(path: string): Entry<D> | undefined {
    const row = this.#file.attempt(({ select }) => select.get(path)) as
      | { entry: string; checksum: string }
      | undefined;
    if (!row || checksumOf(path, row.entry) !== row.checksum) return undefined;
    const entry = JSON.parse(row.entry) as Entry<D>; // What `flush` wrote, says the checksum.
    this.#entries.set(path, entry);
    return entry;
  }

  #remember(path: string, entry: Entry<D>): void {
    this.#entries.set(path, entry);
    this.#changed.add(path);
  }

  #tellOf(path: string, doneBytes: number, totalBytes: number): void {
    const nowMs = performance.now();
    if (doneBytes < totalBytes && nowMs - this.#toldAtMs < betweenTellingMs) return;
    this.#toldAtMs = nowMs;
    this.#onReading({ path, doneBytes, totalBytes });
  }

  async #read(path: string, sizeBytes: number): Promise<D> {
    try {
      return await this.#hash(path, sizeBytes, (doneBytes) => this.#tellOf(path, doneBytes, sizeBytes));
    } catch (error) {
      throw unreadable(path, error as NodeJS.ErrnoException);
    }
  }
}

/** With the digests that flow names content by. */
export class FileIndex extends IndexOf<Digest> {
  /**
   * @param path the index's own file; a broken one is moved aside and begun anew
   * @param onTrouble told once of each thing that is wrong with the file
   */
  constructor(path: string, onTrouble: (message: string) => void) {
    super({ path, onTrouble, hash: hashFile });
  }
}

function checksumOf(path: string, text: string): string {
  return digestOf(`${path} ${text}`);
}

function isSettled({ state, readAtMs }: Entry<string>): boolean {
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

function restless(path: string): FlowError {
  return new FlowError({
    code: 'input_unreadable',
    blame: 'user',
    message: `Cannot read "${path}": it changes all the time.`,
    fix: 'Build when whatever writes it has finished.',
  });
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
