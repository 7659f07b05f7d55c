/** The models that the server has: versions, their states, and what is said of each. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Batching, DynamicBatcher } from './dynamic-batcher.ts';
import type { ModelCode } from './model-code.ts';
import { ModelStatistics } from './model-statistics.ts';
import { Refusal } from './refusal.ts';
import type { TensorSpec } from './wire-tensor.ts';

export interface RepositoryModel {
  readonly name: string;
  /** By the names of version directories, which are whole numbers. */
  readonly versions: Readonly<Record<string, () => Promise<ModelCode>>>;
  readonly platform?: string;
  /** 0 unless said: the model takes no batches that the server knows of. */
  readonly maxBatchSize?: number;
  /** Makes the server put requests together. */
  readonly maxDelayUs?: number;
  readonly maxQueueSize?: number;
  readonly parameters?: Readonly<Record<string, string>>;
  /** How long it stays LOADING. */
  readonly loadMs?: number;
}

type State = 'READY' | 'LOADING' | 'UNLOADING' | 'UNAVAILABLE';

export interface ReadyVersion {
  readonly model: RepositoryModel;
  readonly version: string;
  readonly code: ModelCode;
  readonly batcher: DynamicBatcher;
  readonly statistics: ModelStatistics;
}

interface VersionEntry {
  state: State;
  reason: string;
  ready: ReadyVersion | undefined;
}

export class ModelRepository {
  readonly #models = new Map<string, RepositoryModel>();
  readonly #versions = new Map<string, Map<string, VersionEntry>>();

  /** Not loaded yet; in place of one that has its name. */
  put(model: RepositoryModel): void {
    this.#models.set(model.name, model);
  }

  /** Of the server: every model is either ready or wanted by nobody. */
  get isReady(): boolean {
    return this.#entries().every(({ state }) => state === 'READY' || state === 'UNAVAILABLE');
  }

  get ready(): ReadyVersion[] {
    return this.#entries().flatMap(({ ready }) => ready ?? []);
  }

  async load(name: string): Promise<void> {
    const model = this.#models.get(name);
    if (!model) throw new Refusal(500, `failed to load '${name}', failed to poll from model repository`);
    const old = this.#versions.get(name);
    const entries = new Map(Object.keys(model.versions).map((version) => [version, loading()]));
    this.#versions.set(name, entries);
    if (model.loadMs) await delay(model.loadMs);
    for (const [version, entry] of entries) await openVersion(model, version, entry);
    await closeAll(old);
    const failed = [...entries.values()].find(({ state }) => state === 'UNAVAILABLE');
    if (failed) throw new Refusal(500, `failed to load '${name}', ${failed.reason}`);
  }

