/** `flow build`: wires the parts, runs the build, and says what it came to. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { LocalBlobStore } from '../../cache/local-blob-store.ts';
import { SqliteActionCache } from '../../cache/sqlite-action-cache.ts';
import { SqliteLeases } from '../../cache/sqlite-leases.ts';
import { VerifyingBlobStore } from '../../cache/verifying-blob-store.ts';
import { FlowError, fileReason, isUsage, toFlowError } from '../core/errors.ts';
import { EventStream, type Listener } from '../core/events.ts';
import { isId } from '../core/identity.ts';
import { RealDisk } from '../io/disk.ts';
import { FileIndex } from '../io/file-index.ts';
import { type FileState, fileState, settlesAtMs } from '../io/file-state.ts';
import { WorkerPool } from '../io/pool.ts';
import { findProgram, programIdentity } from '../io/program-identity.ts';
import { realWorld } from '../io/real-world.ts';
import { markRunning } from '../io/running-mark.ts';
import { sweepSandboxes } from '../io/sandbox.ts';
import { noteLetGo } from '../io/shared-memory.ts';
import { Build, type RunOutcome } from '../run/build.ts';
import { type Assembled, assemble } from './assemble.ts';
import { errorText } from './error-text.ts';
import { loadGraph } from './load-graph.ts';
import { loadProfile } from './load-profile.ts';
import { packageRoot } from './package-root.ts';
import { PlainReporter } from './plain-reporter.ts';
import { RuleRegistry } from './rule-registry.ts';
import { ActionCounter, pathsText, type Summary, summarise, summaryText, upToDateText } from './summary.ts';
import { parseTargets, type Targets } from './targets.ts';
import { writeUpToDate } from './up-to-date.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

export interface BuildFlags {
  readonly stage?: string;
  readonly profile?: string;
  readonly results?: string;
  readonly cacheDir?: string;
  readonly jobs?: number;
  readonly json?: boolean;
  readonly events?: string;
  readonly plain?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly platformId: string;
  readonly videoId?: string;
  readonly runId?: string;
  readonly dataprocessorVersion: string;
}

const heapMiB = 2048;
const mostHeldBytes = 256 * 2 ** 20;
const memoryShare = 0.7;

/** @returns the exit status */
export async function buildCommand(
  argv: readonly string[],
  words: readonly string[],
  flags: BuildFlags,
): Promise<number> {
  const [startedMs, startedAtMs] = [performance.now(), Date.now()];
  const targets = parseTargets(words);
  checkFlags(flags, targets);
  const workspace = openWorkspace(flags);
  sweepSandboxes();
  using _mark = markRunning(workspace.stateFolder, [
    join(workspace.cacheFolder, 'cas'),
    workspace.resultsFolder,
    workspace.outFolder,
    workspace.stateFolder,
  ]);
  using index = openIndex(workspace);
  const { graph, files: graphFiles, folders: graphFolders } = await loadGraph(workspace, index);
  const { profile, files: profileFiles } = loadProfile(flags.profile, workspace);
  const registry = new RuleRegistry(workspace, index);
  const { platformId, videoId, runId, dataprocessorVersion } = flags;
  const identity = {
    platformId,
    dataprocessorVersion,
    ...(videoId !== undefined && { videoId }),
    ...(runId !== undefined && { runId }),
  };
  const { stage } = flags;
  const assembled = await assemble({ workspace, index, graph, profile, registry, targets, stage, identity });
  const programs = await identifyPrograms(assembled, index);
  const { outcomes, counter } = await runBuild({
    workspace,
    index,
    assembled,
    programs: programs.identities,
    words,
    flags,
    startedMs,
  });
  const summary = summarise(outcomes, assembled, counter, performance.now() - startedMs);
  tellRefused(assembled);
  tell(summary, flags);
  if (summary.runs.every((run) => run.status === 'success')) {
    const files = [
      ...graphFiles,
      ...profileFiles,
      ...registry.sources,
      ...assembled.sourceFiles,
      ...targets.lists,
      ...programs.files,
    ];
    const folders = [
      ...graphFolders,
      ...registry.folders,
      ...assembled.folders,
      ...targets.folders,
      join(workspace.root, 'profiles'),
    ];
    const message = upToDateText(summary, flags);
    await rememberIfSettled({
      workspace,
      index,
      outcomes,
      startedAtMs,
      argv,
      files,
      folders,
      message,
      isEventful: flags.events !== undefined,
    });
  }
  index.flush();
  return exitStatus(
    summary,
    assembled.refused.map(({ error }) => error),
  );
}

