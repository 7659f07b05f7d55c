/** What a build came to, as data and as text. */
import { join } from 'node:path';
import { type FlowError, fromRecord } from '../core/errors.ts';
import type { ComponentStatus, RunStatus, TimedEvent } from '../core/events.ts';
import type { RunOutcome } from '../run/build.ts';
import type { Tally } from '../run/tally.ts';
import type { AskedOutput, Assembled } from './assemble.ts';
import { BuildAnalysis, type Timing } from './build-analysis.ts';
import { counted, durationText, sizeText } from './duration-text.ts';
import { type ErrorDocument, errorDocument } from './error-text.ts';
import { type RemoteSummary, remoteText } from './remote/remote-summary.ts';
import { shortNames } from './short-names.ts';
import { shown } from './shown-path.ts';
import { timingLines } from './timing-lines.ts';

/** What `--json` prints; the only document on standard output, also when nothing could be built. */
export interface Summary {
  readonly status: 'success' | 'error' | 'cancelled' | 'up_to_date';
  readonly duration_ms: number;
  readonly actions: { readonly executed: number; readonly cached: number; readonly regenerated: number };
  /** What passed between this machine and the remote cache; absent where there is none. */
  readonly remote?: RemoteSummary;
  /** Where the time of what ran went; absent where nothing could be built, or nothing had to be. */
  readonly timing?: Timing;
  readonly runs: readonly RunSummary[];
  /** Every error of the build, those of optional components included. */
  readonly errors: readonly ErrorDocument[];
}

export interface RunSummary {
  /** `run:clip.mp4`, or the empty text for workspace targets. */
  readonly target: string;
  readonly status: RunStatus;
  readonly manifest: string | null;
  readonly error?: { readonly code: string; readonly message: string };
  readonly components: readonly {
    readonly name: string;
    readonly status: ComponentStatus;
    readonly required: boolean;
    readonly executed: number;
    /** Size of its lasting outputs. */
    readonly bytes: number;
    readonly error_code?: string;
    readonly reason?: string;
  }[];
  /** The page that a person looks at; absent if the run delivered none. */
  readonly report?: string;
  /** The outputs that the target named, with their files; none where the component gave none. */
  readonly outputs: readonly {
    readonly component: string;
    readonly output: string;
    readonly path: string | null;
  }[];
}

/** Counts actions as they happen, and notes their times. */
export class ActionCounter {
  readonly analysis = new BuildAnalysis();
  executed = 0;
  cached = 0;
  regenerated = 0;

  listen(event: TimedEvent): void {
    this.analysis.listen(event);
    if (event.type === 'action_cached') this.cached += 1;
    if (event.type !== 'action_finished') return;
    if (event.reason === 'new') this.executed += 1;
    else this.regenerated += 1;
  }
}

export function summarise(
  outcomes: readonly RunOutcome[],
  { asked, refused }: Pick<Assembled, 'asked' | 'refused'>,
  counter: ActionCounter,
  { durationMs, remote }: { durationMs: number; remote: RemoteSummary | undefined },
): Summary {
  const runs = [
    ...outcomes.map((outcome) => summariseRun(outcome, asked.get(outcome.spec) ?? [])),
    ...refused.map(summariseRefused),
  ];
  const isCancelled = runs.some((run) => run.status === 'cancelled');
  const isFailed = runs.some((run) => run.status === 'error');
  const { executed, cached, regenerated } = counter;
  return {
    status: isCancelled ? 'cancelled' : isFailed ? 'error' : 'success',
    duration_ms: Math.round(durationMs),
    actions: { executed, cached, regenerated },
    ...(remote && { remote }),
    timing: counter.analysis.result(),
    runs,
    errors: [
      ...outcomes.flatMap(errorsOf),
      ...refused.map(({ name, error }) => errorDocument(error, { target: name })),
    ],
  };
}

/** The summary of a command that could not even begin. */
export function summariseFailure(errors: readonly FlowError[]): Summary {
  return {
    status: errors.every((error) => error.code === 'cancelled') ? 'cancelled' : 'error',
    duration_ms: 0,
    actions: { executed: 0, cached: 0, regenerated: 0 },
    runs: [],
    errors: errors.map((error) => errorDocument(error)),
  };
}

function errorsOf({ spec, tallies }: RunOutcome): ErrorDocument[] {
  return tallies.flatMap(({ error, component }) =>
    error ? [errorDocument(fromRecord(error), { target: spec.scope.label, component: component.name })] : [],
  );
}

function summariseRun({ spec, status, tallies }: RunOutcome, asked: readonly AskedOutput[]): RunSummary {
  return {
    target: spec.scope.label,
    status,
    manifest: spec.record?.manifestPath ?? null,
    components: tallies.map((tally) => ({
      name: tally.component.name,
      status: tally.status,
      required: tally.component.isRequired,
      executed: tally.executed,
      bytes: tally.outputs.reduce((sum, output) => sum + output.bytes, 0),
      ...(tally.error && { error_code: tally.error.code }),
      ...(tally.reason !== undefined && { reason: tally.reason }),
    })),
    ...reportOf(spec.folder, tallies),
    outputs: asked.map(({ component, output }) => ({
      component,
      output,
      path: pathOf(spec.folder, tallies, { component, output }),
    })),
  };
}

