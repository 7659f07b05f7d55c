/** A store that fails on purpose, for the tests of everything that uses one. */
import type { Digest } from '../engine/core/digest.ts';
import type { BlobStore } from '../engine/core/store.ts';

export interface Fault {
  /** Which call fails: counted over all calls of these methods from 1. */
  readonly isHit: (call: { readonly method: keyof BlobStore; readonly count: number }) => boolean;
  /**
   * `throw`: an I/O error; `full`: ENOSPC; `miss`: nothing there; `flip`, `cut`, `empty`: other bytes than were put.
   */
  readonly effect: 'throw' | 'full' | 'miss' | 'flip' | 'cut' | 'empty';
}

export class FaultyBlobStore implements BlobStore {
  readonly #inner: BlobStore;
  readonly #fault: Fault;
  #count = 0;

  constructor(inner: BlobStore, fault: Fault) {
    this.#inner = inner;
    this.#fault = fault;
  }

  async has(digest: Digest): Promise<boolean> {
    return this.#strikes('has') ? false : this.#inner.has(digest);
  }

  async get(digest: Digest): Promise<Uint8Array | undefined> {
    const isStruck = this.#strikes('get');
    const content = await this.#inner.get(digest);
    return isStruck && content ? damage(content, this.#fault.effect) : content;
  }

  async put(digest: Digest, content: Uint8Array): Promise<void> {
    const stored = this.#strikes('put') ? damage(content, this.#fault.effect) : content;
    if (stored) await this.#inner.put(digest, stored);
  }

  async delete(digest: Digest): Promise<void> {
    if (!this.#strikes('delete')) await this.#inner.delete(digest);
  }

  /** @throws where the effect is an error of the system */
  #strikes(method: keyof BlobStore): boolean {
    this.#count += 1;
    if (!this.#fault.isHit({ method, count: this.#count })) return false;
    const { effect } = this.#fault;
    if (effect === 'throw') throw Object.assign(new Error('injected I/O error'), { code: 'EIO' });
    if (effect === 'full')
      throw Object.assign(new Error('injected: no space left on device'), { code: 'ENOSPC' });
    return true;
  }
}

function damage(content: Uint8Array, effect: Fault['effect']): Uint8Array | undefined {
  const copy = content.slice();
  switch (effect) {
    case 'flip':
      if (copy.length > 0) copy[copy.length >> 1]! ^= 1;
      return copy;
    case 'cut':
      return copy.subarray(0, copy.length >> 1);
    case 'empty':
      return copy.subarray(0, 0);
    case 'miss':
    case 'throw':
    case 'full':
      return undefined;
    default:
      throw new TypeError(`unknown effect ${effect satisfies never}`);
  }
}
