/** What a build came to, as data and as text. */
import type { FlowError } from '../core/errors.ts';
import type { ComponentStatus, RunStatus, TimedEvent } from '../core/events.ts';
import type { RunOutcome } from '../run/build.ts';
import { shown } from './yaml-document.ts';

export interface Summary {
  readonly status: 'success' | 'error' | 'cancelled' | 'up_to_date';
  readonly duration_ms: number;
  readonly actions: { readonly executed: number; readonly cached: number; readonly regenerated: number };
  readonly runs: readonly RunSummary[];
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
    readonly error_code?: string;
    readonly reason?: string;
  }[];
}

/** Counts actions as they happen. */
export class ActionCounter {
  executed = 0;
  cached = 0;
  regenerated = 0;

  listen(event: TimedEvent): void {
    if (event.type === 'action_cached') this.cached += 1;
    if (event.type !== 'action_finished') return;
    if (event.reason === 'new') this.executed += 1;
    else this.regenerated += 1;
  }
}

export function summarise(
  outcomes: readonly RunOutcome[],
  refused: readonly { readonly name: string; readonly error: FlowError }[],
  counter: ActionCounter,
  durationMs: number,
): Summary {
  const runs = [...outcomes.map(summariseRun), ...refused.map(summariseRefused)];
  const isCancelled = runs.some((run) => run.status === 'cancelled');
  const isFailed = runs.some((run) => run.status === 'error');
  const { executed, cached, regenerated } = counter;
  return {
    status: isCancelled ? 'cancelled' : isFailed ? 'error' : 'success',
    duration_ms: Math.round(durationMs),
    actions: { executed, cached, regenerated },
    runs,
  };
}

function summariseRun({ spec, status, tallies }: RunOutcome): RunSummary {
  return {
    target: spec.scope.label,
    status,
    manifest: spec.record?.manifestPath ?? null,
    components: tallies.map((tally) => {
      const reason = tally.error?.message ?? tally.skipReason ?? tally.emptyReason;
      return {
        name: tally.component.name,
        status: tally.status,
        required: tally.component.isRequired,
        executed: tally.executed,
        ...(tally.error && { error_code: tally.error.code }),
        ...(reason !== undefined && { reason }),
      };
    }),
  };
}

function summariseRefused({ name, error }: { readonly name: string; readonly error: FlowError }): RunSummary {
  return {
    target: `run:${name}`,
    status: 'error',
    manifest: null,
    error: { code: error.code, message: error.message },
    components: [],
  };
}

/** The last lines of a build. */
export function summaryText({ status, duration_ms, actions, runs }: Summary): string {
  const { executed, cached, regenerated } = actions;
  const again = regenerated > 0 ? `, ${regenerated} made again for their bytes` : '';
  const lines = [
    `${status}: ${executed} actions ran, ${cached} cached${again}, in ${(duration_ms / 1000).toFixed(2)} s`,
  ];
  const partial = runs.filter((run) => run.status === 'partial').length;
  if (partial > 0) lines.push(`${partial} of ${runs.length} runs are partial: optional components failed`);
  for (const { manifest, status: runStatus, target } of runs.slice(0, 20)) {
    if (manifest) lines.push(`  ${runStatus.padEnd(7)} ${target} → ${shown(manifest)}`);
  }
  if (runs.length > 20) lines.push(`  … and ${runs.length - 20} more runs`);
  return `${lines.join('\n')}\n`;
}

/** What the same command says when nothing has changed since. */
export function upToDateText({ runs }: Summary, isJson: boolean): string {
  if (isJson) {
    const nothing: Summary = {
      status: 'up_to_date',
      duration_ms: 0,
      actions: { executed: 0, cached: 0, regenerated: 0 },
      runs,
    };
    return `${JSON.stringify(nothing)}\n`;
  }
  const lines = runs
    .slice(0, 20)
    .flatMap(({ manifest, target }) => (manifest ? [`  ${target} → ${shown(manifest)}`] : []));
  const count = runs.reduce((sum, run) => sum + run.components.length, 0);
  return [`up to date: ${count} components`, ...lines, ''].join('\n');
}
