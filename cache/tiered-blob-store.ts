import type { Digest } from '../engine/core/digest.ts';
import type { BlobStore, SharedCache } from '../engine/core/store.ts';

/** Blobs near at hand, and those that can be brought here from a store that other machines share. */
export class TieredBlobStore implements BlobStore {
  readonly #near: BlobStore;
  readonly #far: Pick<SharedCache, 'bring'>;

  constructor(near: BlobStore, far: Pick<SharedCache, 'bring'>) {
    this.#near = near;
    this.#far = far;
  }

  has(digest: Digest): Promise<boolean> {
    return this.#near.has(digest);
  }

  async get(digest: Digest, sizeBytes?: number): Promise<Uint8Array | undefined> {
    const content = await this.#near.get(digest);
    if (content || sizeBytes === undefined) return content;
    return (await this.#far.bring(digest, sizeBytes)) ? this.#near.get(digest) : undefined;
  }

  put(digest: Digest, content: Uint8Array): Promise<void> {
    return this.#near.put(digest, content);
  }

  delete(digest: Digest): Promise<void> {
    return this.#near.delete(digest);
  }
}
