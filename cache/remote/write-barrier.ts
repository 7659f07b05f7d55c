/** Sends nothing more once the server has said that these keys may not write: they may read all the same. */
import { RemoteError } from './object-store.ts';
import { type Exchange, type ObjectRequest, ObservedObjects, type RequestName } from './observed-objects.ts';
import type { PagedObjects } from './paged-objects.ts';
import { AnsweredError } from './s3-fault.ts';

/** What one permission is for: who lacks it may do none of these. */
const sending: ReadonlySet<RequestName> = new Set(['put', 'beginUpload', 'putPart', 'finishUpload']);
const reading: ReadonlySet<RequestName> = new Set(['get', 'head', 'listPage']);

/** The keys are good, and their owner may not do this. Keys that are wrong or have expired are another matter. */
export function isForbiddenChange({ name }: ObjectRequest, error: unknown): boolean {
  return !reading.has(name) && error instanceof AnsweredError && error.code === 'AccessDenied';
}

export class WriteBarrier extends ObservedObjects {
  readonly #onForbidden: (error: RemoteError) => void;
  #forbidden: RemoteError | undefined;

  /** @param onForbidden told once */
  constructor(inner: PagedObjects, onForbidden: (error: RemoteError) => void) {
    super(inner);
    this.#onForbidden = onForbidden;
  }

  /** @throws {RemoteError} `off` */
  protected override begin(request: ObjectRequest): Exchange {
    if (!sending.has(request.name)) return { ended: () => {} };
    if (this.#forbidden)
      throw new RemoteError('off', 'These keys may not write to the remote.', this.#forbidden);
    return { ended: (error) => this.#note(request, error) };
  }

  #note(request: ObjectRequest, error: unknown): void {
    if (this.#forbidden || !(error instanceof RemoteError) || !isForbiddenChange(request, error)) return;
    this.#forbidden = error;
    this.#onForbidden(error);
  }
}
