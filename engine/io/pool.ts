/** CPU workers: threads that perform actions. A thread that dies takes its action with it, never the engine. */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { FlowError } from '../core/errors.ts';
import type { Task, TaskResult } from './task.ts';

/** Performs tasks somewhere. */
export interface Pool {
  perform(task: Task, signal: AbortSignal): Promise<TaskResult>;
  close(): Promise<void>;
}

/** Long enough that a worker survives the pauses of a build. */
const idleTimeoutMs = 10_000;

/** Half of V8's own choice: rules keep their numbers in typed arrays, and each worker saves 100 MiB by it. */
const youngMiB = 12;

export interface PoolSize {
  readonly threads: number;
  readonly heapMiB: number;
  readonly isKeptWarm?: boolean;
}

export class WorkerPool implements Pool {
  readonly #threads: number;
  readonly #heapMiB: number;
  readonly #idleTimeoutMs: number;
  #piscina: Piscina | undefined;

  /** @param isKeptWarm threads stay, however long they are idle */
  constructor({ threads, heapMiB, isKeptWarm = false }: PoolSize) {
    this.#threads = threads;
    this.#heapMiB = heapMiB;
    this.#idleTimeoutMs = isKeptWarm ? Infinity : idleTimeoutMs;
  }

  async perform(task: Task, signal: AbortSignal): Promise<TaskResult> {
    try {
      const transferList = task.models ? [task.models.port] : [];
      return (await this.#start().run(task, { signal, transferList })) as TaskResult; // The worker module's return type.
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw workerLost(error as Error);
    }
  }

  async close(): Promise<void> {
    await this.#piscina?.destroy();
  }

  #start(): Piscina {
    this.#piscina ??= newPiscina(this.#threads, this.#heapMiB, this.#idleTimeoutMs);
    return this.#piscina;
  }
}

function newPiscina(threads: number, heapMiB: number, idleTimeout: number): Piscina {
  const piscina = new Piscina({
    filename: fileURLToPath(new URL(`./worker${extname(import.meta.filename)}`, import.meta.url)),
    minThreads: 0,
    maxThreads: threads,
    idleTimeout,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB, maxYoungGenerationSizeMb: youngMiB },
  });
  // Piscina reports a lost thread to its task and here; without a listener the second would end the process.
  piscina.on('error', () => undefined);
  return piscina;
}

function workerLost(cause: Error): FlowError {
  const isMemory = (cause as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY';
  return new FlowError({
    code: 'worker_lost',
    blame: isMemory ? 'rule' : 'machine',
    message: `Cannot finish the action: its worker ${isMemory ? 'ran out of memory' : 'ended'} (${cause.message}).`,
    fix: isMemory
      ? 'Let the rule hold less in memory at once: typed arrays do not count against its heap.'
      : 'Look for process.exit() or a crashing native module in the rule.',
    cause,
  });
}
