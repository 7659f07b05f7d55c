/**
 * Runs models on one device for all who ask: what can share a batch does, whichever action, video or run it is of. Where
 * that is not wanted, a request is run as it came.
 */
import type { AssignedModel, DeviceName } from '../../core/assigned-model.ts';
import { type BatchLimits, BatchQueue, type Waiting } from '../../core/batch-queue.ts';
import { FlowError } from '../../core/errors.ts';
import { modelName } from '../../core/model-entry.ts';
import type { Tensors } from '../../core/tensor.ts';
import { faultOfFeeds } from './fault-of-feeds.ts';
import { badInputs, stuck } from './inference-errors.ts';
import { batchOf, countOf, GatheredItems } from './items.ts';
import { type Lane, loadedName, type ReadyModel } from './lane.ts';

export interface InferRequest {
  readonly assigned: AssignedModel;
  readonly feeds: Tensors;
  /** The run of a video that asks; runs take turns. */
  readonly run: string;
  readonly signal: AbortSignal;
}

/** A batch that is over. */
export interface BatchDone {
  readonly model: string;
  readonly device: DeviceName;
  readonly lane: number;
  readonly items: number;
  /** How long its oldest item had waited; milliseconds. */
  readonly waitedMs: number;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly durationMs: number;
}

export interface DeviceSetting {
  readonly lanes: readonly Lane[];
  /** Brings the files of a model, and says how many bytes they have. @throws {FlowError} */
  readonly ready: (assigned: AssignedModel) => Promise<ReadyModel>;
  /** Most items of a model in one batch; undefined where no batches are made, and each request goes by itself. */
  readonly mostItems: (assigned: AssignedModel) => number | undefined;
  /** How long a batch that is not full waits for more; milliseconds. */
  readonly maxDelayMs: number;
  /** After this time a lane is given up; milliseconds. */
  readonly timeoutMs?: number;
  readonly onBatch?: (batch: BatchDone) => void;
  /** A clock that never goes back; milliseconds. */
  readonly now?: () => number;
}

interface Request extends InferRequest {
  readonly ready: ReadyModel;
  readonly outputs: GatheredItems;
  readonly end: PromiseWithResolvers<Tensors>;
}

/** One item that waits, or a whole request. */
interface Piece extends Waiting {
  readonly request: Request;
  /** Position of its first item in the request. */
  readonly from: number;
}

const defaultTimeoutMs = 600_000;

