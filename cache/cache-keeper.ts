/**
 * Keeps a local cache within its limits while builds use it: holds what they use, counts what they write, and collects
 * in the background when a limit is reached. Nothing that goes wrong with it fails a build.
 */
import { digestOf } from '../engine/core/digest.ts';
import { CacheHold } from '../engine/io/cache-hold.ts';
import { type DiskSpace, diskSpace } from '../engine/io/disk-space.ts';
import { type CacheLimits, type CacheSettings, limitsOn } from './cache-limits.ts';
import { collectGarbage } from './collect-garbage.ts';
import type { LocalStores } from './local-stores.ts';

export interface KeeperSetting {
  readonly stores: LocalStores;
  readonly settings: CacheSettings;
  readonly onTrouble: (message: string) => void;
}

type OnProgress = (doneBytes: number, totalBytes: number) => void;

/** So much may be written between two looks at the limits; bytes. */
const checkEveryBytes = 64 * 2 ** 20;
/** After a collection that found nothing to take, nobody tries again so soon; milliseconds. */
const pauseMs = 30_000;

/** Held by the process that collects: a second one would look at the same entries for nothing. */
export const collectionLease = digestOf('collection of the local cache');

export class CacheKeeper implements AsyncDisposable {
  readonly #setting: KeeperSetting;
  #hold: CacheHold | undefined;
  #onProgress: OnProgress = () => undefined;
  /** Written by the build, and not added to the cache's total yet. */
  #writtenBytes = 0;
  #checking: Promise<void> | undefined;
  #notBeforeMs = -Infinity;

  constructor(setting: KeeperSetting) {
    this.#setting = setting;
  }

  /** A build begins: what it uses from now on is held. */
  begin(onProgress: OnProgress): void {
    this.#onProgress = onProgress;
    if (this.#hold) this.#hold.renew();
    else this.#hold = new CacheHold(this.#setting.stores.folder);
  }

  /** Something is about to be written. */
  noteWritten(sizeBytes: number): void {
    this.#writtenBytes += sizeBytes;
    if (this.#writtenBytes >= checkEveryBytes) this.#checking ??= this.#check();
  }

  /** The build is over: what it has pushed out of the limits is collected. */
  async end(): Promise<void> {
    await this.#checking;
    await this.#check();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#checking;
    this.#hold?.[Symbol.dispose]();
    this.#hold = undefined;
  }

  async #check(): Promise<void> {
    try {
      await this.#collectIfNeeded();
    } catch (error) {
      this.#setting.onTrouble(
        `Cannot collect the local cache: ${error instanceof Error ? error.message : String(error)}. The build goes on.`,
      );
      this.#notBeforeMs = Infinity; // It would fail again.
    } finally {
      this.#checking = undefined;
    }
  }

  async #collectIfNeeded(): Promise<void> {
    const { stores, settings } = this.#setting;
    const { folder, leases } = stores;
    const space = await diskSpace(folder);
    const limits = limitsOn(space?.totalBytes, settings);
    if (!this.#isNeeded(limits, space) || performance.now() < this.#notBeforeMs) return;
    if (!leases.acquire(collectionLease)) return;
    try {
      const { evictions } = await collectGarbage(stores, { limits, space, onProgress: this.#onProgress });
      if (evictions.length === 0) this.#notBeforeMs = performance.now() + pauseMs;
    } finally {
      leases.release(collectionLease);
    }
  }

  /** Without a word of what has been written this reads two numbers, and writes none. */
  #isNeeded({ floorBytes, minFreeBytes, ceilingBytes }: CacheLimits, space: DiskSpace | undefined): boolean {
    const { records } = this.#setting.stores;
    const writtenBytes = this.#writtenBytes;
    this.#writtenBytes = 0;
    const usedBytes = writtenBytes > 0 ? records.addUsedBytes(writtenBytes) : records.usedBytes();
    if (usedBytes === undefined) return true; // Nobody has counted yet.
    const isShort = space !== undefined && space.freeBytes < minFreeBytes;
    return usedBytes > ceilingBytes || (isShort && usedBytes > floorBytes);
  }
}
