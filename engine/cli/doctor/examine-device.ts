/** What runs models: a device, with what it does in a moment, or a server. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { AssignedModel, DeviceName } from '../../core/assigned-model.ts';
import { FlowError } from '../../core/errors.ts';
import { elementCount } from '../../core/nd-array.ts';
import { type Tensors, tensor } from '../../core/tensor.ts';
import { weightsDigest } from '../../core/weights-digest.ts';
import { likelyDevices, ortVersion } from '../../io/inference/devices.ts';
import { Executor } from '../../io/inference/executor.ts';
import { checkHealth } from '../../io/inference/find-model.ts';
import { boundModels } from '../../io/inference/line.ts';
import { TritonClient } from '../../io/inference/triton-client.ts';
import { tritonSettings } from '../../io/inference/triton-settings.ts';
import { loadCatalog } from '../models/load-catalog.ts';
import type { Workspace } from '../workspace.ts';
import type { Finding } from './finding.ts';

/** What is run for the measurement: small, and always there. */
const probe = { name: 'scatter-embed', version: '1' };
const measureMs = 500;
const requestsAtOnce = 8;

export interface Around {
  readonly workspace: Workspace;
  readonly jobs: number;
}

export async function examineDevice(name: DeviceName, around: Around): Promise<Finding> {
  if (!likelyDevices().includes(name)) return { name, level: 'info', found: 'not on this machine' };
  try {
    const perSec = await measure(name, around);
    return {
      name,
      level: 'pass',
      found: `${perSec} pictures a second with ${probe.name}, ONNX Runtime ${ortVersion()}`,
    };
  } catch (error) {
    if (!(error instanceof FlowError) || name === 'cpu') throw error;
    return { name, level: 'warn', found: error.message, fix: error.fix };
  }
}

/** Pictures in a second, rounded. */
async function measure(device: DeviceName, { workspace, jobs }: Around): Promise<number> {
  const assigned = probeOn(device, workspace);
  await using executor = new Executor({
    open: async ({ entry, folder }) => join(folder, entry.files[0]!.path!), // It lies beside its entry.
    cores: jobs,
    memoryBytes: 2 ** 30,
    warn: () => undefined, // A model on this machine has nothing to tell.
    server: () => {
      throw new Error('no server is asked');
    },
  });
  using line = executor.connect({ models: [assigned], run: '' });
  const model = boundModels({ port: line.port, entries: { probe: assigned.model.entry } })['probe']!;
  await model.infer(emptyPicture(assigned)); // Loads it.
  let [count, isOver] = [0, false];
  const work = Array.from({ length: requestsAtOnce }, async () => {
    while (!isOver) {
      await model.infer(emptyPicture(assigned));
      count += 1;
    }
  });
  const startedMs = performance.now();
  await delay(measureMs);
  isOver = true;
  await Promise.all(work);
  return Math.round((count * 1000) / (performance.now() - startedMs));
}

function probeOn(device: DeviceName, workspace: Workspace): AssignedModel {
  const model = loadCatalog(workspace).find(probe)!; // It comes with flow.
  return {
    slot: 'probe',
    model,
    weightsDigest: weightsDigest(model.entry)!, // As above.
    engine: 'onnx',
    engineVersion: `onnxruntime@${ortVersion()}`,
    precision: 'fp32',
    device,
    memoryMiB: undefined,
  };
}

function emptyPicture({ model }: AssignedModel): Tensors {
  const { name, shape } = model.entry.inputs[0]!; // An entry has one at least.
  const one = [1, ...shape.slice(1).map(Number)];
  return { [name]: tensor('float32', new Float32Array(elementCount(one)), one) };
}

/** Whether the server that TRITON_HTTP_URL names is there. @throws {FlowError} */
export async function examineServer(signal: AbortSignal): Promise<Finding> {
  const client = new TritonClient(tritonSettings(process.env));
  try {
    await checkHealth(client, 'reach the inference server', signal);
  } finally {
    client.close();
  }
  return { name: 'triton', level: 'pass', found: `${client.server} is live and ready` };
}