/** Of what several targets miss, each thing is told once. */
function tellRefused({ refused }: Assembled): void {
  const texts = new Set(refused.map((refusal) => errorText(placed(refusal))));
  for (const text of texts) process.stderr.write(`${text}\n`);
}

/** An error that has no place of its own is told with the target or component that it stops. */
function placed({ name, error }: Assembled['refused'][number]): FlowError {
  const { code, blame, message, excerpt, fix, cause, where } = error;
  return new FlowError({ code, blame, message, excerpt, fix, cause, where: where ?? name });
}

/** @throws {AggregateError} of all that is wrong with the flags by themselves and with the targets */
function checkFlags(flags: BuildFlags, { videos }: Targets): void {
  const ids = { '--platform-id': flags.platformId, '--video-id': flags.videoId, '--run-id': flags.runId };
  const wrong: FlowError[] = [];
  for (const [flag, id] of Object.entries(ids)) {
    if (id === undefined || isId(id)) continue;
    const message = `Cannot use "${id}" as an id: it becomes the name of a folder.`;
    wrong.push(wrongFlag(flag, message, 'Use 1 to 128 letters, digits, ".", "_" and "-".'));
  }
  const several = 'Build one video at a time, or leave the flag out.';
  if (flags.videoId !== undefined && new Set(videos.map(({ path }) => path)).size > 1)
    wrong.push(wrongFlag('--video-id', 'Cannot give several videos the same id.', several));
  if (flags.runId !== undefined && videos.length > 1)
    wrong.push(wrongFlag('--run-id', 'Cannot give several runs the same id.', several));
  if (flags.json && flags.events === '-') {
    const message = 'Cannot print both the summary of --json and the events to standard output.';
    wrong.push(wrongFlag('--events', message, 'Write the events to a file: --events FILE.'));
  }
  if (wrong.length > 0) throw new AggregateError(wrong);
}

function wrongFlag(flag: string, message: string, fix: string): FlowError {
  return new FlowError({ code: 'config_invalid', blame: 'user', where: flag, message, fix });
}

function openIndex(workspace: Workspace): FileIndex & Disposable {
  const index = new FileIndex(join(workspace.stateFolder, 'files.db'), warnAside);
  return Object.assign(index, { [Symbol.dispose]: () => index.close() });
}

/** For what the event stream cannot tell. */
function warnAside(message: string): void {
  process.stderr.write(`warning: ${message}\n`);
}

interface BuildInput {
  readonly workspace: Workspace;
  readonly index: FileIndex;
  readonly assembled: Assembled;
  readonly programs: ReadonlyMap<string, string>;
  readonly words: readonly string[];
  readonly flags: BuildFlags;
  readonly startedMs: number;
}

async function runBuild(input: BuildInput): Promise<{ outcomes: RunOutcome[]; counter: ActionCounter }> {
  const { workspace, index, assembled, programs, words, flags, startedMs } = input;
  const jobs = flags.jobs ?? workspace.jobs ?? availableParallelism();
  const events = new EventStream(Date.now);
  const counter = new ActionCounter();
  const closeEvents = listenAll(events, counter, flags, assembled);
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
    closeEvents();
    await pool.close();
    actions.close();
    leases.close();
  }
}

/** What stands in the keys for the programs that the rules use, and the files that these are. */
async function identifyPrograms(
  { specs }: Assembled,
  index: FileIndex,
): Promise<{ identities: ReadonlyMap<string, string>; files: readonly string[] }> {
  const components = specs.flatMap((spec) => spec.components);
  const users = new Map(
    components.flatMap(({ name, loaded, params }) =>
      loaded.rule.programs(params).map((program) => [program, name] as const),
    ),
  );
  const identities = new Map<string, string>();
  const missing: FlowError[] = [];
  for (const [program, user] of users) {
    try {
      identities.set(program, await programIdentity(program, index));
    } catch (thrown) {
      missing.push(placed({ name: user, error: toFlowError(thrown) }));
    }
  }
  if (missing.length > 0) throw new AggregateError(missing);
  return { identities, files: [...users.keys()].map(findProgram) };
}

