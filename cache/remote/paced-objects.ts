/** Sends so many requests at once, and so many in a second, as the server can bear. */
import { RemoteError } from './object-store.ts';
import { type Exchange, type ObjectRequest, ObservedObjects } from './observed-objects.ts';
import type { PagedObjects } from './paged-objects.ts';
import { RequestSlots } from './request-slots.ts';

export interface Pace {
  /** Requests under way at best; a `get` is under way until its body has been read or left. */
  readonly atOnce?: number;
  /** Requests in a second; as many may come in a burst after a silence. No limit where it is absent. */
  readonly perSecond?: number | undefined;
  /** Time that never goes back; milliseconds. */
  readonly now: () => number;
  readonly delay: (ms: number) => Promise<void>;
}

export class PacedObjects extends ObservedObjects {
  readonly #pace: Pace;
  readonly #slots: RequestSlots;
  /** When a server that takes `perSecond` requests at an even pace would be done with those so far; milliseconds. */
  #doneAtMs = 0;

  constructor(inner: PagedObjects, pace: Pace) {
    super(inner);
    this.#pace = pace;
    this.#slots = new RequestSlots(pace.atOnce ?? 16);
  }

  protected override async begin({ signal }: ObjectRequest): Promise<Exchange> {
    const free = await this.#slots.take(signal);
    await this.#allowance();
    return {
      ended: (error) => free({ wasThrottled: error instanceof RemoteError && error.fault === 'throttled' }),
    };
  }

  async #allowance(): Promise<void> {
    const { perSecond, now, delay } = this.#pace;
    if (perSecond === undefined) return;
    const nowMs = now();
    this.#doneAtMs = Math.max(this.#doneAtMs, nowMs) + 1000 / perSecond;
    const aheadMs = this.#doneAtMs - nowMs - 1000;
    if (aheadMs > 0) await delay(aheadMs);
  }
}
