/** ONNX Runtime alone, in loops: what the executor is held against. Each runs as a thread of its own. */
import { once } from 'node:events';
import { parentPort, Worker, workerData } from 'node:worker_threads';
import * as ort from 'onnxruntime-node';

export interface PlainLoop {
  readonly graphPath: string;
  readonly input: string;
  /** Of one item, without the first axis. */
  readonly shape: readonly number[];
  /** Different ones, over and over. */
  readonly items: number;
  readonly batch: number;
  /** Threads of ONNX Runtime's own. */
  readonly intraOp: number;
}

/** So many loops, which stand still between measurements. */
export class PlainLoops implements AsyncDisposable {
  readonly #threads: readonly Worker[];

  constructor(loop: PlainLoop, { loops }: { readonly loops: number }) {
    this.#threads = Array.from(
      { length: loops },
      () => new Worker(new URL(import.meta.url), { workerData: loop }),
    );
  }

  /** Items in a second, of all loops at once. Loading counts in no figure. */
  async rate(seconds: number): Promise<number> {
    const rates = this.#threads.map(async (thread) => {
      thread.postMessage(seconds);
      const [rate] = (await once(thread, 'message')) as [number]; // What the loop answers.
      return rate;
    });
    return (await Promise.all(rates)).reduce((sum, rate) => sum + rate, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }
}

if (parentPort) await answer(workerData as PlainLoop); // What `PlainLoops` gives it.

async function answer({ graphPath, input, shape, items, batch, intraOp }: PlainLoop): Promise<void> {
  const session = await ort.InferenceSession.create(graphPath, {
    intraOpNumThreads: intraOp,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const size = shape.reduce((a, b) => a * b, 1);
  const data = Float32Array.from({ length: items * size }, (_, at) => Math.sin(at * 0.37));
  const batches = Array.from({ length: items / batch }, (_, at) => {
    const own = data.subarray(at * batch * size, (at + 1) * batch * size);
    return { [input]: new ort.Tensor('float32', own, [batch, ...shape]) };
  });
  await session.run(batches[0]!);
  parentPort!.on('message', async (seconds: number) => {
    const startedMs = performance.now();
    let done = 0;
    for (let at = 0; performance.now() - startedMs < seconds * 1000; at = (at + 1) % batches.length) {
      await session.run(batches[at]!);
      done += batch;
    }
    parentPort!.postMessage((done * 1000) / (performance.now() - startedMs));
  });
}