/** @returns what closes the listeners' files */
function listenAll(
  events: EventStream,
  counter: ActionCounter,
  flags: BuildFlags,
  { specs }: Assembled,
): () => void {
  events.listen((event) => counter.listen(event));
  const reporter = new PlainReporter(process.stderr, {
    runs: specs.map((spec) => spec.scope.label),
    components: specs.flatMap((spec) => spec.components.map((component) => component.name)),
    isPlain: flags.plain ?? false,
    isQuiet: flags.quiet ?? false,
  });
  events.listen((event) => reporter.listen(event));
  if (flags.events === undefined) return () => undefined;
  const descriptor = flags.events === '-' ? process.stdout.fd : openEvents(flags.events);
  events.listen(writerTo(descriptor));
  return () => {
    if (descriptor !== process.stdout.fd) closeSync(descriptor);
  };
}

/** Writes events until that fails, which is told, and is no reason to stop a build. */
function writerTo(descriptor: number): Listener {
  let isBroken = false;
  return (event) => {
    if (isBroken) return;
    try {
      writeSync(descriptor, `${JSON.stringify(event)}\n`);
    } catch (error) {
      isBroken = true;
      warnAside(`Cannot write events any more: ${(error as Error).message}.`);
    }
  };
}

function openEvents(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (cause) {
    throw new FlowError({
      code: 'config_invalid',
      blame: 'user',
      where: '--events',
      message: `Cannot write events to "${path}": ${fileReason(cause as NodeJS.ErrnoException)}.`,
      fix: 'Name a file that can be written, or "-" for standard output.',
      cause,
    });
  }
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

function tell(summary: Summary, flags: BuildFlags): void {
  const text = flags.json
    ? `${JSON.stringify(summary)}\n`
    : flags.quiet
      ? pathsText(summary)
      : summaryText(summary);
  (flags.events === '-' ? process.stderr : process.stdout).write(text);
}

interface Memory {
  readonly workspace: Workspace;
  readonly index: FileIndex;
  readonly outcomes: readonly RunOutcome[];
  /** When the build began to read; milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly argv: readonly string[];
  readonly files: readonly string[];
  readonly folders: readonly string[];
  readonly message: string;
  readonly isEventful: boolean;
}

/** Notes that all is done, if what was read cannot have changed meanwhile and what was written is in place. */
async function rememberIfSettled(memory: Memory): Promise<void> {
  if (memory.isEventful) return; // Its events are wanted anew each time.
  const { workspace, index, outcomes, argv, message } = memory;
  const sources = sourceStates(memory);
  if (!sources) return;
  for (const { spec } of outcomes) if (spec.record) await index.digestOf(spec.record.manifestPath);
  const outputs = await index.settle(new Set(outcomes.flatMap((outcome) => outcome.files)));
  if (!outputs) return;
  const files = Object.fromEntries([...sources, ...outputs]);
  // What cannot be written down is found out again by the next build.
  await writeUpToDate(workspace.stateFolder, argv, { message, files }).catch(() => undefined);
}

/** The states of all that was read; undefined if some of it may have changed since the build began. */
function sourceStates({
  files,
  folders,
  workspace,
  startedAtMs,
}: Memory): Map<string, FileState | null> | undefined {
  const states = new Map<string, FileState | null>();
  for (const path of [...files, join(packageRoot, 'package.json'), process.argv[1]!]) {
    const state = fileState(path);
    if (state === undefined || settlesAtMs(state) >= startedAtMs) return undefined;
    states.set(path, state);
  }
  for (const path of [...folders, join(workspace.root, 'flow.yaml')]) {
    const state = fileState(path) ?? null; // If it comes into being, that is a change.
    if (state !== null && settlesAtMs(state) >= startedAtMs) return undefined;
    states.set(path, state);
  }
  return states;
}

function exitStatus(summary: Summary, refused: readonly FlowError[]): number {
  if (summary.status === 'cancelled') return 130;
  if (refused.some((error) => isUsage(error.code))) return 2;
  return summary.status === 'error' ? 1 : 0;
}
