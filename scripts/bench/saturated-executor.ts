/** An executor that always has more to do than it can: as many threads as cores ask it, two actions in each. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { AssignedModel } from '../../engine/core/assigned-model.ts';
import { Executor } from '../../engine/io/inference/executor.ts';
import type { AskFor, Asking } from './asking-thread.ts';

export interface Saturation {
  readonly assigned: AssignedModel;
  readonly graphPath: string;
  readonly cores: number;
  /** Items that an action asks for at once. */
  readonly items: number;
}

const actionsEach = 2;

export class SaturatedExecutor implements AsyncDisposable {
  readonly #setting: Saturation;
  readonly #executor: Executor;
  readonly #threads: readonly Worker[];

  constructor(setting: Saturation) {
    const { assigned, graphPath, cores, items } = setting;
    const { entry } = assigned.model;
    const shape = [items, ...entry.inputs[0]!.shape.slice(1).map(Number)];
    const data = new Float32Array(new SharedArrayBuffer(4 * shape.reduce((a, b) => a * b, 1)));
    for (let at = 0; at < data.length; at += 1) data[at] = Math.sin(at * 0.37);
    this.#setting = setting;
    const workerData: Asking = { entry, data, shape };
    const module = new URL('./asking-thread.ts', import.meta.url);
    this.#threads = Array.from({ length: cores }, () => new Worker(module, { workerData }));
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

  /** Items in a second, without the start and the end, when not all lanes have something to do. */
  async rate(seconds: number): Promise<number> {
    const { items, cores } = this.#setting;
    const asked = this.#threads.map((thread, index) => this.#ask(thread, { run: `run ${index}`, seconds }));
    const ends = (await Promise.all(asked)).flat().sort((a, b) => a - b);
    const [first, last] = [cores - 1, ends.length - cores - 1];
    return ((last - first) * items * 1000) / (ends[last]! - ends[first]!);
  }

  async #ask(thread: Worker, { run, seconds }: { run: string; seconds: number }): Promise<number[]> {
    const { assigned } = this.#setting;
    using lines = new DisposableStack();
    const ports = Array.from(
      { length: actionsEach },
      () => lines.use(this.#executor.connect({ models: [assigned], run })).port,
    );
    const asking: AskFor = { ports, seconds };
    thread.postMessage(asking, ports);
    const [ends] = (await once(thread, 'message')) as [number[]]; // What the thread answers.
    return ends;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
    await this.#executor[Symbol.asyncDispose]();
  }
}
