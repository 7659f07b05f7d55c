/** What is known of transfers of large blobs that have not come to their end, in an SQLite file: a later process goes on with them. */
import { isAlive, processIdentity } from '../../engine/io/process-identity.ts';
import { SqliteFile } from '../../engine/io/sqlite-file.ts';
import type { Encoding } from './blob-encoding.ts';

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS uploads (
    remote TEXT, object TEXT, id TEXT, part_bytes INTEGER, encoding TEXT, PRIMARY KEY (remote, object)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS downloads (
    path TEXT PRIMARY KEY, remote TEXT, object TEXT, owner TEXT, etag TEXT, size_bytes INTEGER, encoding TEXT, at INTEGER
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS pieces (path TEXT, number INTEGER, PRIMARY KEY (path, number)) WITHOUT ROWID;
`;

const statements = {
  upload: 'SELECT id, part_bytes AS partBytes, encoding FROM uploads WHERE remote = ? AND object = ?',
  noteUpload: 'INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?, ?)',
  forgetUpload: 'DELETE FROM uploads WHERE remote = ? AND object = ? AND id = ?',
  downloads:
    'SELECT path, owner, etag, size_bytes AS sizeBytes, encoding FROM downloads WHERE remote = ? AND object = ?',
  noteDownload: 'INSERT INTO downloads VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  takeDownload: 'UPDATE downloads SET owner = ? WHERE path = ? AND owner = ?',
  leaveDownload: "UPDATE downloads SET owner = '' WHERE path = ?",
  forgetDownload: 'DELETE FROM downloads WHERE path = ?',
  oldDownloads: 'SELECT path, owner FROM downloads WHERE at < ?',
  pieces: 'SELECT number FROM pieces WHERE path = ?',
  notePiece: 'INSERT OR IGNORE INTO pieces VALUES (?, ?)',
  forgetPieces: 'DELETE FROM pieces WHERE path = ?',
} as const;

export interface BegunUpload {
  readonly id: string;
  readonly partBytes: number;
  readonly encoding: Encoding;
}

export interface BegunDownload {
  /** Of the file that holds the object's bytes as far as they have come. */
  readonly path: string;
  readonly etag: string;
  /** Of the object. */
  readonly sizeBytes: number;
  readonly encoding: Encoding;
}

export class Transfers {
  readonly #file: SqliteFile<keyof typeof statements>;
  readonly #remote: string;
  readonly #owner = processIdentity();

  /**
   * @param path the file; a broken one is moved aside and begun anew
   * @param remote names the bucket and the prefix: several may share a file
   */
  constructor(path: string, remote: string, onTrouble: (message: string) => void) {
    this.#remote = remote;
    this.#file = new SqliteFile({ path, schema, statements, contents: 'list of transfers', onTrouble });
  }

  upload(object: string): BegunUpload | undefined {
    // The columns of the statement.
    return this.#file.attempt((prepared) => prepared.upload.get(this.#remote, object)) as
      | BegunUpload
      | undefined;
  }

  noteUpload(object: string, { id, partBytes, encoding }: BegunUpload): void {
    this.#file.attempt(({ noteUpload }) => noteUpload.run(this.#remote, object, id, partBytes, encoding));
  }

  forgetUpload(object: string, { id }: BegunUpload): void {
    this.#file.attempt(({ forgetUpload }) => forgetUpload.run(this.#remote, object, id));
  }

  /** A download that nobody is at any more, if there is one: from now on it is this process's. */
  takeDownload(object: string): BegunDownload | undefined {
    const rows = this.#file.attempt(({ downloads }) => downloads.all(this.#remote, object)) ?? [];
    return (rows as unknown as DownloadRow[]).find((row) => this.#take(row)); // The columns of the statement.
  }

  #take({ path, owner }: Owned): boolean {
    if (isAlive(owner)) return false;
    const taken = this.#file.attempt(({ takeDownload }) => takeDownload.run(this.#owner, path, owner));
    return taken?.changes === 1; // Otherwise another process was faster.
  }

  noteDownload(object: string, { path, etag, sizeBytes, encoding }: BegunDownload): void {
    this.#file.attempt(({ noteDownload }) =>
      noteDownload.run(path, this.#remote, object, this.#owner, etag, sizeBytes, encoding, Date.now()),
    );
  }

  /** The numbers of the pieces that are in the file. */
  pieces(path: string): Set<number> {
    const rows = this.#file.attempt((prepared) => prepared.pieces.all(path)) ?? [];
    return new Set((rows as unknown as { number: number }[]).map(({ number }) => number)); // As above.
  }

  notePiece(path: string, number: number): void {
    this.#file.attempt((prepared) => prepared.notePiece.run(path, number));
  }

  /** Whoever wants the same object next goes on with it. */
  leaveDownload(path: string): void {
    this.#file.attempt(({ leaveDownload }) => leaveDownload.run(path));
  }

  forgetDownload(path: string): void {
    this.#file.attemptTogether(({ forgetDownload, forgetPieces }) => {
      forgetDownload.run(path);
      forgetPieces.run(path);
    });
  }

  /** Takes the downloads that began before a time and that nobody is at. @returns their files */
  takeOldDownloads(beforeMs: number): string[] {
    const rows = this.#file.attempt(({ oldDownloads }) => oldDownloads.all(beforeMs)) ?? [];
    const taken = (rows as unknown as Owned[]).filter((row) => this.#take(row)); // As above.
    return taken.map(({ path }) => path);
  }

  close(): void {
    this.#file.close();
  }
}

interface Owned {
  readonly path: string;
  /** Identity of a process; empty where it has left the download. */
  readonly owner: string;
}

type DownloadRow = BegunDownload & Owned;
