/** `flow build`: wires the parts, runs the build, and says what it came to. */
import { join } from 'node:path';
import { type FlowError, isUsage, printable } from '../core/errors.ts';
import { EventStream } from '../core/events.ts';
import { type Disk, RealDisk } from '../io/disk.ts';
import type { FileIndex } from '../io/file-index.ts';
import { markRunning } from '../io/running-mark.ts';
import { sweepSandboxes } from '../io/sandbox.ts';
import type { RunOutcome } from '../run/build.ts';
import { makeResultFolders } from './assemble.ts';
import { type BuildFlags, checkFlags } from './build-flags.ts';
import { errorText } from './error-text.ts';
import { refuseHopelessRuns } from './models/refuse-hopeless-runs.ts';
import { type PreparedBuild, prepareBuild, sourcesOf } from './prepare-build.ts';
import { tellRefused } from './refusals.ts';
import { rememberBuild } from './remember-build.ts';
import { openRemote } from './remote/open-remote.ts';
import { summariseRemote } from './remote/remote-summary.ts';
import { withFault } from './remote/required-remote.ts';
import { wantsView } from './reporter.ts';
import { type BuildOutput, runBuild } from './run-build.ts';
import { openIndex, openSession, type Session } from './session.ts';
import { publishedText, withUnpublished } from './storage/publish-build.ts';
import type { PublishOutcome } from './storage/run-publisher.ts';
import { pathsText, type Summary, summarise, summaryText, upToDateText } from './summary.ts';
import { parseTargets } from './targets.ts';
import { ReadingLine } from './terminal/reading-line.ts';
import { Workbench } from './workbench.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

export interface BuildParts {
  readonly session: Session;
  readonly workbench: Workbench;
}

export interface BuildOptions {
  /** Where runs and blobs are written; tests break it. */
  readonly disk?: Disk;
  /** Leaves out of the build what is not wanted. */
  readonly narrow?: (prepared: PreparedBuild, parts: BuildParts) => Promise<PreparedBuild>;
}

/** @returns the exit status */
export async function buildCommand(
  argv: readonly string[],
  words: readonly string[],
  flags: BuildFlags,
  { disk = new RealDisk(), narrow }: BuildOptions = {},
): Promise<number> {
  const [startedMs, startedAtMs] = [performance.now(), Date.now()];
  const targets = parseTargets(words);
  checkFlags(flags, targets);
  const workspace = openWorkspace(flags);
  using _mark = markBuilding(workspace);
  using index = openIndex(workspace);
  const events = new EventStream(Date.now);
  using readingLine = tellReading(index, events, flags);
  await using workbench = new Workbench(workspace, {
    disk,
    jobs: flags.jobs,
    isOffline: flags.offline,
    events,
  });
  const { modelFiles } = workbench;
  const session = await openSession(workspace, index, flags.profile, { disk, modelFiles });
  workbench.shared = await openRemote({ workspace, workbench, flags, events });
  const whole = await prepareBuild(session, targets, flags);
  const narrowed = narrow ? await narrow(whole, { session, workbench }) : whole;
  const prepared = await refuseHopelessRuns(narrowed, { session, workbench, flags });
  const { assembled } = prepared;
  makeResultFolders(targets, workspace);
  readingLine?.[Symbol.dispose]();
  const hidesCached = !flags.verbose; // The summary counts them.
  const input = { session, workbench, prepared, words, flags, startedMs, events, hidesCached };
  const built = await runBuild(input);
  const { outcomes, counter, stateFiles, published, fault } = built;
  const remote = workbench.shared && summariseRemote(workbench.shared);
  const durationMs = performance.now() - startedMs;
  const made = summarise(outcomes, assembled, counter, { durationMs, remote });
  const whatIsPublished = published ? withUnpublished(made, published) : made;
  const summary = fault ? withFault(whatIsPublished, fault) : whatIsPublished;
  tellRefused(assembled);
  if (fault) process.stderr.write(`${errorText(fault)}\n`);
  if (published) tellPublished(published, flags);
  if (flags.explain) await explainBuild(built, session, workbench);
  tell(summary, flags);
  const isEventful = (flags.events ?? flags.trace) !== undefined; // Events are wanted anew each time.
  const isLeft = workbench.shared?.queueMark.isSet ?? false; // Perhaps by another build.
  const isSent = (remote?.unsent ?? 0) === 0 && !isLeft; // The next build has to send the rest.
  // Nobody but a bucket knows what is still there: a build with published runs is never answered from memory.
  if (
    !isEventful &&
    !narrow &&
    !fault &&
    isSent &&
    !published &&
    stateFiles &&
    summary.runs.every((run) => run.status === 'success')
  ) {
    const message = upToDateText(summary, flags);
    const absent = workbench.shared ? [workbench.shared.queueMark.path] : [];
    await remember(session, prepared, { outcomes, stateFiles, startedAtMs, argv, message, absent });
  }
  index.flush();
  return exitStatus(
    summary,
    assembled.refused.map(({ error }) => error),
  );
}

