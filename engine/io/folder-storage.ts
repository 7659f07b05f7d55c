/** A storage that is a folder of this machine. */
import { createReadStream, type Stats, statSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Digest } from '../core/digest.ts';
import { FlowError, fileReason, toFlowError } from '../core/errors.ts';
import {
  type ByteRange,
  checkedPieces,
  type NewContent,
  type Storage,
  type StorageKey,
  type StoredContent,
  type StoredEntry,
  type StoredFacts,
  storageKey,
} from '../core/storage.ts';
import { ownerOfTemporary, temporaryBeside } from './disk.ts';
import { hashFile } from './hash-file.ts';
import { listFiles } from './list-files.ts';

export class FolderStorage implements Storage {
  readonly place: string;

  constructor(folder: string) {
    this.place = folder;
  }

  async read(key: StorageKey, range?: ByteRange): Promise<StoredContent | undefined> {
    const facts = await this.exists(key);
    if (!facts) return undefined;
    const isNothing = range !== undefined && range.from >= Math.min(range.to, facts.sizeBytes);
    const bounds = range && { start: range.from, end: range.to - 1 };
    return { ...facts, body: isNothing ? nothing() : createReadStream(this.#pathOf(key), bounds ?? {}) };
  }

  async exists(key: StorageKey): Promise<StoredFacts | undefined> {
    const stats = this.#guard(key, () => statOf(this.#pathOf(key)));
    return stats && { sizeBytes: stats.size, version: versionOf(stats) };
  }

  async digestOf(key: StorageKey): Promise<Digest | undefined> {
    const facts = await this.exists(key);
    return facts && hashFile(this.#pathOf(key), facts.sizeBytes);
  }

  async write(key: StorageKey, content: NewContent): Promise<string> {
    const path = this.#pathOf(key);
    const temporary = temporaryBeside(path);
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(temporary, checkedPieces(content), { flag: 'wx', mode: 0o644 });
      await rename(temporary, path);
      return versionOf(statSync(path));
    } catch (thrown) {
      await rm(temporary, { force: true }).catch(() => undefined); // The first error is the one to tell.
      throw this.#errorOf(key, thrown);
    }
  }

  async *list(folder?: StorageKey): AsyncGenerator<StoredEntry> {
    const found: StoredEntry[] = [];
    for await (const { path } of listFiles(folder === undefined ? this.place : this.#pathOf(folder))) {
      const stats = ownerOfTemporary(path) === undefined ? statOf(path) : undefined;
      const key = relative(this.place, path);
      if (stats) found.push({ key: storageKey(key), sizeBytes: stats.size, version: versionOf(stats) });
    }
    yield* found.sort((a, b) => (a.key < b.key ? -1 : 1)); // By code unit, as a bucket's keys are.
  }

  async remove(key: StorageKey): Promise<void> {
    await rm(this.#pathOf(key), { force: true }).catch((thrown) => {
      throw this.#errorOf(key, thrown);
    });
  }

  #pathOf(key: StorageKey): string {
    return join(this.place, key);
  }

  #guard<T>(key: StorageKey, action: () => T): T {
    try {
      return action();
    } catch (thrown) {
      throw this.#errorOf(key, thrown);
    }
  }

  /** A file system's own words tell no key. */
  #errorOf(key: StorageKey, thrown: unknown): FlowError {
    const error = toFlowError(thrown);
    if (error.code !== 'config_invalid' || error === thrown) return error;
    return new FlowError({
      code: 'config_invalid',
      blame: 'user',
      where: this.#pathOf(key),
      message: `Cannot use this place: ${fileReason(thrown as NodeJS.ErrnoException)}.`, // As `toFlowError` found.
      fix: `Make "${this.place}" a folder that can be written to, or name another one.`,
      cause: thrown,
    });
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function statOf(path: string): Stats | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats?.isFile() ? stats : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined; // A file stands where a folder would.
    throw error;
  }
}

/** Files are renamed into place: a new content has a new inode, or at least another time. */
function versionOf({ size, mtimeMs, ctimeMs, ino }: Stats): string {
  return `${size}-${mtimeMs}-${ctimeMs}-${ino}`;
}
