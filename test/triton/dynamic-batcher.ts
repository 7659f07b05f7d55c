/**
 * Runs the requests for one version of a model, one execution at a time. Those that wait together and have the same
 * shapes are one batch, where the model takes batches.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ModelCode } from './model-code.ts';
import type { ModelStatistics } from './model-statistics.ts';
import { Refusal } from './refusal.ts';
import type { WireTensor } from './wire-tensor.ts';

export interface Batching {
  /** 0: the model takes no batches. */
  readonly maxBatchSize: number;
  /** How long the first of a batch waits for others; undefined: each request runs alone. */
  readonly maxDelayUs: number | undefined;
  readonly maxQueueSize: number;
}

interface Waiting {
  readonly inputs: readonly WireTensor[];
  readonly items: number;
  /** Waits no longer than that; 0: as long as it takes. */
  readonly timeoutUs: number;
  /** Fires when nobody wants the answer any more. */
  readonly signal: AbortSignal;
  readonly sinceNs: bigint;
  readonly answered: PromiseWithResolvers<WireTensor[]>;
}

export class DynamicBatcher {
  readonly #code: ModelCode;
  readonly #batching: Batching;
  readonly #statistics: ModelStatistics;
  #queue: Waiting[] = [];
  #isRunning = false;

  constructor(code: ModelCode, batching: Batching, statistics: ModelStatistics) {
    this.#code = code;
    this.#batching = batching;
    this.#statistics = statistics;
  }

  get pending(): number {
    return this.#queue.length;
  }

  async run(
    inputs: readonly WireTensor[],
    { timeoutUs, signal }: Pick<Waiting, 'timeoutUs' | 'signal'>,
  ): Promise<WireTensor[]> {
    if (this.#queue.length >= this.#batching.maxQueueSize)
      throw new Refusal(503, 'Exceeds maximum queue size');
    const items = this.#batching.maxBatchSize > 0 ? inputs[0]!.shape[0]! : 1;
    const answered = Promise.withResolvers<WireTensor[]>();
    this.#queue.push({ inputs, items, timeoutUs, signal, sinceNs: now(), answered });
    if (!this.#isRunning) void this.#drain();
    return answered.promise;
  }

  async #drain(): Promise<void> {
    this.#isRunning = true;
    while (this.#queue.length > 0) {
      if (this.#isWorthWaiting()) await delay(this.#batching.maxDelayUs! / 1000);
      const batch = this.#takeBatch();
      if (batch.length > 0) await this.#execute(batch);
    }
    this.#isRunning = false;
  }

  #isWorthWaiting(): boolean {
    const { maxDelayUs = 0, maxBatchSize } = this.#batching;
    return maxDelayUs > 0 && sum(this.#queue.map(({ items }) => items)) < maxBatchSize;
  }

  #takeBatch(): Waiting[] {
    const isInTime = this.#queue.filter((one) => isStillWanted(one));
    const { maxBatchSize, maxDelayUs } = this.#batching;
    const [first] = isInTime;
    const batch: Waiting[] = [];
    for (const one of isInTime) {
      const fits = sum(batch.map(({ items }) => items)) + one.items <= maxBatchSize;
      if (one === first || (maxDelayUs !== undefined && fits && haveSameShapes(first!, one))) batch.push(one);
    }
    this.#queue = isInTime.filter((one) => !batch.includes(one));
    return batch;
  }

  async #execute(batch: readonly Waiting[]): Promise<void> {
    const startNs = now();
    for (const { sinceNs } of batch) this.#statistics.queue.add(startNs - sinceNs);
    try {
      const shares = await this.#shares(batch);
      const ns = now() - startNs;
      this.#statistics.executed({ items: sum(batch.map(({ items }) => items)), ns });
      for (const [index, { answered, sinceNs }] of batch.entries()) {
        this.#statistics.computeInput.add(0n);
        this.#statistics.computeInfer.add(ns);
        this.#statistics.computeOutput.add(0n);
        this.#statistics.success.add(now() - sinceNs);
        answered.resolve(shares[index]!);
      }
    } catch (error) {
      const { message } = error as Error; // Models throw errors.
      for (const { answered, sinceNs } of batch) {
        this.#statistics.fail.add(now() - sinceNs);
        answered.reject(new Refusal(500, `onnx runtime error: ${message}`));
      }
    }
  }

  /** What each request gets of the outputs of all. */
  async #shares(batch: readonly Waiting[]): Promise<WireTensor[][]> {
    if (batch.length === 1) return [await this.#code.run(batch[0]!.inputs)];
    const outputs = await this.#code.run(batch[0]!.inputs.map((_, input) => joined(batch, input)));
    let from = 0;
    return batch.map(({ items }) => {
      const share = outputs.map((output) => part(output, { from, items }));
      from += items;
      return share;
    });
  }
}

function isStillWanted({ timeoutUs, sinceNs, signal, answered }: Waiting): boolean {
  if (signal.aborted) answered.reject(new Refusal(400, 'request was cancelled'));
  else if (timeoutUs > 0 && now() - sinceNs > BigInt(timeoutUs) * 1000n)
    answered.reject(new Refusal(503, 'Request timeout expired'));
  else return true;
  return false;
}

function haveSameShapes(one: Waiting, other: Waiting): boolean {
  return one.inputs.every(
    ({ name, shape }, index) =>
      other.inputs[index]!.name === name &&
      String(other.inputs[index]!.shape.slice(1)) === String(shape.slice(1)),
  );
}

function joined(batch: readonly Waiting[], input: number): WireTensor {
  const tensors = batch.map(({ inputs }) => inputs[input]!);
  const items = sum(batch.map((one) => one.items));
  return {
    ...tensors[0]!,
    shape: [items, ...tensors[0]!.shape.slice(1)],
    bytes: Buffer.concat(tensors.map(({ bytes }) => bytes)),
  };
}

/** Not of BYTES, whose elements differ in length. */
function part(tensor: WireTensor, { from, items }: { from: number; items: number }): WireTensor {
  const [all, ...rest] = tensor.shape as [number, ...number[]];
  const perItem = tensor.bytes.length / all;
  return {
    ...tensor,
    shape: [items, ...rest],
    bytes: tensor.bytes.subarray(from * perItem, (from + items) * perItem),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function now(): bigint {
  return process.hrtime.bigint();
}
