const sliceMs = 2;

/** Cuts long work into slices, so that the thread can see to others in between. */
export class Breather {
  #sinceMs = performance.now();

  /** To be awaited after each small step: lets others go first once this slice has taken its time. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#sinceMs < sliceMs) return;
    await new Promise((done) => setImmediate(done));
    this.#sinceMs = performance.now();
  }
}
