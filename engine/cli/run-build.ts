/** Runs a build: gives it its listeners, and minds interrupts. */
import { hostname } from 'node:os';
import type { Digest } from '../core/digest.ts';
import type { FlowError } from '../core/errors.ts';
import type { EventStream } from '../core/events.ts';
import type { Present } from '../core/explain.ts';
import { processIdentity } from '../io/process-identity.ts';
import { realWorld } from '../io/real-world.ts';
import { Build, type RunOutcome } from '../run/build.ts';
import { RunJournal } from '../run/run-journal.ts';
import type { BuildFlags } from './build-flags.ts';
import { openOutputs } from './event-outputs.ts';
import { PlainReporter } from './plain-reporter.ts';
import type { PreparedBuild } from './prepare-build.ts';
import { drainUploads } from './remote/drain-uploads.ts';
import { faultOfRequired } from './remote/required-remote.ts';
import { type Reporter, wantsView } from './reporter.ts';
import type { Session } from './session.ts';
import { publisherOf } from './storage/publish-build.ts';
import type { PublishOutcome } from './storage/run-publisher.ts';
import { ActionCounter } from './summary.ts';
import { LiveReporter } from './terminal/live-reporter.ts';
import { flowVersion } from './version.ts';
import type { Workbench } from './workbench.ts';

export interface BuildInput {
  readonly session: Session;
  readonly workbench: Workbench;
  readonly prepared: PreparedBuild;
  readonly words: readonly string[];
  readonly flags: BuildFlags;
  readonly startedMs: number;
  readonly events: EventStream;
  /** Components that did nothing are not told. */
  readonly hidesCached?: boolean;
  /** Given the build once it can be stopped. */
  readonly onStart?: (build: Build) => void;
}

export interface BuildOutput {
  readonly outcomes: readonly RunOutcome[];
  readonly counter: ActionCounter;
  /** What is known of the build's actions. */
  readonly present: Present;
  /** Where the states of the runs were written; undefined if one could not be. */
  readonly stateFiles: readonly string[] | undefined;
  /** What of the runs is in their bucket now; undefined where they are in folders. */
  readonly published: PublishOutcome | undefined;
  /** Why the build has failed, whatever became of its runs: what it requires was not there. */
  readonly fault: FlowError | undefined;
}

export async function runBuild(input: BuildInput): Promise<BuildOutput> {
  const { workbench, prepared, words, flags, startedMs, events } = input;
  const { jobs } = workbench;
  const warn = (message: string): void => events.emit({ type: 'warning', message });
  using publisher = await publisherOf(input.session, prepared.assembled.specs, warn);
  await publisher?.begin(); // Before anything is built: who cannot read the bucket cannot publish to it.
  await using closing = new AsyncDisposableStack(); // The last to be opened is closed first.
  const counter = new ActionCounter();
  const outputs = await openOutputs(flags); // Before the reporter takes the terminal: a file may be refused.
  for (const output of outputs) closing.defer(() => output.close());
  const reporter = closing.adopt(reporterOf(input), (one) => one.close());
  events.listen((event) => counter.listen(event));
  events.listen((event) => reporter.listen(event));
  for (const output of outputs) events.listen(output.listen);
  workbench.onWarning(warn);
  const journals = journalsOf(input);
  for (const journal of journals) {
    closing.defer(() => journal.close());
    events.listen(journal.listen);
  }
  if (publisher) events.listen(publisher.listen);
  workbench.inference.onBatch((batch) => events.emit({ type: 'batch_finished', ...batch }));
  const build = newBuild(input);
  input.onStart?.(build);
  const ignoreSignals = closing.adopt(stopOnSignals(build, reporter), (stop) => stop());
  if (flags.remoteRequired) workbench.shared?.onLost(() => build.stop());
  events.emit({ type: 'build_started', targets: words, jobs });
  workbench.keeper.begin((doneBytes, totalBytes) =>
    events.emit({ type: 'progress', activity: 'collect', name: 'local cache', doneBytes, totalBytes }),
  );
  const outcomes = await build.run();
  await workbench.keeper.end();
  ignoreSignals();
  if (workbench.shared && flags.wait !== false)
    await drainUploads(workbench.shared, { isQuiet: flags.quiet });
  for (const journal of journals) await journal.close(); // What went wrong with them belongs to the build.
  const published = await publisher?.finish();
  workbench.shared?.conclude();
  const fault = flags.remoteRequired && workbench.shared ? faultOfRequired(workbench.shared) : undefined;
  const status = fault ? 'error' : statusOf(outcomes, prepared, published);
  events.emit({ type: 'build_finished', status, durationMs: performance.now() - startedMs });
  const isWritten = journals.every((journal) => journal.isWhole);
  const stateFiles = isWritten ? journals.flatMap(({ files }) => files) : undefined;
  return { outcomes, counter, present: build.present, stateFiles, published, fault };
}

