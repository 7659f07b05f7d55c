/** Tells of a build that never was: the events that its listeners would get, with a clock that is moved by hand. */
import type { DurationHistory } from '../../../engine/cli/terminal/work-left.ts';
import { digestOf } from '../../../engine/core/digest.ts';
import { cancelled, FlowError, toRecord } from '../../../engine/core/errors.ts';
import type { ActionReason, ActionRef, FlowEvent, Listener, RunStatus } from '../../../engine/core/events.ts';

export const nothingKnown: DurationHistory = { expectedMs: () => undefined };

const key = digestOf('a key');

interface Ran {
  readonly reason?: ActionReason;
  readonly durationMs?: number;
  readonly frames?: number;
  readonly bytes?: number;
  readonly warnings?: readonly string[];
}

export class Telling {
  nowMs = 1_000_000;
  readonly #listener: Listener;

  constructor(listener: Listener) {
    this.#listener = listener;
  }

  pass(ms: number): void {
    this.nowMs += ms;
  }

  build({ jobs = 2 } = {}): void {
    this.#emit({ type: 'build_started', targets: [], jobs });
  }

  runStarted(run: string): void {
    this.#emit({ type: 'run_started', run, stage: 'baseline', profile: 'default', components: [] });
  }

  /** A run begins, and all of its actions are known. */
  plan(run: string, components: Readonly<Record<string, number>>): void {
    this.runStarted(run);
    this.planTable(run, {});
    this.planTable(run, components);
  }

  planTable(run: string, components: Readonly<Record<string, number>>): void {
    const count = Object.values(components).reduce((sum, one) => sum + one, 0);
    this.#emit({ type: 'actions_planned', run, count, components });
  }

  cached(run: string, component: string, segment: number, { bytes = 0 } = {}): void {
    this.#emit({ type: 'action_cached', ...ref(run, component, segment), key, source: 'local', bytes });
  }

  queued(run: string, component: string, segment: number, needs: readonly string[] = []): void {
    this.#emit({ type: 'action_queued', ...ref(run, component, segment), key, reason: 'new', needs });
  }

  started(run: string, component: string, segment: number, { reason = 'new' }: Ran = {}): void {
    this.#emit({ type: 'action_started', ...ref(run, component, segment), reason, attempt: 1 });
  }

  finished(run: string, component: string, segment: number, ran: Ran = {}): void {
    const { reason = 'new', durationMs = 0, frames, bytes = 0, warnings = [] } = ran;
    this.#emit({
      type: 'action_finished',
      ...ref(run, component, segment),
      ...(frames !== undefined && { frames }),
      key,
      reason,
      status: 'success',
      durationMs,
      startedAtMs: this.nowMs - durationMs,
      bytes,
      worker: 1,
      warnings,
    });
  }

  /** Starts, takes its time, and is finished. */
  ran(run: string, component: string, segment: number, ran: Ran = {}): void {
    this.started(run, component, segment, ran);
    this.pass(ran.durationMs ?? 0);
    this.finished(run, component, segment, ran);
  }

  failed(run: string, component: string, segment: number, how: 'failed' | 'cancelled' = 'failed'): void {
    const error = toRecord(how === 'cancelled' ? cancelled() : broken());
    this.#emit({ type: 'action_failed', ...ref(run, component, segment), error });
  }

  retried(run: string, component: string, segment: number): void {
    const error = toRecord(broken());
    this.#emit({ type: 'action_retried', ...ref(run, component, segment), attempt: 1, delayMs: 200, error });
  }

  componentOver(run: string, component: string, { durationMs = 0 } = {}): void {
    this.#emit({
      type: 'component_finished',
      run,
      component,
      status: 'success',
      isRequired: true,
      cache: 'none',
      durationMs,
      outputs: 1,
      bytes: 0,
    });
  }

  runOver(run: string, status: RunStatus): void {
    this.#emit({ type: 'run_finished', run, status });
  }

  progress({ doneBytes, totalBytes }: { doneBytes: number; totalBytes: number }): void {
    this.#emit({ type: 'progress', activity: 'hash', name: 'a.mp4', doneBytes, totalBytes });
  }

  #emit(event: FlowEvent): void {
    this.#listener({ ...event, atMs: this.nowMs });
  }
}

function ref(run: string, component: string, segment: number): ActionRef {
  return { action: `${run}//${component}#${segment}`, component, run, segment };
}

function broken(): FlowError {
  return new FlowError({
    code: 'rule_failed',
    blame: 'rule',
    message: 'Cannot finish the rule: it is broken.',
    fix: 'Correct the rule.',
  });
}
