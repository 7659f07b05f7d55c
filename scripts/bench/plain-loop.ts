/** ONNX Runtime alone, in a loop: what the executor is held against. Run as a thread of its own. */
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
  readonly seconds: number;
}

/** Items in a second, of so many loops at once. */
export async function plainRate(loop: PlainLoop, { loops }: { readonly loops: number }): Promise<number> {
  const rates = await Promise.all(
    Array.from({ length: loops }, () => {
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      const thread = new Worker(new URL(import.meta.url), { workerData: loop });
      thread.on('message', resolve).on('error', reject);
      return promise;
    }),
  );
  return rates.reduce((sum, rate) => sum + rate, 0);
}

if (parentPort) parentPort.postMessage(await run(workerData as PlainLoop)); // What `plainRate` gives it.

async function run({ graphPath, input, shape, items, batch, intraOp, seconds }: PlainLoop): Promise<number> {
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
  const startedMs = performance.now();
  let done = 0;
  while (performance.now() - startedMs < seconds * 1000)
    for (const feeds of batches) {
      await session.run(feeds);
      done += batch;
    }
  return (done * 1000) / (performance.now() - startedMs);
}
