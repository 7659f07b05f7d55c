/** Blobs as read-only files in a folder: `cas/ab/abcdef…`, written beside their place and renamed. */
import { join } from 'node:path';
import { type Digest, digestOf, hexOf } from '../engine/core/digest.ts';
import type { FileBlobStore } from '../engine/core/store.ts';
import { type Disk, temporaryBeside } from '../engine/io/disk.ts';

export class LocalBlobStore implements FileBlobStore {
  readonly #disk: Disk;
  readonly #folder: string;

  constructor(disk: Disk, folder: string) {
    this.#disk = disk;
    this.#folder = join(folder, 'cas');
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
    const path = this.pathOf(digest);
    if (await this.#holds(path, digest, content.length)) return;
    const temporary = temporaryBeside(path);
    try {
      await this.#disk.create(temporary, content, { isDurable: true, mode: 0o444 });
      await this.#disk.rename(temporary, path);
    } catch (error) {
      await this.#disk.remove(temporary).catch(() => undefined); // The first error is the one to tell.
      throw error;
    }
  }

  /** Looks into the file: one that was damaged in its place has to be written again. */
  async #holds(path: string, digest: Digest, sizeBytes: number): Promise<boolean> {
    if ((await this.#disk.sizeOf(path)) !== sizeBytes) return false;
    const found = await this.#disk.read(path).catch(() => undefined);
    return found !== undefined && digestOf(found) === digest;
  }

  async delete(digest: Digest): Promise<void> {
    await this.#disk.remove(this.pathOf(digest));
  }
}