function reportOf(folder: string, tallies: readonly Tally[]): { report?: string } {
  const outputs = tallies.flatMap((tally) => tally.outputs);
  const report = outputs.find(({ name, path }) => name === 'report' && path.endsWith('.html'));
  return report ? { report: join(folder, report.path) } : {};
}

function pathOf(
  folder: string,
  tallies: readonly Tally[],
  { component, output }: AskedOutput,
): string | null {
  const tally = tallies.find((one) => one.component.name === component);
  const delivered = tally?.outputs.find(({ name }) => name === output);
  return delivered ? join(folder, delivered.path) : null;
}

function summariseRefused({ name, error }: Assembled['refused'][number]): RunSummary {
  return {
    target: name,
    status: 'error',
    manifest: null,
    error: { code: error.code, message: error.message },
    components: [],
    outputs: [],
  };
}

const mostRunsShown = 20;

/** The last lines of a build. */
export function summaryText({ status, duration_ms, actions, remote, timing, runs }: Summary): string {
  const { executed, cached, regenerated } = actions;
  const again = regenerated > 0 ? `, ${regenerated} made again for their bytes` : '';
  const bytes = runs.flatMap((run) => run.components).reduce((sum, component) => sum + component.bytes, 0);
  const results = bytes > 0 ? `; results: ${sizeText(bytes)}` : '';
  const lines = [
    `${status}: ${counted(executed, 'action')} ran, ${cached} cached${again}, in ${durationText(duration_ms)}${results}`,
  ];
  if (remote) lines.push(remoteText(remote));
  const partial = runs.filter((run) => run.status === 'partial').length;
  if (partial > 0) {
    const which =
      runs.length === 1 ? 'the run is' : `${partial} of ${runs.length} runs ${partial === 1 ? 'is' : 'are'}`;
    lines.push(`${which} partial: optional components failed or were skipped`);
  }
  const names = shortNames(runs.map((run) => run.target));
  return `${[...lines, ...(timing ? timingLines(timing, names) : []), ...runLines(runs)].join('\n')}\n`;
}

/** All that a quiet build prints: the paths that its targets ask for, for `$(flow build -q run:VIDEO//NAME:OUTPUT)`. */
export function pathsText({ runs }: Summary): string {
  const paths = runs
    .flatMap((run) => run.outputs)
    .flatMap(({ path }) => (path === null ? [] : [shown(path)]));
  return paths.map((path) => `${path}\n`).join('');
}

/** What the same command says when nothing has changed since. */
export function upToDateText(
  summary: Summary,
  { json, quiet }: { readonly json?: boolean; readonly quiet?: boolean },
): string {
  const { runs } = summary;
  if (json) {
    const nothing: Summary = {
      status: 'up_to_date',
      duration_ms: 0,
      actions: { executed: 0, cached: 0, regenerated: 0 },
      runs,
      errors: [],
    };
    return `${JSON.stringify(nothing)}\n`;
  }
  if (quiet) return pathsText(summary);
  const count = runs.reduce((sum, run) => sum + run.components.length, 0);
  return `${[`up to date: ${counted(count, 'component')}`, ...runLines(runs)].join('\n')}\n`;
}

/** Where the results are: one line a run, those that failed first. */
function runLines(runs: readonly RunSummary[]): string[] {
  const names = shortNames(runs.map((run) => run.target));
  const failedFirst = [...runs].sort((a, b) => Number(b.status === 'error') - Number(a.status === 'error'));
  const told = failedFirst.filter((run) => run.manifest !== null || run.outputs.length > 0 || run.error);
  const shownRuns = told.slice(0, mostRunsShown);
  const width = Math.max(0, ...shownRuns.map((run) => names.get(run.target)?.length ?? 0));
  const isAllWell = told.every((run) => run.status === 'success');
  const lines = shownRuns.flatMap((run) => {
    const status = isAllWell ? '' : `${run.status.padEnd(9)}  `;
    const name = (names.get(run.target) ?? '').padEnd(width);
    return placesOf(run, { isAlone: runs.length === 1 }).map(
      (place) => `  ${status}${name}${width > 0 ? '  ' : ''}${place}`,
    );
  });
  if (told.length > mostRunsShown) lines.push(`  … and ${counted(told.length - mostRunsShown, 'more run')}`);
  return lines;
}

function placesOf(
  { error, manifest, report, outputs }: RunSummary,
  { isAlone }: { isAlone: boolean },
): string[] {
  if (error) return [error.code];
  const named = outputs.flatMap(({ path }) => (path === null ? [] : [shown(path)]));
  if (named.length > 0 || manifest === null) return named;
  if (report === undefined) return [shown(manifest)];
  return (isAlone ? [manifest, report] : [report]).map(shown); // The manifest lies beside the report's folder.
}