export class DeviceExecutor implements AsyncDisposable {
  readonly #setting: Required<Omit<DeviceSetting, 'onBatch'>> & Pick<DeviceSetting, 'onBatch'>;
  readonly #queue = new BatchQueue<Piece>();
  /** What memory has turned out to do for; items. */
  readonly #limits = new Map<string, number>();
  readonly #models = new Map<string, AssignedModel>();
  #requests = 0;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(setting: DeviceSetting) {
    this.#setting = { timeoutMs: defaultTimeoutMs, now: () => performance.now(), ...setting };
  }

  /** @throws {FlowError} `model_io_mismatch` and what models, backends and stores throw; the signal's reason */
  async infer({ assigned, feeds, run, signal }: InferRequest): Promise<Tensors> {
    const fault = faultOfFeeds(assigned.model.entry, feeds);
    if (fault !== undefined) throw badInputs(modelName(assigned.model.entry), fault);
    const ready = await this.#setting.ready(assigned);
    signal.throwIfAborted();
    const outputs = new GatheredItems(countOf(feeds));
    const request = { assigned, feeds, run, signal, ready, outputs, end: Promise.withResolvers<Tensors>() };
    const onAbort = (): void => this.#drop(request);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#enqueue(request);
    this.#pump();
    try {
      return await request.end.promise;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #enqueue(request: Request): void {
    const { assigned, feeds, run } = request;
    const atMs = this.#setting.now();
    const count = countOf(feeds);
    if (this.#setting.mostItems(assigned) === undefined) {
      this.#requests += 1;
      const kind = `request ${this.#requests}`; // There is no other of its kind.
      this.#queue.add({ kind, run, items: count, atMs, request, from: 0 });
      return;
    }
    const shapes = Object.entries(feeds).map(([name, { shape }]) => [name, shape.slice(1)]);
    const kind = JSON.stringify([loadedName(assigned), shapes]);
    this.#models.set(kind, assigned);
    for (let from = 0; from < count; from += 1) this.#queue.add({ kind, run, items: 1, atMs, request, from });
  }

  #drop(request: Request): void {
    this.#queue.remove((piece) => piece.request === request);
    request.end.reject(request.signal.reason);
  }

  #pump(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed) return;
    for (let free = this.#freeLanes(); free.length > 0; free = this.#freeLanes()) {
      const batch = this.#queue.take({ ...this.#limitsNow, nowMs: this.#setting.now() });
      if (!batch) return this.#wakeUp();
      const lane = free.find((one) => one.has(batch[0]!.request.assigned)) ?? free[0]!;
      void this.#run(lane, batch).then(() => this.#pump()); // It never rejects.
    }
  }

  #freeLanes(): Lane[] {
    return this.#setting.lanes.filter((lane) => lane.isFree);
  }

  get #limitsNow(): Omit<BatchLimits, 'nowMs'> {
    return { limitOf: (kind) => this.#limitOf(kind), maxDelayMs: this.#setting.maxDelayMs };
  }

  #limitOf(kind: string): number {
    const assigned = this.#models.get(kind);
    const most = (assigned && this.#setting.mostItems(assigned)) ?? 1;
    return Math.max(1, Math.min(most, this.#limits.get(kind) ?? most));
  }

  /** A batch that waits for more goes when it has waited enough. */
  #wakeUp(): void {
    const dueMs = this.#queue.dueMs(this.#limitsNow);
    if (dueMs === undefined) return;
    this.#timer = setTimeout(() => this.#pump(), Math.max(0, dueMs - this.#setting.now()));
  }

  async #run(lane: Lane, batch: readonly Piece[]): Promise<void> {
    try {
      this.#hand(batch, await this.#outputsOf(lane, batch));
    } catch (error) {
      await this.#recover(lane, batch, error);
    }
  }

  async #outputsOf(lane: Lane, batch: readonly Piece[]): Promise<Tensors> {
    const { now, timeoutMs, lanes, onBatch } = this.#setting;
    const { ready, assigned } = batch[0]!.request;
    const name = modelName(assigned.model.entry);
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(stuck(name, timeoutMs / 1000)), timeoutMs);
    const [startedMs, startedAtMs] = [now(), Date.now()];
    try {
      return await lane.run(ready, () => feedsOf(batch), limit.signal);
    } finally {
      clearTimeout(timer);
      onBatch?.({
        model: name,
        device: assigned.device,
        lane: lanes.indexOf(lane),
        items: batch.reduce((sum, { items }) => sum + items, 0),
        waitedMs: startedMs - Math.min(...batch.map(({ atMs }) => atMs)),
        startedAtMs,
        durationMs: now() - startedMs,
      });
    }
  }

  /** Gives everybody what is his. */
  #hand(batch: readonly Piece[], outputs: Tensors): void {
    const [{ request: first }] = batch as [Piece]; // As in `feedsOf`.
    if (isWholeRequest(batch)) return first.end.resolve(outputs);
    let at = 0;
    for (const { request, from, to } of stretchesOf(batch)) {
      request.outputs.add({ tensors: outputs, from: at, to: at + to - from }, from);
      at += to - from;
      const whole = request.outputs.whole;
      if (whole) request.end.resolve(whole);
    }
  }

  /** Too much for the memory: half of it at a time. What is wrong with one request's items fails no other request. */
  async #recover(lane: Lane, batch: readonly Piece[], error: unknown): Promise<void> {
    const { kind } = batch[0]!;
    const isTooMuch = error instanceof FlowError && error.code === 'gpu_oom' && batch.length > 1;
    const requests = new Set(batch.map(({ request }) => request));
    if (isTooMuch) {
      this.#limits.set(kind, Math.floor(batch.length / 2));
      for (const piece of batch) if (!piece.request.signal.aborted) this.#queue.add(piece);
    } else if (requests.size > 1 && isOfItems(error))
      for (const request of requests)
        await this.#run(
          lane,
          batch.filter((piece) => piece.request === request),
        );
    else
      for (const request of requests) {
        this.#queue.remove((piece) => piece.request === request);
        request.end.reject(error);
      }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#setting.lanes.map((lane) => lane[Symbol.asyncDispose]()));
  }
}

/** What may be the fault of one item among many. */
function isOfItems(error: unknown): boolean {
  return error instanceof FlowError && error.code === 'model_io_mismatch';
}

/** A request that goes by itself is given away; what is in a batch is copied, to be tried again if that was too large. */
function feedsOf(batch: readonly Piece[]): Tensors {
  const [{ request }] = batch as [Piece]; // A batch has one at least.
  if (isWholeRequest(batch)) return request.feeds;
  return batchOf(
    stretchesOf(batch).map(({ request: { feeds }, from, to }) => ({ tensors: feeds, from, to })),
  );
}

function isWholeRequest(batch: readonly Piece[]): boolean {
  const [{ request, items }] = batch as [Piece]; // As above.
  return batch.length === 1 && items === countOf(request.feeds);
}

/** Neighbouring items of one request, together. */
function stretchesOf(batch: readonly Piece[]): { request: Request; from: number; to: number }[] {
  const stretches: { request: Request; from: number; to: number }[] = [];
  for (const { request, from, items } of batch) {
    const last = stretches.at(-1);
    if (last?.request === request && last.to === from) last.to += items;
    else stretches.push({ request, from, to: from + items });
  }
  return stretches;
}
