/** Asks a circuit breaker before every request, and tells it how the request went. */
import type { CircuitBreaker, Permit } from './circuit-breaker.ts';
import { RemoteError } from './object-store.ts';
import { type Exchange, type ObjectRequest, ObservedObjects } from './observed-objects.ts';
import type { PagedObjects } from './paged-objects.ts';
import { isForbiddenChange } from './write-barrier.ts';

export class BreakingObjects extends ObservedObjects {
  readonly #breaker: CircuitBreaker;

  constructor(inner: PagedObjects, breaker: CircuitBreaker) {
    super(inner);
    this.#breaker = breaker;
  }

  protected override begin(request: ObjectRequest): Exchange {
    const breaker = this.#breaker;
    let permit = admitted(breaker);
    return {
      // A probe is answered by a body's beginning, since nobody knows when it is read. For all others the end counts:
      // a server whose bodies all break off must not look well because they begin.
      answered: () => {
        if (permit === 'probe') breaker.answered(permit);
        permit = 'request';
      },
      ended: (error) => {
        // Who may not write may read: that is no reason to leave the server alone.
        if (error === undefined || isForbiddenChange(request, error)) breaker.answered(permit);
        else if (error instanceof RemoteError) breaker.failed(permit, error);
        else breaker.abandoned(permit);
      },
    };
  }
}

/** @throws {RemoteError} `off` */
function admitted(breaker: CircuitBreaker): Permit {
  const permit = breaker.admit();
  if (permit !== undefined) return permit;
  const { reason } = breaker;
  throw new RemoteError(
    'off',
    `The remote is left alone for a while. ${reason?.message ?? ''}`.trim(),
    reason,
  );
}
