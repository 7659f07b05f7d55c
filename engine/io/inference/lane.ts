/** A backend with the models that it has loaded: as many as fit into its memory, those least recently used make room. */
import { type AssignedModel, modelSignature } from '../../core/assigned-model.ts';
import { FlowError } from '../../core/errors.ts';
import { modelName } from '../../core/model-entry.ts';
import type { Tensors } from '../../core/tensor.ts';
import type { Backend, LoadedModel } from './backend.ts';

export interface LaneSetting {
  readonly backend: Backend;
  /** Batches under way at once. */
  readonly atOnce: number;
  /** Memory for loaded models; bytes. */
  readonly memoryBytes: number;
  /** Told what there is to know of a model, once it is loaded. */
  readonly onNote?: (note: string) => void;
}

/** A model with its files, as a lane loads it. */
export interface ReadyModel {
  readonly assigned: AssignedModel;
  readonly graphPath: string | undefined;
  /** Of its files. */
  readonly sizeBytes: number;
}

interface Kept {
  readonly model: Promise<LoadedModel>;
  readonly sizeBytes: number;
  runs: number;
}

/** A session keeps the weights, and most of them once more in the order that its kernels want. */
const memoryOfWeights = 2;

export class Lane implements AsyncDisposable {
  readonly #setting: LaneSetting;
  /** Least recently used first. */
  readonly #kept = new Map<string, Kept>();
  #runs = 0;

  constructor(setting: LaneSetting) {
    this.#setting = setting;
  }

  get isFree(): boolean {
    return this.#runs < this.#setting.atOnce;
  }

  has(assigned: AssignedModel): boolean {
    return this.#kept.has(loadedName(assigned));
  }

  /** @throws {FlowError} of the backend; `out_of_memory` for a model that is too large for the lane */
  async run(ready: ReadyModel, feeds: () => Tensors, signal: AbortSignal): Promise<Tensors> {
    const name = loadedName(ready.assigned);
    const kept = this.#keep(name, ready, signal);
    kept.runs += 1;
    this.#runs += 1;
    try {
      const model = await this.#loaded(name, kept);
      return await model.run(feeds(), signal);
    } catch (error) {
      const isGone = !(error instanceof FlowError) || error.code === 'worker_lost';
      if (isGone || signal.aborted) this.#kept.clear(); // With the thread that has ended.
      throw error;
    } finally {
      kept.runs -= 1;
      this.#runs -= 1;
    }
  }

  #keep(name: string, ready: ReadyModel, signal: AbortSignal): Kept {
    const kept = this.#kept.get(name) ?? this.#load(ready, signal);
    this.#kept.delete(name);
    this.#kept.set(name, kept); // Now it is the most recently used one.
    return kept;
  }

  async #loaded(name: string, kept: Kept): Promise<LoadedModel> {
    try {
      return await kept.model;
    } catch (error) {
      if (this.#kept.get(name) === kept) this.#kept.delete(name);
      throw error;
    }
  }

  #load({ assigned, graphPath, sizeBytes: fileBytes }: ReadyModel, signal: AbortSignal): Kept {
    const { backend, memoryBytes } = this.#setting;
    const sizeBytes = fileBytes * memoryOfWeights;
    if (sizeBytes > memoryBytes) throw tooLarge(assigned, { sizeBytes, memoryBytes });
    const hasRoom = this.#makeRoom(memoryBytes - sizeBytes);
    const model = hasRoom.then(() => backend.load({ entry: assigned.model.entry, graphPath }, signal));
    model.then(
      ({ note }) => note !== undefined && this.#setting.onNote?.(note),
      () => undefined, // Whoever waits for it is told.
    );
    return { model, sizeBytes, runs: 0 };
  }

  /** Lets go of models until the others take no more than this. What runs stays, whatever it takes. */
  async #makeRoom(leftBytes: number): Promise<void> {
    const leaving: Promise<LoadedModel | undefined>[] = [];
    for (const [name, kept] of this.#kept) {
      if (this.#usedBytes <= leftBytes) break;
      if (kept.runs > 0) continue;
      this.#kept.delete(name);
      leaving.push(kept.model.catch(() => undefined)); // One that could not be loaded takes no room.
    }
    for (const model of await Promise.all(leaving)) await model?.unload();
  }

  get #usedBytes(): number {
    return [...this.#kept.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#kept.clear();
    await this.#setting.backend[Symbol.asyncDispose]();
  }
}

const names = new WeakMap<AssignedModel, string>();

/** The same weights under two entries are two models: each is held against its own. */
export function loadedName(assigned: AssignedModel): string {
  const name = names.get(assigned) ?? modelSignature([{ ...assigned, slot: '' }])!; // Of one model there is a signature.
  names.set(assigned, name);
  return name;
}

function tooLarge(
  { model, device }: AssignedModel,
  { sizeBytes, memoryBytes }: { readonly sizeBytes: number; readonly memoryBytes: number },
): FlowError {
  const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
  return new FlowError({
    code: 'out_of_memory',
    blame: 'user',
    where: modelName(model.entry),
    message: `Cannot load the model "${modelName(model.entry)}" on ${device}: it takes some ${mebibytes(sizeBytes)} MiB, and ${mebibytes(memoryBytes)} MiB are there for models.`,
    fix: 'Name a smaller model, or build on a larger machine.',
  });
}
