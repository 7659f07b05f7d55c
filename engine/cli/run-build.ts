/** Picks the stores, workers and listeners of a build, and runs it. */
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { LocalBlobStore } from '../../cache/local-blob-store.ts';
import { SqliteActionCache } from '../../cache/sqlite-action-cache.ts';
import { SqliteLeases } from '../../cache/sqlite-leases.ts';
import { VerifyingBlobStore } from '../../cache/verifying-blob-store.ts';
import { EventStream } from '../core/events.ts';
import { RealDisk } from '../io/disk.ts';
import type { FileIndex } from '../io/file-index.ts';
import { WorkerPool } from '../io/pool.ts';
import { realWorld } from '../io/real-world.ts';
import { noteLetGo } from '../io/shared-memory.ts';
import { Build, type RunOutcome } from '../run/build.ts';
import type { Assembled } from './assemble.ts';
import type { BuildFlags } from './build-flags.ts';
import { EventFile } from './event-file.ts';
import { PlainReporter } from './plain-reporter.ts';
import { ActionCounter } from './summary.ts';
import type { Workspace } from './workspace.ts';

const heapMiB = 2048;
const mostHeldBytes = 256 * 2 ** 20;
const memoryShare = 0.7;

export interface BuildInput {
  readonly workspace: Workspace;
  readonly index: FileIndex;
  readonly assembled: Assembled;
  readonly programs: ReadonlyMap<string, string>;
  readonly words: readonly string[];
  readonly flags: BuildFlags;
  readonly startedMs: number;
}

export async function runBuild(
  input: BuildInput,
): Promise<{ outcomes: RunOutcome[]; counter: ActionCounter }> {
  const { workspace, index, assembled, programs, words, flags, startedMs } = input;
  const jobs = flags.jobs ?? workspace.jobs ?? availableParallelism();
  const events = new EventStream(Date.now);
  const counter = new ActionCounter();
  const reporter = reporterOf(assembled, flags);
  const eventFile = flags.events === undefined ? undefined : new EventFile(flags.events);
  events.listen((event) => counter.listen(event));
  events.listen((event) => reporter.listen(event));
  if (eventFile) events.listen(eventFile.listen);
  const warn = (message: string): void => events.emit({ type: 'warning', message });
  const disk = new RealDisk();
  const files = new LocalBlobStore(disk, workspace.cacheFolder);
  const blobs = new VerifyingBlobStore(files, (digest) =>
    warn(`The cached artifact ${digest} was damaged; it will be made again.`),
  );
  const actions = new SqliteActionCache(join(workspace.cacheFolder, 'actions.db'), warn);
  const leases = new SqliteLeases(join(workspace.cacheFolder, 'leases.db'), warn);
  const pool = new WorkerPool({ threads: jobs, heapMiB });
  const memoryMiB = (totalmem() * memoryShare) / 2 ** 20;
  const build = new Build(
    {
      place: { disk, index, files, blobs },
      actions,
      leases,
      pool,
      world: realWorld(),
      events,
      programs,
      capacity: { cores: jobs, memoryMiB },
      heldBytes: Math.min(mostHeldBytes, totalmem() / 16),
      onLetGo: noteLetGo,
    },
    assembled.specs,
  );
  const stopListening = stopOnSignals(build);
  events.emit({ type: 'build_started', targets: words, jobs });
  try {
    const outcomes = await build.run();
    const isCancelled = outcomes.some((run) => run.status === 'cancelled');
    const isFailed = assembled.refused.length > 0 || outcomes.some((run) => run.status === 'error');
    const status = isCancelled ? 'cancelled' : isFailed ? 'error' : 'success';
    events.emit({ type: 'build_finished', status, durationMs: performance.now() - startedMs });
    return { outcomes, counter };
  } finally {
    stopListening();
    eventFile?.close();
    await pool.close();
    actions.close();
    leases.close();
  }
}

function reporterOf({ specs }: Assembled, flags: BuildFlags): PlainReporter {
  return new PlainReporter(process.stderr, {
    runs: specs.map((spec) => spec.scope.label),
    components: specs.flatMap((spec) => spec.components.map((component) => component.name)),
    isPlain: flags.plain ?? false,
    isQuiet: flags.quiet ?? false,
  });
}

function stopOnSignals(build: Build): () => void {
  let count = 0;
  const onSignal = (): void => {
    count += 1;
    if (count === 1) {
      process.stderr.write('\nStopping: what runs is finished first. Interrupt again to stop now.\n');
      build.stop();
    } else build.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return () => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
}