  async unload(name: string): Promise<void> {
    const entries = this.#versions.get(name);
    if (!this.#models.has(name) || !entries)
      throw new Refusal(500, `failed to unload '${name}', unknown model`);
    await closeAll(entries);
  }

  /** @throws {Refusal} as the server answers */
  find(name: string, version?: string): ReadyVersion {
    const unknown = `Request for unknown model: '${name}'`;
    const entries = this.#versions.get(name);
    if (!entries) throw new Refusal(400, `${unknown} is not found`);
    if (version === undefined) return latest(entries, unknown);
    const entry = entries.get(version);
    if (!entry || entry.state === 'UNAVAILABLE')
      throw new Refusal(404, `${unknown} version ${version} is not found`);
    if (entry.ready) return entry.ready;
    throw new Refusal(503, `${unknown} version ${version} is not at ready state`);
  }

  /** As `/v2/repository/index` lists them. */
  index({ isReadyOnly }: { readonly isReadyOnly: boolean }): object[] {
    return [...this.#models.keys()].flatMap((name): object[] => {
      const entries = [...(this.#versions.get(name) ?? [])];
      if (entries.length === 0) return isReadyOnly ? [] : [{ name }];
      return entries
        .filter(([, { state }]) => !isReadyOnly || state === 'READY')
        .map(([version, { state, reason }]) => ({ name, version, state, ...(reason !== '' && { reason }) }));
    });
  }

  async close(): Promise<void> {
    for (const entries of this.#versions.values()) await closeAll(entries);
  }

  #entries(): VersionEntry[] {
    return [...this.#versions.values()].flatMap((entries) => [...entries.values()]);
  }

  metadata({ model, code }: ReadyVersion): object {
    const versions = [...(this.#versions.get(model.name) ?? [])]
      .filter(([, { state }]) => state === 'READY')
      .map(([version]) => version);
    const platform = platformOf(model);
    return { name: model.name, versions, platform, inputs: code.inputs, outputs: code.outputs };
  }
}

/** As `/config` tells it: shapes without the batch. */
export function configOf({ model, code }: ReadyVersion): object {
  const { name, maxBatchSize = 0, maxDelayUs, parameters = {} } = model;
  const tensor = ({ name: of, datatype, shape }: TensorSpec): object => ({
    name: of,
    data_type: `TYPE_${datatype === 'BYTES' ? 'STRING' : datatype}`,
    dims: maxBatchSize > 0 ? shape.slice(1) : shape,
  });
  return {
    name,
    platform: platformOf(model),
    backend: 'onnxruntime',
    version_policy: { all: {} },
    max_batch_size: maxBatchSize,
    input: code.inputs.map(tensor),
    output: code.outputs.map(tensor),
    ...(maxDelayUs !== undefined && {
      dynamic_batching: { preferred_batch_size: [], max_queue_delay_microseconds: maxDelayUs },
    }),
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([key, value]) => [key, { string_value: value }]),
    ),
  };
}

function platformOf({ platform = 'onnxruntime_onnx' }: RepositoryModel): string {
  return platform;
}

function loading(): VersionEntry {
  return { state: 'LOADING', reason: '', ready: undefined };
}

async function openVersion(model: RepositoryModel, version: string, entry: VersionEntry): Promise<void> {
  try {
    const code = await model.versions[version]!(); // A key of it.
    checkBatchAxis(model, code);
    const statistics = new ModelStatistics();
    const { maxBatchSize = 0, maxDelayUs, maxQueueSize = Number.POSITIVE_INFINITY } = model;
    const batching: Batching = { maxBatchSize, maxDelayUs, maxQueueSize };
    const batcher = new DynamicBatcher(code, batching, statistics);
    entry.ready = { model, version, code, batcher, statistics };
    entry.state = 'READY';
  } catch (error) {
    entry.state = 'UNAVAILABLE';
    entry.reason = (error as Error).message; // Of a library or of ours: both throw errors.
  }
}

function checkBatchAxis({ name, maxBatchSize = 0 }: RepositoryModel, code: ModelCode): void {
  const fixed = [...code.inputs, ...code.outputs].find(({ shape }) => shape[0] !== -1);
  if (maxBatchSize > 0 && fixed)
    throw new Error(
      `model '${name}', tensor '${fixed.name}': the model expects ${fixed.shape.length} dimensions but has no batch dimension`,
    );
}

function latest(entries: ReadonlyMap<string, VersionEntry>, unknown: string): ReadyVersion {
  const open = [...entries.values()].filter(({ state }) => state !== 'UNAVAILABLE');
  const found = open
    .flatMap(({ ready }) => ready ?? [])
    .sort((one, other) => Number(other.version) - Number(one.version))[0];
  if (found) return found;
  if (open.length === 0) throw new Refusal(404, `${unknown} has no available versions`);
  throw new Refusal(503, `${unknown} is not at ready state`);
}

async function closeAll(entries: ReadonlyMap<string, VersionEntry> = new Map()): Promise<void> {
  for (const entry of entries.values()) {
    const { ready } = entry;
    entry.state = 'UNAVAILABLE';
    entry.reason = 'unloaded';
    entry.ready = undefined;
    await ready?.code.close();
  }
}
