/**
 * Places for requests under way, first come, first served. When the server says that it is too much, there are half as
 * many; with every round of requests that goes well there is one more again.
 */
export class RequestSlots {
  readonly #most: number;
  #limit: number;
  #taken = 0;
  /** How often the limit was cut: requests that were sent before the last cut do not cut again. */
  #cuts = 0;
  readonly #waiting = new Set<() => void>();

  /** @param most places at best, 1 or more */
  constructor(most: number) {
    this.#most = most;
    this.#limit = most;
  }

  /** How many requests may be under way now. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /**
   * Settles when it is this one's turn.
   *
   * @returns to be called when the request is over
   * @throws the signal's reason, if it fires before
   */
  async take(signal?: AbortSignal): Promise<(end: { readonly wasThrottled: boolean }) => void> {
    signal?.throwIfAborted();
    if (this.#taken >= this.limit || this.#waiting.size > 0) await this.#turn(signal);
    else this.#taken += 1;
    const cuts = this.#cuts;
    return ({ wasThrottled }) => {
      this.#taken -= 1;
      if (!wasThrottled) this.#limit = Math.min(this.#most, this.#limit + 1 / this.#limit);
      else if (cuts === this.#cuts) {
        this.#limit = Math.max(1, this.#limit / 2);
        this.#cuts += 1;
      }
      this.#admit();
    };
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void => {
      this.#waiting.delete(onTurn);
      reject(signal?.reason);
    };
    const onTurn = (): void => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#waiting.add(onTurn); // A set keeps the order in which they came.
    return promise;
  }

  #admit(): void {
    for (const onTurn of this.#waiting) {
      if (this.#taken >= this.limit) return;
      this.#waiting.delete(onTurn);
      this.#taken += 1;
      onTurn();
    }
  }
}
