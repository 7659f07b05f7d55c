/** `flow build`: wires the parts, runs the build, and says what it came to. */
import { join } from 'node:path';
import { type FlowError, isUsage } from '../core/errors.ts';
import { markRunning } from '../io/running-mark.ts';
import { sweepSandboxes } from '../io/sandbox.ts';
import { assemble } from './assemble.ts';
import { type BuildFlags, checkFlags } from './build-flags.ts';
import { identifyPrograms } from './identify-programs.ts';
import { tellRefused } from './refusals.ts';
import { rememberBuild } from './remember-build.ts';
import { runBuild } from './run-build.ts';
import { openIndex, openSession } from './session.ts';
import { pathsText, type Summary, summarise, summaryText, upToDateText } from './summary.ts';
import { parseTargets } from './targets.ts';
import { openWorkspace } from './workspace.ts';

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
  const session = await openSession(workspace, index, flags.profile);
  const { registry } = session;
  const { platformId, videoId, runId, dataprocessorVersion } = flags;
  const identity = {
    platformId,
    dataprocessorVersion,
    ...(videoId !== undefined && { videoId }),
    ...(runId !== undefined && { runId }),
  };
  const { stage } = flags;
  const assembled = await assemble({ session, targets, stage, identity });
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
  const isEventful = flags.events !== undefined; // Events are wanted anew each time.
  if (!isEventful && summary.runs.every((run) => run.status === 'success')) {
    const files = [
      ...session.files,
      ...registry.sources,
      ...assembled.sourceFiles,
      ...targets.lists,
      ...programs.files,
    ];
    const folders = [
      ...session.folders,
      ...registry.folders,
      ...assembled.folders,
      ...targets.folders,
      ...programs.shadows,
    ];
    const message = upToDateText(summary, flags);
    await rememberBuild({
      workspace,
      index,
      outcomes,
      startedAtMs,
      argv,
      files,
      folders,
      message,
    });
  }
  index.flush();
  return exitStatus(
    summary,
    assembled.refused.map(({ error }) => error),
  );
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
