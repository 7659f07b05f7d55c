/** What outlives one build: the stores, the leases and the workers. A watch keeps them warm between its builds. */
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { CacheKeeper } from '../../cache/cache-keeper.ts';
import { type LocalStores, openLocalStores } from '../../cache/local-stores.ts';
import type { RemoteCache } from '../../cache/remote/remote-cache.ts';
import type { SqliteActionCache } from '../../cache/sqlite-action-cache.ts';
import { SqliteHistory } from '../../cache/sqlite-history.ts';
import type { SqliteLeases } from '../../cache/sqlite-leases.ts';
import { TieredBlobStore } from '../../cache/tiered-blob-store.ts';
import { VerifyingBlobStore } from '../../cache/verifying-blob-store.ts';
import type { Digest } from '../core/digest.ts';
import type { EventStream } from '../core/events.ts';
import type { BlobStore, FileBlobStore } from '../core/store.ts';
import type { Disk } from '../io/disk.ts';
import { Executor } from '../io/inference/executor.ts';
import { TritonBackend } from '../io/inference/triton-backend.ts';
import { tritonSettings } from '../io/inference/triton-settings.ts';
import type { ModelStore } from '../io/models/model-store.ts';
import { WorkerPool } from '../io/pool.ts';
import { noteLetGo } from '../io/shared-memory.ts';
import { Shelf } from '../run/shelf.ts';
import { openModelStore } from './models/open-model-store.ts';
import { pinningTo } from './models/pin-model.ts';
import type { ModelFiles } from './models/session-models.ts';
import { warnAside } from './warn-aside.ts';
import type { Workspace } from './workspace.ts';

const heapMiB = 2048;
const mostHeldBytes = 256 * 2 ** 20;
const memoryShare = 0.7;
/** For models that are loaded on the CPU. */
const modelsShare = 0.2;

export interface WorkbenchOptions {
  readonly disk: Disk;
  readonly jobs: number | undefined;
  readonly isKeptWarm?: boolean;
  /** No model is pulled. */
  readonly isOffline?: boolean | undefined;
  /** Told how far downloads are. */
  readonly events?: EventStream;
}

export class Workbench implements AsyncDisposable {
  readonly disk: Disk;
  readonly stores: LocalStores & Disposable;
  readonly keeper: CacheKeeper;
  readonly files: FileBlobStore;
  readonly blobs: BlobStore;
  readonly actions: SqliteActionCache;
  readonly leases: SqliteLeases;
  readonly history: SqliteHistory;
  readonly pool: WorkerPool;
  readonly shelf: Shelf;
  readonly models: ModelStore;
  readonly inference: Executor;
  /** For sessions that build. */
  readonly modelFiles: ModelFiles;
  readonly jobs: number;
  /** Absent where this machine works for itself. */
  shared: RemoteCache | undefined;
  /** Warnings that nobody has been told yet. */
  #untold: string[] = [];
  #listener: ((message: string) => void) | undefined;

  /** @param isKeptWarm between builds threads stay, and what is held in memory as far as there is room for it */
  constructor(
    workspace: Workspace,
    { disk, jobs, isKeptWarm = false, isOffline = false, events }: WorkbenchOptions,
  ) {
    const { cacheFolder } = workspace;
    const warn = (message: string): void => this.warn(message);
    this.disk = disk;
    this.jobs = jobs ?? workspace.jobs ?? availableParallelism();
    const onPut = (sizeBytes: number): void => this.keeper.noteWritten(sizeBytes);
    this.stores = openLocalStores(cacheFolder, { disk, onTrouble: warn, onPut });
    this.keeper = new CacheKeeper({
      stores: this.stores,
      settings: workspace.cacheSettings,
      onTrouble: warn,
    });
    this.files = this.stores.blobs;
    const near = new VerifyingBlobStore(this.files, (digest) =>
      warn(`The cached artifact ${digest} was damaged; it will be made again.`),
    );
    this.blobs = new TieredBlobStore(near, this);
    this.actions = this.stores.actions;
    this.leases = this.stores.leases;
    this.history = new SqliteHistory(join(workspace.stateFolder, 'history.db'), warn);
    this.pool = new WorkerPool({ threads: this.jobs, heapMiB, isKeptWarm });
    const budgetBytes = Math.min(mostHeldBytes, memoryBytes() / 16);
    this.shelf = new Shelf({
      store: near,
      budgetBytes,
      keptBytes: isKeptWarm ? 2 * budgetBytes : 0,
      onLetGo: noteLetGo,
    });
    this.models = openModelStore(workspace, {
      isOffline,
      onTrouble: warn,
      onProgress: ({ name, doneBytes, totalBytes = doneBytes }) =>
        events?.emit({ type: 'progress', activity: 'download', name, doneBytes, totalBytes }),
    });
    this.modelFiles = {
      pin: pinningTo(workspace, this.models),
      faultBeside: (model) => this.models.faultBeside(model),
    };
    this.inference = new Executor({
      open: (model, signal) => this.models.open(model, signal),
      cores: this.jobs,
      memoryBytes: memoryBytes() * modelsShare,
      warn,
      server: () => new TritonBackend(tritonSettings(process.env)),
    });
  }

  /** Brings a blob from the remote cache, if there is one. */
  async bring(digest: Digest, sizeBytes: number): Promise<boolean> {
    return (await this.shared?.bring(digest, sizeBytes)) ?? false;
  }

  /** Tells what is wrong with the stores; until a build listens it is kept. */
  warn(message: string): void {
    if (this.#listener) this.#listener(message);
    else this.#untold.push(message);
  }

  /** From now on warnings go here, and those that were kept do so at once. */
  onWarning(listener: (message: string) => void): void {
    this.#listener = listener;
    for (const message of this.#untold.splice(0)) listener(message);
  }

  /** What the actions of a build may use at once. */
  get capacity(): { cores: number; memoryMiB: number } {
    return { cores: this.jobs, memoryMiB: (memoryBytes() * memoryShare) / 2 ** 20 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.onWarning(warnAside);
    await this.shelf.close();
    await this.pool.close();
    await this.inference[Symbol.asyncDispose]();
    this.models[Symbol.dispose]();
    await this.shared?.close();
    await this.keeper[Symbol.asyncDispose]();
    this.stores[Symbol.dispose]();
    this.history.close();
  }
}

/** What this process may use: a container may have less than the machine. */
function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
