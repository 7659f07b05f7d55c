/** The module of a thread that runs models with ONNX Runtime: one thing at a time, as it is told. */
import assert from 'node:assert';
import { parentPort } from 'node:worker_threads';
import type { DeviceName } from '../../core/assigned-model.ts';
import { cancelled, toFlowError, toRecord } from '../../core/errors.ts';
import { type ModelEntry, modelName } from '../../core/model-entry.ts';
import { buffersOf, release, type Tensor, type Tensors } from '../../core/tensor.ts';
import { ExactBatches } from './exact-batches.ts';
import { faultOfTensors, type TensorFacts } from './fault-of-tensors.ts';
import {
  badFile,
  badGraph,
  badOutputs,
  badRun,
  deviceMissing,
  isOutOfMemory,
  outOfMemory,
} from './inference-errors.ts';
import { countOf } from './items.ts';
import type { LaneAnswer, LaneQuestion, LaneRequest } from './lane-messages.ts';
import { faultOfModelFile, loadFault } from './load-fault.ts';
import { allToOrt, fromOrt } from './ort-tensors.ts';
import { ort } from './quiet-ort.ts';

interface Loaded extends Opened {
  /** For devices on which results must not depend on batches. */
  readonly batches: ExactBatches;
}

interface Opened {
  readonly session: ort.InferenceSession;
  readonly entry: ModelEntry;
  readonly device: DeviceName;
}

const loaded = new Map<number, Loaded>();

let last = Promise.resolve();

/** Nobody waits for an answer any more. */
let isEnding = false;

parentPort?.on('message', (request: LaneRequest) => {
  isEnding ||= request.type === 'end';
  last = last.then(async () => {
    if (request.type === 'end') return parentPort?.close();
    const answer = await answerTo(request);
    parentPort?.postMessage(answer, buffersOf(answer.outputs ?? {}));
    if (request.type === 'run') release(request.feeds);
  });
});

async function answerTo(request: LaneQuestion): Promise<LaneAnswer> {
  const { id } = request;
  try {
    if (request.type === 'run') return { id, outputs: await run(request.model, request.feeds) };
    if (request.type === 'load') await load(request);
    else await unload(request.model);
    return { id };
  } catch (error) {
    return { id, error: toRecord(toFlowError(error)) };
  }
}

async function load({ model, entry, graphPath, device }: LaneQuestion & { type: 'load' }): Promise<void> {
  const session = await open(graphPath, { entry, device });
  const facts = [
    faultOfTensors('input', entry.inputs, factsOf(session.inputMetadata)),
    faultOfTensors('output', entry.outputs, factsOf(session.outputMetadata)),
  ];
  const fault = facts.find((one) => one !== undefined);
  if (fault !== undefined) {
    await session.release();
    throw badGraph(modelName(entry), fault);
  }
  const opened: Opened = { session, entry, device };
  const batches = new ExactBatches((feeds) => runOnce(opened, feeds), { takesBatches: takesBatches(opened) });
  loaded.set(model, { ...opened, batches });
}

/** One thread each: the engine gives cores away, and the same bits come out wherever it runs. */
async function open(
  graphPath: string,
  { entry, device }: { readonly entry: ModelEntry; readonly device: DeviceName },
): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(graphPath, {
      executionProviders: [device],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 4,
    });
  } catch (error) {
    const { message } = error as Error; // ONNX Runtime throws nothing else.
    if (isOutOfMemory(message)) throw outOfMemory(modelName(entry), device);
    if (/provider|adapter|backend not found/i.test(message))
      throw deviceMissing(modelName(entry), device, message);
    throw badFile(graphPath, faultOfModelFile(graphPath) ?? loadFault(message), modelName(entry));
  }
}

function factsOf(metadata: readonly ort.InferenceSession.ValueMetadata[]): TensorFacts[] {
  return metadata.map((one) =>
    one.isTensor
      ? { name: one.name, dtype: one.type, shape: one.shape }
      : { name: one.name, dtype: 'no tensor', shape: [] },
  );
}

async function run(model: number, feeds: Tensors): Promise<Tensors> {
  const one = loaded.get(model) ?? assert.fail(`model ${model} is not loaded`);
  return one.device !== 'cpu' && takesBatches(one) ? runOnce(one, feeds) : one.batches.outputsOf(feeds);
}

function takesBatches({ entry }: Pick<Loaded, 'entry'>): boolean {
  return typeof entry.inputs[0]!.shape[0] === 'string';
}

async function runOnce({ session, entry, device }: Opened, feeds: Tensors): Promise<Tensors> {
  if (isEnding) throw cancelled(); // In the middle of a request.
  const name = modelName(entry);
  const count = countOf(feeds);
  let fetched: ort.InferenceSession.OnnxValueMapType;
  try {
    fetched = await session.run(allToOrt(feeds));
  } catch (error) {
    const { message } = error as Error; // As above.
    throw isOutOfMemory(message) ? outOfMemory(name, device) : badRun(name, firstLine(message));
  }
  const outputs: Record<string, Tensor> = {};
  for (const { name: output, dtype: expected } of entry.outputs) {
    const made = fromOrt(fetched[output]!);
    if (made.dtype !== expected) throw badOutputs(name, { output, expected, found: made.dtype });
    if (made.shape[0] !== count) {
      const found = `[${made.shape.join(', ')}]`;
      throw badOutputs(name, { output, expected: `of ${count} along its first axis`, found });
    }
    outputs[output] = made;
  }
  return outputs;
}

async function unload(model: number): Promise<void> {
  await loaded.get(model)?.session.release();
  loaded.delete(model);
}

function firstLine(message: string): string {
  return message.trim().split('\n', 1)[0]!.slice(0, 300);
}
