/**
 * Bytes that running actions may still need, in memory: ephemeral ones live here only. They are held by their digest
 * for the actions that give them, several of which may give the same. Under pressure the oldest are spilled to a
 * store; what nobody holds any more is let go, or kept for the next build as far as there is room for it.
 */
import type { Digest } from '../core/digest.ts';
import type { ActionNode } from '../core/plan.ts';
import type { BlobStore } from '../core/store.ts';

export interface ShelfSetting {
  readonly store: BlobStore;
  /** How many bytes may be held before new work should rather not add to them. */
  readonly budgetBytes: number;
  /** How many bytes that nobody holds any more are kept all the same. */
  readonly keptBytes: number;
  /** Told of bytes that the shelf no longer refers to. */
  readonly onLetGo: (bytes: number) => void;
}

interface Item {
  readonly holders: Set<ActionNode>;
  /** Undefined while the bytes lie in the store. */
  bytes: Uint8Array | undefined;
}

export class Shelf {
  readonly #setting: ShelfSetting;
  /** The oldest first. */
  readonly #items = new Map<Digest, Item>();
  /** Of the items those that nobody holds, the longest so first. */
  readonly #kept = new Set<Digest>();
  readonly #held = new Map<ActionNode, Set<Digest>>();
  readonly #spilled = new Set<Digest>();
  /** Bytes in memory that somebody holds. */
  #heldBytes = 0;
  /** Bytes in memory that nobody holds. */
  #keptBytes = 0;

  constructor(setting: ShelfSetting) {
    this.#setting = setting;
  }

  /** True when new work should rather not add to what is held. */
  get isFull(): boolean {
    return this.#heldBytes >= this.#setting.budgetBytes;
  }

  /** Holds bytes for an action that has given them. */
  async put(node: ActionNode, digest: Digest, bytes: Uint8Array): Promise<void> {
    const item = this.#items.get(digest) ?? { holders: new Set(), bytes: undefined };
    this.#items.set(digest, item);
    this.#hold(node, digest, item);
    if (!item.bytes) {
      item.bytes = bytes;
      this.#heldBytes += bytes.length;
    }
    await this.#relieve(digest);
  }

  /** Holds bytes that are on the shelf for one more action that gives them; does nothing if they are not. */
  share(node: ActionNode, digest: Digest): void {
    const item = this.#items.get(digest);
    if (item) this.#hold(node, digest, item);
  }

  async get(digest: Digest): Promise<Uint8Array | undefined> {
    const item = this.#items.get(digest);
    return item && (item.bytes ?? (await this.#setting.store.get(digest).catch(() => undefined))); // A store that fails is a miss.
  }

  /** An action needs nothing held for it any more. */
  release(node: ActionNode): void {
    const digests = this.#held.get(node) ?? [];
    this.#held.delete(node);
    for (const digest of digests) {
      const item = this.#items.get(digest)!;
      item.holders.delete(node);
      if (item.holders.size === 0) this.#setAside(digest, item);
    }
  }

  /** The build is over: nothing is held for its actions any more. */
  releaseAll(): void {
    for (const node of [...this.#held.keys()]) this.release(node);
  }

  /** Removes from the store what only lay there because memory was short. */
  async close(): Promise<void> {
    for (const digest of this.#spilled) await this.#setting.store.delete(digest).catch(() => undefined);
    this.#items.clear();
    this.#kept.clear();
    this.#held.clear();
  }

  #hold(node: ActionNode, digest: Digest, item: Item): void {
    if (this.#kept.delete(digest) && item.bytes) {
      this.#keptBytes -= item.bytes.length;
      this.#heldBytes += item.bytes.length;
    }
    item.holders.add(node);
    const digests = this.#held.get(node) ?? new Set();
    this.#held.set(node, digests.add(digest));
  }

  /** What nobody holds any more is the newest of what is kept; the oldest go. */
  #setAside(digest: Digest, { bytes }: Item): void {
    this.#kept.add(digest);
    this.#heldBytes -= bytes?.length ?? 0;
    this.#keptBytes += bytes?.length ?? 0;
    for (const oldest of this.#kept) {
      const isInMemory = this.#items.get(oldest)?.bytes !== undefined;
      if (isInMemory && this.#keptBytes <= this.#setting.keptBytes) return;
      this.#drop(oldest);
    }
  }

  #drop(digest: Digest): void {
    const item = this.#items.get(digest)!;
    this.#kept.delete(digest);
    this.#items.delete(digest);
    if (!item.bytes) return;
    this.#keptBytes -= item.bytes.length;
    this.#setting.onLetGo(item.bytes.length);
    item.bytes = undefined; // A spill that is under way must not count them again.
  }

  /** Spills the oldest, except what has just come: somebody is waiting for that. */
  async #relieve(newest: Digest): Promise<void> {
    for (const [digest, item] of this.#items) {
      if (this.#heldBytes <= 2 * this.#setting.budgetBytes) return;
      if (digest !== newest && item.holders.size > 0) await this.#spill(digest, item);
    }
  }

  async #spill(digest: Digest, item: Item): Promise<void> {
    const { bytes } = item;
    if (!bytes) return;
    const { store, onLetGo } = this.#setting;
    if (!(await store.has(digest).catch(() => false))) {
      const isStored = await store.put(digest, bytes).then(
        () => true,
        () => false,
      );
      if (!isStored) return; // No room there either: it stays in memory.
      this.#spilled.add(digest);
    }
    if (!item.bytes || item.holders.size === 0) return; // Let go meanwhile.
    item.bytes = undefined;
    this.#heldBytes -= bytes.length;
    onLetGo(bytes.length);
  }
}
