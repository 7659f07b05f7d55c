/**
 * Bytes that running actions may still need, in memory: ephemeral ones live here only. Under pressure the oldest
 * are spilled to a store; what nobody needs any more is let go.
 */
import type { Digest } from '../core/digest.ts';
import type { ActionNode } from '../core/plan.ts';
import type { BlobStore } from '../core/store.ts';

interface Item {
  readonly digest: Digest;
  /** Undefined while the bytes lie in the store. */
  bytes: Uint8Array | undefined;
}

export class Shelf {
  readonly #items = new Map<ActionNode, Map<string, Item>>();
  readonly #spilled = new Set<Digest>();
  readonly #store: BlobStore;
  readonly #budgetBytes: number;
  readonly #onLetGo: (bytes: number) => void;
  #heldBytes = 0;

  /** @param onLetGo told of bytes that the shelf no longer refers to */
  constructor(store: BlobStore, budgetBytes: number, onLetGo: (bytes: number) => void) {
    this.#store = store;
    this.#budgetBytes = budgetBytes;
    this.#onLetGo = onLetGo;
  }

  /** True when new work should rather not add to what is held. */
  get isFull(): boolean {
    return this.#heldBytes >= this.#budgetBytes;
  }

  async put(node: ActionNode, output: string, digest: Digest, bytes: Uint8Array): Promise<void> {
    const items = this.#items.get(node) ?? new Map<string, Item>();
    this.#items.set(node, items);
    this.#heldBytes += bytes.length - (items.get(output)?.bytes?.length ?? 0);
    items.set(output, { digest, bytes });
    await this.#relieve(node);
  }

  async get(node: ActionNode, output: string): Promise<Uint8Array | undefined> {
    const item = this.#items.get(node)?.get(output);
    return item && (item.bytes ?? (await this.#store.get(item.digest).catch(() => undefined))); // A store that fails is a miss.
  }

  /** Lets go of all that a node gave. */
  release(node: ActionNode): void {
    const items = [...(this.#items.get(node)?.values() ?? [])];
    if (!this.#items.delete(node)) return;
    const bytes = items.reduce((sum, item) => sum + (item.bytes?.length ?? 0), 0);
    for (const item of items) item.bytes = undefined; // A spill that is under way must not count them again.
    this.#heldBytes -= bytes;
    this.#onLetGo(bytes);
  }

  /** Spills the oldest, except what has just come: somebody is waiting for that. */
  async #relieve(newest: ActionNode): Promise<void> {
    for (const [node, items] of this.#items) {
      if (this.#heldBytes <= 2 * this.#budgetBytes || node === newest) return;
      for (const item of items.values()) await this.#spill(item);
    }
  }

  async #spill(item: Item): Promise<void> {
    const { bytes } = item;
    if (!bytes) return;
    if (!(await this.#store.has(item.digest).catch(() => false))) {
      const isStored = await this.#store.put(item.digest, bytes).then(
        () => true,
        () => false,
      );
      if (!isStored) return; // No room there either: it stays in memory.
      this.#spilled.add(item.digest);
    }
    if (!item.bytes) return;
    item.bytes = undefined;
    this.#heldBytes -= bytes.length;
    this.#onLetGo(bytes.length);
  }

  /** Removes from the store what only lay there because memory was short. */
  async close(): Promise<void> {
    for (const digest of this.#spilled) await this.#store.delete(digest).catch(() => undefined);
    this.#items.clear();
  }
}
