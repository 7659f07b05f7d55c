/** A thread whose actions ask for inference without a pause, as a worker's do. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { ModelEntry } from '../../engine/core/model-entry.ts';
import { release, tensor } from '../../engine/core/tensor.ts';
import { boundModels } from '../../engine/io/inference/line.ts';

export interface Asking {
  readonly entry: ModelEntry;
  /** What each request is of: shared memory. */
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Ask over each of the lines for so long; the answer says when each request was over, in milliseconds since 1970. */
export interface AskFor {
  readonly ports: readonly MessagePort[];
  readonly seconds: number;
}

const { entry, data, shape } = workerData as Asking; // What `SaturatedExecutor` gives it.

parentPort!.on('message', async ({ ports, seconds }: AskFor) => {
  const untilMs = performance.now() + seconds * 1000;
  const ends = await Promise.all(ports.map((port) => askUntil(untilMs, port)));
  parentPort!.postMessage(ends.flat());
});

async function askUntil(untilMs: number, port: MessagePort): Promise<number[]> {
  const model = boundModels({ port, entries: { slot: entry } })['slot']!;
  const ends: number[] = [];
  while (performance.now() < untilMs) {
    release(await model.infer({ [entry.inputs[0]!.name]: tensor('float32', data, shape) }));
    ends.push(performance.timeOrigin + performance.now());
  }
  return ends;
}