/** Large files are read before the build begins: at a terminal a line says how far that is. */
function tellReading(index: FileIndex, events: EventStream, flags: BuildFlags): ReadingLine | undefined {
  index.tellReading(({ path, doneBytes, totalBytes }) =>
    events.emit({ type: 'progress', activity: 'hash', name: path, doneBytes, totalBytes }),
  );
  if (!wantsView(process.stderr, flags, process.env)) return undefined;
  const line = new ReadingLine(process.stderr);
  events.listen(line.listen);
  return line;
}

/** Sweeps up after builds that were killed, and says that one is running until it is disposed of. */
export function markBuilding(workspace: Workspace): Disposable {
  sweepSandboxes();
  return markRunning(workspace.stateFolder, [
    join(workspace.cacheFolder, 'cas'),
    workspace.resultsFolder,
    workspace.runStatesFolder,
    workspace.outFolder,
    workspace.stateFolder,
  ]);
}

interface Finished {
  readonly outcomes: readonly RunOutcome[];
  readonly stateFiles: readonly string[];
  readonly startedAtMs: number;
  readonly argv: readonly string[];
  readonly message: string;
  /** What must not be there. */
  readonly absent: readonly string[];
}

async function remember(session: Session, prepared: PreparedBuild, finished: Finished): Promise<void> {
  const { workspace, index, disk } = session;
  const { files, folders } = sourcesOf(session, prepared);
  const { programs } = prepared;
  await rememberBuild({
    ...{ workspace, index, disk, ...finished },
    files: [...files, ...programs.files],
    folders: [...folders, ...programs.shadows],
  });
}

/** Says of everything that ran why it did. */
async function explainBuild(
  { outcomes, present }: BuildOutput,
  session: Session,
  workbench: Workbench,
): Promise<void> {
  const { explainerOf } = await import('./explain/foresee-build.ts');
  const { explanationText } = await import('./explain/explanation-text.ts');
  const explainer = explainerOf(present, workbench);
  for (const { spec, ran } of outcomes)
    for (const [component, nodes] of Map.groupBy(ran, (node) => node.component.name)) {
      const explanations = nodes.map((node) => explainer.explain(node));
      const lines = explanationText(explanations, session);
      process.stderr.write(printable(`${spec.scope.label}//${component}\n${lines.join('\n')}\n`));
    }
}

function tellPublished(published: PublishOutcome, { quiet }: BuildFlags): void {
  tellRefused({ refused: published.unpublished });
  if (!quiet) process.stderr.write(`${publishedText(published)}\n`);
}

function tell(summary: Summary, flags: BuildFlags): void {
  const text = flags.json
    ? `${JSON.stringify(summary)}\n`
    : flags.quiet
      ? pathsText(summary)
      : summaryText(summary);
  (flags.events === '-' ? process.stderr : process.stdout).write(text);
}

function exitStatus(summary: Summary, refused: readonly FlowError[]): number {
  if (summary.status === 'cancelled') return 130;
  if (refused.some((error) => isUsage(error.code))) return 2;
  return summary.status === 'error' ? 1 : 0;
}
