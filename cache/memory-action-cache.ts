import type { Digest } from '../engine/core/digest.ts';
import type { ActionCache, ActionResult } from '../engine/core/store.ts';

/** Action results in memory, for tests and for builds that should leave nothing behind. */
export class MemoryActionCache implements ActionCache {
  readonly #results = new Map<Digest, ActionResult>();

  get(key: Digest): ActionResult | undefined {
    return this.#results.get(key);
  }

  put(key: Digest, result: ActionResult): void {
    this.#results.set(key, result);
  }

  delete(key: Digest): void {
    this.#results.delete(key);
  }
}
