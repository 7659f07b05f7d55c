/** Counts what is asked of a server, every attempt by itself: for summaries and benchmarks. */
import { RemoteError, type RemoteFault } from './object-store.ts';
import { type Exchange, type ObjectRequest, ObservedObjects, type RequestName } from './observed-objects.ts';

/** All from the beginning of the process on. */
export interface RequestCounts {
  /** Sum of `byName`. */
  readonly requests: number;
  readonly byName: Readonly<Partial<Record<RequestName, number>>>;
  /** Content without headers, as far as it was handed over or has arrived. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly failures: Readonly<Partial<Record<RemoteFault, number>>>;
}

export class CountingObjects extends ObservedObjects {
  readonly #byName = new Map<RequestName, number>();
  readonly #failures = new Map<RemoteFault, number>();
  #sentBytes = 0;
  #receivedBytes = 0;

  /** As of now. */
  get counts(): RequestCounts {
    return {
      requests: [...this.#byName.values()].reduce((sum, count) => sum + count, 0),
      byName: Object.fromEntries(this.#byName),
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      failures: Object.fromEntries(this.#failures),
    };
  }

  protected override begin({ name, sentBytes }: ObjectRequest): Exchange {
    increase(this.#byName, name);
    this.#sentBytes += sentBytes;
    return {
      received: (bytes) => {
        this.#receivedBytes += bytes;
      },
      ended: (error) => {
        if (error instanceof RemoteError) increase(this.#failures, error.fault);
      },
    };
  }
}

function increase<Name>(counts: Map<Name, number>, name: Name): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
