import type { Digest } from '../engine/core/digest.ts';
import type { BlobStore } from '../engine/core/store.ts';

/** Blobs in memory, for tests and for builds that should leave nothing behind. */
export class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<Digest, Uint8Array>();

  async has(digest: Digest): Promise<boolean> {
    return this.#blobs.has(digest);
  }

  async get(digest: Digest): Promise<Uint8Array | undefined> {
    return this.#blobs.get(digest);
  }

  async put(digest: Digest, content: Uint8Array): Promise<void> {
    this.#blobs.set(digest, content);
  }

  async delete(digest: Digest): Promise<void> {
    this.#blobs.delete(digest);
  }
}