function statusOf(
  outcomes: readonly RunOutcome[],
  { assembled }: PreparedBuild,
  published: PublishOutcome | undefined,
): 'success' | 'error' | 'cancelled' {
  if (outcomes.some((run) => run.status === 'cancelled')) return 'cancelled';
  const isFailed =
    assembled.refused.length > 0 ||
    outcomes.some((run) => run.status === 'error') ||
    (published?.unpublished.length ?? 0) > 0;
  return isFailed ? 'error' : 'success';
}

function newBuild({ session, workbench, prepared, flags, events }: BuildInput): Build {
  const { disk, files, blobs, actions, leases, shared, history, pool, inference, capacity, shelf } =
    workbench;
  const bring = (digest: Digest, sizeBytes: number): Promise<boolean> => workbench.bring(digest, sizeBytes);
  const setting = {
    place: { disk, index: session.index, files, blobs, bring },
    actions,
    leases,
    shared,
    history,
    pool,
    inference,
    world: realWorld(),
    events,
    programs: prepared.programs.identities,
    capacity,
    shelf,
    keepsGoing: flags.keepGoing ?? false,
  };
  return new Build(setting, prepared.assembled.specs);
}

/** One for each run; the workspace's targets have no state. */
function journalsOf({ session, workbench, prepared }: BuildInput): RunJournal[] {
  const build = `${Date.now().toString(36)}-${process.pid}`;
  let hasWarned = false;
  const onTrouble = (error: Error): void => {
    if (hasWarned) return;
    hasWarned = true;
    workbench.warn(
      `Cannot write the state of a run: ${error.message}. The build goes on; its state will lack what comes now.`,
    );
  };
  return prepared.assembled.specs.flatMap(({ record, scope }) =>
    record
      ? new RunJournal({
          disk: workbench.disk,
          statesFolder: session.workspace.runStatesFolder,
          name: record.name,
          run: scope.label,
          build,
          process: processIdentity(),
          host: hostname(),
          flowVersion,
          onTrouble,
        })
      : [],
  );
}

function reporterOf({ workbench, prepared, flags, hidesCached = false }: BuildInput): Reporter {
  const stream = process.stderr;
  const { specs } = prepared.assembled;
  const setting = {
    runs: specs.map((spec) => spec.scope.label),
    components: specs.flatMap((spec) => spec.components.map((component) => component.name)),
    isVerbose: flags.verbose ?? false,
    hidesCached,
  };
  const expectedMs = (component: string): number | undefined =>
    workbench.history.expectedMs(component, 'run');
  return wantsView(stream, flags, process.env)
    ? new LiveReporter(stream, setting, { expectedMs })
    : new PlainReporter(stream, setting, { isQuiet: flags.quiet ?? false });
}

function stopOnSignals(build: Build, reporter: Reporter): () => void {
  let count = 0;
  const onSignal = (): void => {
    count += 1;
    if (count === 1) {
      reporter.stopping();
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
