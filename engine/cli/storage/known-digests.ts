/** What this machine knows of the bytes in a bucket: of objects that it has itself written or read, by their versions. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import type { StorageKey } from '../../core/storage.ts';
import { SqliteFile } from '../../io/sqlite-file.ts';

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS known (key TEXT PRIMARY KEY, version TEXT, digest TEXT) WITHOUT ROWID;
`;

const statements = {
  of: 'SELECT digest FROM known WHERE key = ? AND version = ?',
  note: 'INSERT OR REPLACE INTO known VALUES (?, ?, ?)',
  forget: 'DELETE FROM known WHERE key = ?',
} as const;

export class KnownDigests implements Disposable {
  readonly #file: SqliteFile<keyof typeof statements>;

  /** @param path the file; a broken one is moved aside and begun anew */
  constructor(path: string, onTrouble: (message: string) => void) {
    mkdirSync(dirname(path), { recursive: true });
    this.#file = new SqliteFile({
      path,
      schema,
      statements,
      contents: 'list of what the bucket holds',
      onTrouble,
    });
  }

  of(key: StorageKey, version: string): Digest | undefined {
    const row = this.#file.attempt((prepared) => prepared.of.get(key, version));
    return (row as { digest: Digest } | undefined)?.digest; // As `note` has written it.
  }

  /** @param known the digest of what was written or read, and the version that it had */
  note(key: StorageKey, { version, digest }: { readonly version: string; readonly digest: Digest }): void {
    this.#file.attempt(({ note }) => note.run(key, version, digest));
  }

  forget(key: StorageKey): void {
    this.#file.attempt((prepared) => prepared.forget.run(key));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
