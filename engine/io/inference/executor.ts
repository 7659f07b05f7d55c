/** Runs the models of all actions: one executor a device, which actions reach through lines of their own. */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { AssignedModel } from '../../core/assigned-model.ts';
import { cancelled, toFlowError, toRecord } from '../../core/errors.ts';
import type { CatalogModel } from '../../core/model-catalog.ts';
import { buffersOf } from '../../core/tensor.ts';
import type { Backend } from './backend.ts';
import { type BatchDone, DeviceExecutor } from './device-executor.ts';
import { Lane, loadedName, type ReadyModel } from './lane.ts';
import type { LineAnswer, LineRequest } from './line.ts';
import { OrtBackend } from './ort-backend.ts';

/** How an action reaches its models. */
export interface Inference {
  connect(client: InferenceClient): InferenceLine;
}

export interface InferenceClient {
  readonly models: readonly AssignedModel[];
  /** The run of a video that the action is of. */
  readonly run: string;
}

export interface InferenceLine extends Disposable {
  /** For the thread of the action; see `line.ts`. */
  readonly port: MessagePort;
}

export interface ExecutorSetting {
  /** Brings the files of a model. @returns the path of its graph */
  readonly open: (model: CatalogModel, signal: AbortSignal) => Promise<string>;
  /** Cores that actions may use: on the CPU as many models run at once, each on one. */
  readonly cores: number;
  /** For the models that are loaded on the CPU; bytes. */
  readonly memoryBytes: number;
  readonly warn: (message: string) => void;
  /** The inference server. @throws {FlowError} `config_invalid` if none is named */
  readonly server: () => Backend;
}

/** How long it is remembered that a model cannot be had: the actions of a build do not each try again. */
const failureMs = 10_000;
/** How long a batch for a GPU or a server waits to become full. */
const batchDelayMs = 5;
/** Batches that a server gets at once. */
const serverRequests = 4;
/** What a batch takes besides its inputs and outputs, as a multiple of them: a rule of thumb for convolutional nets. */
const memoryOfItems = 16;

export class Executor implements Inference, AsyncDisposable {
  readonly #setting: ExecutorSetting;
  readonly #devices = new Map<string, DeviceExecutor>();
  readonly #ready = new Map<string, Promise<ReadyModel>>();
  readonly #closing = new AbortController();
  #onBatch: (batch: BatchDone) => void = () => {};

  constructor(setting: ExecutorSetting) {
    this.#setting = setting;
  }

  /** From now on batches are told here. */
  onBatch(listener: (batch: BatchDone) => void): void {
    this.#onBatch = listener;
  }

  connect({ models, run }: InferenceClient): InferenceLine {
    const { port1: own, port2: port } = new MessageChannel();
    const closed = new AbortController();
    own.on('message', async ({ id, slot, tensors }: LineRequest) => {
      const assigned = models.find((one) => one.slot === slot)!;
      const answer = await this.#answer({ assigned, feeds: tensors, run, signal: closed.signal });
      if (!closed.signal.aborted) own.postMessage({ id, ...answer }, buffersOf(answer.outputs ?? {}));
    });
    return {
      port,
      [Symbol.dispose]: () => {
        closed.abort();
        own.close();
      },
    };
  }

  async #answer(request: Parameters<DeviceExecutor['infer']>[0]): Promise<Omit<LineAnswer, 'id'>> {
    try {
      return { outputs: await this.#deviceOf(request.assigned).infer(request) };
    } catch (error) {
      return { error: toRecord(toFlowError(error)) };
    }
  }

  #deviceOf({ engine, device }: AssignedModel): DeviceExecutor {
    const name = `${engine} ${device}`;
    const known = this.#devices.get(name) ?? this.#newDevice(device);
    this.#devices.set(name, known);
    return known;
  }

  #newDevice(device: AssignedModel['device']): DeviceExecutor {
    const common = {
      ready: (assigned: AssignedModel) => this.#readyOf(assigned),
      onBatch: (batch: BatchDone) => this.#onBatch(batch),
    };
    if (device === 'cpu')
      return new DeviceExecutor({
        ...common,
        lanes: this.#cpuLanes(),
        mostItems: () => undefined,
        maxDelayMs: 0,
      });
    if (device === 'remote') {
      const onNote = (note: string): void => this.#setting.warn(note);
      const backend = this.#setting.server();
      const lane = new Lane({ backend, atOnce: serverRequests, memoryBytes: Infinity, onNote });
      // A server takes what its model takes, and no request that it would have to take apart.
      const most = (assigned: AssignedModel): number => mostItems(assigned) ?? 1;
      return new DeviceExecutor({ ...common, lanes: [lane], mostItems: most, maxDelayMs: batchDelayMs });
    }
    const lane = new Lane({ backend: new OrtBackend(device), atOnce: 1, memoryBytes: Infinity });
    return new DeviceExecutor({ ...common, lanes: [lane], mostItems, maxDelayMs: batchDelayMs });
  }

  /**
   * As many as there are cores: a model on one core each does more than one model on all of them. Each gets a request
   * whole, and puts its items together where that changes no bit: see `exact-batches.ts`.
   */
  #cpuLanes(): Lane[] {
    const { cores, memoryBytes } = this.#setting;
    return Array.from(
      { length: cores },
      () => new Lane({ backend: new OrtBackend('cpu'), atOnce: 1, memoryBytes: memoryBytes / cores }),
    );
  }

  /** For all who ask, so that none of them who gives up ends it for the others. */
  #readyOf(assigned: AssignedModel): Promise<ReadyModel> {
    const name = loadedName(assigned);
    const known = this.#ready.get(name);
    if (known) return known;
    const ready = this.#bring(assigned);
    this.#ready.set(name, ready);
    ready.catch(() => setTimeout(() => this.#ready.delete(name), failureMs).unref());
    return ready;
  }

  async #bring(assigned: AssignedModel): Promise<ReadyModel> {
    if (assigned.device === 'remote') return { assigned, graphPath: undefined, sizeBytes: 0 };
    const graphPath = await this.#setting.open(assigned.model, this.#closing.signal);
    const sizes = await Promise.all(
      assigned.model.entry.files.map(async ({ name }, index) =>
        index === 0 ? stat(graphPath) : stat(join(dirname(graphPath), name)),
      ),
    );
    return { assigned, graphPath, sizeBytes: sizes.reduce((sum, { size }) => sum + size, 0) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(cancelled());
    await Promise.all([...this.#devices.values()].map((device) => device[Symbol.asyncDispose]()));
  }
}

/** What the entry says, and what the memory does for that the profile allows; undefined where the model takes one at a time. */
function mostItems({ model: { entry }, memoryMiB }: AssignedModel): number | undefined {
  if (typeof entry.inputs[0]!.shape[0] === 'number') return undefined;
  if (memoryMiB === undefined) return entry.max_batch;
  const tensors = [...entry.inputs, ...entry.outputs];
  const itemBytes = tensors.reduce((sum, { shape }) => sum + 4 * sizeOf(shape.slice(1)), 0) * memoryOfItems;
  return Math.max(1, Math.min(entry.max_batch, Math.floor((memoryMiB * 2 ** 20) / itemBytes)));
}

/** Elements of an item, as far as the entry says it. */
function sizeOf(shape: readonly (number | string)[]): number {
  return shape.reduce<number>((product, axis) => product * (typeof axis === 'number' ? axis : 1), 1);
}
