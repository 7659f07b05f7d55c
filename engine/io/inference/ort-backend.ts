/** ONNX Runtime in a thread of its own. A thread that ends takes its models with it, never the engine. */
import { once } from 'node:events';
import { extname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { DeviceName } from '../../core/assigned-model.ts';
import { fromRecord } from '../../core/errors.ts';
import { buffersOf, type Tensors } from '../../core/tensor.ts';
import type { Backend, LoadedModel, ModelSource } from './backend.ts';
import { laneLost } from './inference-errors.ts';
import type { LaneAnswer, LaneQuestion, LaneRequest } from './lane-messages.ts';

/** How long the engine waits, at its end, for threads that still run or load a model: as long as one may take. */
const longestWaitMs = 600_000;

type Unnumbered<R> = R extends { readonly id: number } ? Omit<R, 'id'> : never;

export class OrtBackend implements Backend {
  readonly #device: DeviceName;
  readonly #pending = new Map<number, PromiseWithResolvers<LaneAnswer>>();
  /** Threads that were told to end, and have not yet. */
  readonly #leaving = new Set<Worker>();
  #thread: Worker | undefined;
  #last = 0;

  constructor(device: DeviceName) {
    this.#device = device;
  }

  async load({ entry, graphPath }: ModelSource, signal: AbortSignal): Promise<LoadedModel> {
    const thread = this.#start();
    const model = ++this.#last;
    await this.#ask({ type: 'load', model, entry, graphPath: graphPath!, device: this.#device }, signal);
    const isThere = (): boolean => this.#thread === thread;
    return {
      run: (feeds, stop) => {
        if (!isThere()) throw laneLost(this.#device);
        return this.#run(model, feeds, stop);
      },
      unload: async () => {
        if (isThere()) await this.#ask({ type: 'unload', model }, new AbortController().signal);
      },
    };
  }

  async #run(model: number, feeds: Tensors, signal: AbortSignal): Promise<Tensors> {
    const { outputs } = await this.#ask({ type: 'run', model, feeds }, signal);
    return outputs!;
  }

  /** A run cannot be stopped in the middle: whoever cannot wait leaves the thread behind. */
  async #ask(request: Unnumbered<LaneQuestion>, signal: AbortSignal): Promise<LaneAnswer> {
    signal.throwIfAborted();
    const thread = this.#start();
    const id = ++this.#last;
    const pending = Promise.withResolvers<LaneAnswer>();
    this.#pending.set(id, pending);
    thread.ref();
    const onAbort = (): void => {
      pending.reject(signal.reason);
      this.#leave(thread, laneLost(this.#device));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      thread.postMessage({ ...request, id }, request.type === 'run' ? buffersOf(request.feeds) : []);
      const answer = await pending.promise;
      if (answer.error) throw fromRecord(answer.error);
      return answer;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#pending.delete(id);
      if (this.#pending.size === 0 && this.#thread === thread) thread.unref();
    }
  }

  #start(): Worker {
    if (this.#thread) return this.#thread;
    const thread = new Worker(new URL(`./ort-lane${extname(import.meta.filename)}`, import.meta.url), {
      name: `inference on ${this.#device}`,
    });
    thread.on('message', (answer: LaneAnswer) => this.#pending.get(answer.id)?.resolve(answer));
    thread.on('error', (error) => this.#leave(thread, laneLost(this.#device, error)));
    thread.on('exit', () => {
      this.#leave(thread, laneLost(this.#device));
      this.#leaving.delete(thread);
    });
    thread.unref();
    this.#thread = thread;
    return thread;
  }

  /**
   * Tells a thread to end when ONNX Runtime comes back. To terminate it before that takes the whole process with it, since
   * its binding throws where nobody catches; so that is only done to a thread that seems never to end.
   */
  #leave(thread: Worker, reason: unknown): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#leaving.add(thread);
    thread.postMessage({ type: 'end' } satisfies LaneRequest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#thread) this.#leave(this.#thread, laneLost(this.#device));
    for (const thread of this.#leaving) thread.ref();
    const exits = [...this.#leaving].map((thread) => once(thread, 'exit'));
    await Promise.race([Promise.allSettled(exits), delay(longestWaitMs, undefined, { ref: false })]);
    for (const thread of this.#leaving) await thread.terminate();
  }
}
