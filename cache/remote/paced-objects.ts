/** Sends as many requests at once as the server can bear. */
import { RemoteError } from './object-store.ts';
import { type Exchange, type ObjectRequest, ObservedObjects } from './observed-objects.ts';
import type { PagedObjects } from './paged-objects.ts';
import { RequestSlots } from './request-slots.ts';

export interface Pace {
  /** Requests under way at best; a `get` is under way until its body has been read or left. */
  readonly atOnce: number;
}

export class PacedObjects extends ObservedObjects {
  readonly #slots: RequestSlots;

  constructor(inner: PagedObjects, { atOnce }: Pace) {
    super(inner);
    this.#slots = new RequestSlots(atOnce);
  }

  protected override async begin({ signal }: ObjectRequest): Promise<Exchange> {
    const free = await this.#slots.take(signal);
    return {
      ended: (error) => free({ wasThrottled: error instanceof RemoteError && error.fault === 'throttled' }),
    };
  }
}
