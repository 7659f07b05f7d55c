/** What a version of a model has done, as `/stats` and the metrics tell it. */
export class ModelStatistics {
  lastInferenceMs = 0;
  /** Items. */
  inferenceCount = 0;
  /** Runs of the model, each of a batch. */
  executionCount = 0;
  readonly success = new Duration();
  readonly fail = new Duration();
  readonly queue = new Duration();
  readonly computeInput = new Duration();
  readonly computeInfer = new Duration();
  readonly computeOutput = new Duration();
  readonly #batches = new Map<number, Duration>();

  executed({ items, ns }: { readonly items: number; readonly ns: bigint }): void {
    this.lastInferenceMs = Date.now();
    this.inferenceCount += items;
    this.executionCount += 1;
    const batch = this.#batches.get(items) ?? new Duration();
    batch.add(ns);
    this.#batches.set(items, batch);
  }

  toJson(): object {
    return {
      last_inference: this.lastInferenceMs,
      inference_count: this.inferenceCount,
      execution_count: this.executionCount,
      inference_stats: {
        success: this.success.toJson(),
        fail: this.fail.toJson(),
        queue: this.queue.toJson(),
        compute_input: this.computeInput.toJson(),
        compute_infer: this.computeInfer.toJson(),
        compute_output: this.computeOutput.toJson(),
        cache_hit: new Duration().toJson(),
        cache_miss: new Duration().toJson(),
      },
      batch_stats: [...this.#batches].map(([batch_size, infer]) => ({
        batch_size,
        compute_input: new Duration(infer.count).toJson(),
        compute_infer: infer.toJson(),
        compute_output: new Duration(infer.count).toJson(),
      })),
    };
  }
}

export class Duration {
  count: number;
  ns = 0n;

  constructor(count = 0) {
    this.count = count;
  }

  add(ns: bigint): void {
    this.count += 1;
    this.ns += ns;
  }

  get us(): number {
    return Number(this.ns / 1000n);
  }

  toJson(): { count: number; ns: number } {
    return { count: this.count, ns: Number(this.ns) };
  }
}
