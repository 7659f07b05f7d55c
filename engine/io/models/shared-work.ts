/** Work that several want at once and one does: it goes on as long as one of them still waits. */
interface Shared<T> {
  readonly promise: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

export class SharedWork<T> {
  readonly #running = new Map<string, Shared<T>>();

  /**
   * @param work begun if nobody does it yet; its signal fires when nobody waits any more
   * @param signal of this caller alone
   */
  async join(
    key: string,
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    signal?.throwIfAborted();
    const shared = this.#running.get(key) ?? this.#begin(key, work);
    shared.waiting += 1;
    const left = Promise.withResolvers<never>();
    const onAbort = (): void => left.reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([shared.promise, left.promise]);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      shared.waiting -= 1;
      if (shared.waiting === 0) {
        if (this.#running.get(key) === shared) this.#running.delete(key); // Whoever comes now begins anew.
        shared.controller.abort(signal?.reason);
      }
    }
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<T>): Shared<T> {
    const controller = new AbortController();
    const shared: Shared<T> = { promise: work(controller.signal), controller, waiting: 0 };
    shared.promise.catch(() => undefined); // Those who wait are told; where all have left, nobody wants to know.
    this.#running.set(key, shared);
    return shared;
  }
}
