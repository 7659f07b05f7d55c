import type { Digest } from '../engine/core/digest.ts';
import type { ActionCache, ActionResult, Leases } from '../engine/core/store.ts';

/** Action results in memory; leases are free, since nobody else can see them. */
export class MemoryActionCache implements ActionCache, Leases {
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

  acquire(): boolean {
    return true;
  }

  release(): void {}
}
