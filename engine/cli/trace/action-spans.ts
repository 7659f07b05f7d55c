/** Folds the events of a build into spans: when each action waited, and when and where it ran. */
import type { Digest } from '../../core/digest.ts';
import type { ErrorRecord } from '../../core/errors.ts';
import type { ActionReason, ActionRef, TimedEvent } from '../../core/events.ts';

/** One attempt at an action. All times are milliseconds since 1970, with their fraction. */
export interface ActionSpan {
  readonly ref: ActionRef;
  readonly key: Digest;
  readonly reason: ActionReason;
  /** From 1. */
  readonly attempt: number;
  /** The actions whose outputs it reads. */
  readonly needs: readonly string[];
  readonly queuedAtMs: number;
  /** Absent where it never came to run: another process did it, or the build stopped. */
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number;
  /** The thread that performed it, 0 is the engine's; absent where it never ran, or its thread was lost. */
  readonly worker: number | undefined;
  readonly end: 'success' | 'empty' | 'error' | 'retried' | 'not_run';
  readonly bytes: number;
  readonly warnings: readonly string[];
  readonly error: ErrorRecord | undefined;
}

interface Open extends Pick<ActionSpan, 'ref' | 'key' | 'reason' | 'needs' | 'queuedAtMs'> {
  attempt: number;
  /** When the engine gave it away; its thread knows better when it began. */
  givenAtMs: number | undefined;
}

/** The events that end an attempt. */
type EndEvent = Extract<TimedEvent, { type: 'action_finished' | 'action_failed' | 'action_retried' }>;

/** Holds what is waiting or running, nothing else: memory does not grow with the length of a build. */
export class ActionSpans {
  readonly #onSpan: (span: ActionSpan) => void;
  readonly #open = new Map<string, Open>();
  #running = 0;

  constructor(onSpan: (span: ActionSpan) => void) {
    this.#onSpan = onSpan;
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#open.size - this.#running;
  }

  listen(event: TimedEvent): void {
    switch (event.type) {
      case 'action_queued': {
        const { key, reason, needs, atMs } = event;
        this.#wait({ ref: refOf(event), key, reason, needs, queuedAtMs: atMs });
        break;
      }
      case 'action_started':
        this.#start(event);
        break;
      case 'action_cached':
        this.#leave(event.action, event.atMs);
        break;
      case 'action_finished':
      case 'action_failed':
      case 'action_retried':
        this.#end(event);
        break;
      case 'build_finished':
        for (const action of [...this.#open.keys()]) this.#leave(action, event.atMs);
        break;
      default: // Is about no single action.
    }
  }

  #wait(facts: Omit<Open, 'attempt' | 'givenAtMs'>): void {
    this.#open.set(facts.ref.action, { ...facts, attempt: 0, givenAtMs: undefined });
  }

  #start({ action, attempt, atMs }: Extract<TimedEvent, { type: 'action_started' }>): void {
    const open = this.#open.get(action);
    if (!open) return;
    open.attempt = attempt;
    open.givenAtMs = atMs;
    this.#running += 1;
  }

  /** It will not run: another process has its result, or the build is over. */
  #leave(action: string, atMs: number): void {
    const open = this.#take(action);
    if (open) this.#onSpan(spanOf(open, { end: 'not_run', startedAtMs: undefined, endedAtMs: atMs }));
  }

  #end(event: EndEvent): void {
    const open = this.#take(event.action);
    if (!open) return; // It ran well, and then its outputs could not be delivered.
    const startedAtMs = event.startedAtMs ?? open.givenAtMs;
    const endedAtMs =
      startedAtMs === undefined ? event.atMs : startedAtMs + (event.durationMs ?? event.atMs - startedAtMs);
    this.#onSpan(spanOf(open, { ...endOf(event), worker: event.worker, startedAtMs, endedAtMs }));
    if (event.type === 'action_retried') this.#wait({ ...open, queuedAtMs: Math.max(event.atMs, endedAtMs) });
  }

  #take(action: string): Open | undefined {
    const open = this.#open.get(action);
    this.#open.delete(action);
    if (open?.givenAtMs !== undefined) this.#running -= 1;
    return open;
  }
}

function refOf({ action, component, run, segment, frames }: ActionRef): ActionRef {
  return {
    action,
    component,
    run,
    ...(segment !== undefined && { segment }),
    ...(frames !== undefined && { frames }),
  };
}

function endOf(event: EndEvent): Pick<ActionSpan, 'end'> & Partial<ActionSpan> {
  if (event.type === 'action_finished') {
    const { status, bytes, warnings } = event;
    return { end: status, bytes, warnings };
  }
  return { end: event.type === 'action_failed' ? 'error' : 'retried', error: event.error };
}

type Ending = Pick<ActionSpan, 'end' | 'startedAtMs' | 'endedAtMs'> & Partial<ActionSpan>;

function spanOf({ ref, key, reason, needs, queuedAtMs, attempt }: Open, ending: Ending): ActionSpan {
  const nothing = { worker: undefined, bytes: 0, warnings: [], error: undefined };
  // The events are told in whole milliseconds, the threads tell fractions.
  const waitedFromMs = Math.min(queuedAtMs, ending.startedAtMs ?? ending.endedAtMs);
  return { ...nothing, ref, key, reason, needs, queuedAtMs: waitedFromMs, attempt, ...ending };
}
