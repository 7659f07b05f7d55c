/** Trusts no store: what does not have its digest is deleted there, reported, and treated as absent. */
import { type Digest, digestOf } from '../engine/core/digest.ts';
import type { BlobStore } from '../engine/core/store.ts';

export class VerifyingBlobStore implements BlobStore {
  readonly #inner: BlobStore;
  readonly #onCorrupt: (digest: Digest) => void;

  constructor(inner: BlobStore, onCorrupt: (digest: Digest) => void) {
    this.#inner = inner;
    this.#onCorrupt = onCorrupt;
  }

  has(digest: Digest): Promise<boolean> {
    return this.#inner.has(digest);
  }

  async get(digest: Digest): Promise<Uint8Array | undefined> {
    const content = await this.#inner.get(digest);
    if (!content || digestOf(content) === digest) return content;
    this.#onCorrupt(digest);
    await this.#inner.delete(digest);
    return undefined;
  }

  put(digest: Digest, content: Uint8Array): Promise<void> {
    return this.#inner.put(digest, content);
  }

  delete(digest: Digest): Promise<void> {
    return this.#inner.delete(digest);
  }
}
