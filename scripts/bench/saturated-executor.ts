/** An executor that always has more to do than it can, as many actions keep it. */
import type { AssignedModel } from '../../engine/core/assigned-model.ts';
import { tensor } from '../../engine/core/tensor.ts';
import { Executor } from '../../engine/io/inference/executor.ts';
import { boundModels } from '../../engine/io/inference/line.ts';

export interface Saturation {
  readonly assigned: AssignedModel;
  readonly graphPath: string;
  readonly cores: number;
  /** Items that each of them asks for. */
  readonly items: number;
}

export class SaturatedExecutor implements AsyncDisposable {
  readonly #setting: Saturation;
  readonly #executor: Executor;
  readonly #name: string;
  readonly #shape: readonly number[];
  readonly #data: Float32Array;

  constructor(setting: Saturation) {
    const { assigned, graphPath, cores, items } = setting;
    const input = assigned.model.entry.inputs[0]!;
    this.#setting = setting;
    this.#name = input.name;
    this.#shape = [items, ...input.shape.slice(1).map(Number)];
    this.#data = new Float32Array(new SharedArrayBuffer(4 * this.#shape.reduce((a, b) => a * b, 1)));
    for (let at = 0; at < this.#data.length; at += 1) this.#data[at] = Math.sin(at * 0.37);
    this.#executor = new Executor({
      open: async () => graphPath,
      cores,
      memoryBytes: 2 ** 31,
      warn: () => undefined,
      server: () => {
        throw new Error('no server is asked');
      },
    });
  }

  /** Items in a second, for twice as many actions as there are cores, without the start and the end, when not all lanes have something to do. */
  async rate(seconds: number): Promise<number> {
    const { items, cores } = this.#setting;
    const askers = 2 * cores;
    const untilMs = performance.now() + seconds * 1000;
    const ends: number[] = [];
    await Promise.all(Array.from({ length: askers }, (_, run) => this.#ask(`run ${run}`, untilMs, ends)));
    const [first, last] = [cores - 1, ends.length - cores - 1];
    return ((last - first) * items * 1000) / (ends[last]! - ends[first]!);
  }

  async #ask(run: string, untilMs: number, ends: number[]): Promise<void> {
    const { assigned } = this.#setting;
    using line = this.#executor.connect({ models: [assigned], run });
    const model = boundModels({ port: line.port, entries: { slot: assigned.model.entry } })['slot']!;
    while (performance.now() < untilMs) {
      await model.infer({ [this.#name]: tensor('float32', this.#data, this.#shape) });
      ends.push(performance.now());
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#executor[Symbol.asyncDispose]();
  }
}
