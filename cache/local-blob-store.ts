/** Blobs as read-only files in a folder: `cas/ab/abcdef…`, written beside their place and renamed. */
import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import { type Digest, digestOf, hexOf } from '../engine/core/digest.ts';
import type { FileBlobStore } from '../engine/core/store.ts';
import { type Disk, temporaryBeside } from '../engine/io/disk.ts';

/** What the names of files begin with that a download has not filled yet. */
export const partBeginning = '.part-';

export class LocalBlobStore implements FileBlobStore {
  readonly #disk: Disk;
  readonly #folder: string;
  readonly #onPut: (digest: Digest, sizeBytes: number) => void;

  /** @param onPut told of all that is put, also of what is there already: from then on it is wanted */
  constructor(
    disk: Disk,
    folder: string,
    onPut: (digest: Digest, sizeBytes: number) => void = () => undefined,
  ) {
    this.#disk = disk;
    this.#folder = join(folder, 'cas');
    this.#onPut = onPut;
  }

  pathOf(digest: Digest): string {
    const hex = hexOf(digest);
    return join(this.#folder, hex.slice(0, 2), hex);
  }

  async has(digest: Digest): Promise<boolean> {
    return (await this.#disk.sizeOf(this.pathOf(digest))) !== undefined;
  }

  async get(digest: Digest): Promise<Uint8Array | undefined> {
    return this.#disk.read(this.pathOf(digest));
  }

  async put(digest: Digest, content: Uint8Array): Promise<void> {
    this.#onPut(digest, content.length);
    const path = this.pathOf(digest);
    if (await this.#holds(path, digest, content.length)) return;
    const temporary = temporaryBeside(path);
    try {
      await this.#disk.create(temporary, content, { isDurable: true, mode: 0o444 });
    } catch (error) {
      await this.#disk.remove(temporary).catch(() => undefined); // The first error is the one to tell.
      throw error;
    }
    await this.#place(digest, temporary);
  }

  /** Looks into the file: one that was damaged in its place has to be written again. */
  async #holds(path: string, digest: Digest, sizeBytes: number): Promise<boolean> {
    if ((await this.#disk.sizeOf(path)) !== sizeBytes) return false;
    const found = await this.#disk.read(path).catch(() => undefined);
    return found !== undefined && digestOf(found) === digest;
  }

  temporaryFor(digest: Digest): string {
    return temporaryBeside(this.pathOf(digest));
  }

  partFor(digest: Digest): string {
    return join(dirname(this.pathOf(digest)), `${partBeginning}${randomUUID()}`);
  }

  async adopt(digest: Digest, path: string): Promise<void> {
    this.#onPut(digest, (await this.#disk.sizeOf(path)) ?? 0);
    await this.#place(digest, path);
  }

  async #place(digest: Digest, path: string): Promise<void> {
    try {
      await this.#disk.rename(path, this.pathOf(digest));
    } catch (error) {
      await this.#disk.remove(path).catch(() => undefined); // The first error is the one to tell.
      throw error;
    }
  }

  async delete(digest: Digest): Promise<void> {
    await this.#disk.remove(this.pathOf(digest));
  }
}
