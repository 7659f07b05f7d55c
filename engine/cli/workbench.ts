/** What outlives one build: the stores, the leases and the workers. A watch keeps them warm between its builds. */
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { LocalBlobStore } from '../../cache/local-blob-store.ts';
import { SqliteActionCache } from '../../cache/sqlite-action-cache.ts';
import { SqliteHistory } from '../../cache/sqlite-history.ts';
import { SqliteLeases } from '../../cache/sqlite-leases.ts';
import { VerifyingBlobStore } from '../../cache/verifying-blob-store.ts';
import type { BlobStore, FileBlobStore } from '../core/store.ts';
import type { Disk } from '../io/disk.ts';
import { WorkerPool } from '../io/pool.ts';
import { noteLetGo } from '../io/shared-memory.ts';
import { Shelf } from '../run/shelf.ts';
import { warnAside } from './warn-aside.ts';
import type { Workspace } from './workspace.ts';

const heapMiB = 2048;
const mostHeldBytes = 256 * 2 ** 20;
const memoryShare = 0.7;

export class Workbench implements AsyncDisposable {
  readonly disk: Disk;
  readonly files: FileBlobStore;
  readonly blobs: BlobStore;
  readonly actions: SqliteActionCache;
  readonly leases: SqliteLeases;
  readonly history: SqliteHistory;
  readonly pool: WorkerPool;
  readonly shelf: Shelf;
  readonly jobs: number;
  /** Warnings that nobody has been told yet. */
  #untold: string[] = [];
  #listener: ((message: string) => void) | undefined;

  /** @param isKeptWarm between builds threads stay, and what is held in memory as far as there is room for it */
  constructor(
    workspace: Workspace,
    { disk, jobs, isKeptWarm = false }: { disk: Disk; jobs: number | undefined; isKeptWarm?: boolean },
  ) {
    const { cacheFolder } = workspace;
    const warn = (message: string): void => this.warn(message);
    this.disk = disk;
    this.jobs = jobs ?? workspace.jobs ?? availableParallelism();
    this.files = new LocalBlobStore(disk, cacheFolder);
    this.blobs = new VerifyingBlobStore(this.files, (digest) =>
      warn(`The cached artifact ${digest} was damaged; it will be made again.`),
    );
    this.actions = new SqliteActionCache(join(cacheFolder, 'actions.db'), warn);
    this.leases = new SqliteLeases(join(cacheFolder, 'leases.db'), warn);
    this.history = new SqliteHistory(join(workspace.stateFolder, 'history.db'), warn);
    this.pool = new WorkerPool({ threads: this.jobs, heapMiB, isKeptWarm });
    const budgetBytes = Math.min(mostHeldBytes, memoryBytes() / 16);
    this.shelf = new Shelf({
      store: this.blobs,
      budgetBytes,
      keptBytes: isKeptWarm ? 2 * budgetBytes : 0,
      onLetGo: noteLetGo,
    });
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
    this.actions.close();
    this.leases.close();
    this.history.close();
  }
}

/** What this process may use: a container may have less than the machine. */
function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
