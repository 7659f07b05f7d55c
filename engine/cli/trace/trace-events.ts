/**
 * A build in the Trace Event Format of Perfetto and chrome://tracing.
 *
 * A track for each thread with what it ran; what waited for a thread is a process of its own. Arrows lead from what
 * made an input to what read it. Two counters tell what runs and waits, and what is done.
 */
import type { TimedEvent } from '../../core/events.ts';
import { type ActionSpan, ActionSpans } from './action-spans.ts';
import { Lanes } from './lanes.ts';

/** Times are microseconds from the start of the build. */
export interface TraceEvent {
  readonly ph: 'M' | 'X' | 'b' | 'e' | 's' | 'f' | 'C' | 'i';
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  /** Pairs `b` with `e`, and `s` with `f`. */
  readonly id?: number;
  /** Of `f`: the arrow ends at the span that encloses it. */
  readonly bp?: 'e';
  /** Of `i`: how far it is seen. */
  readonly s?: 'p';
  readonly args?: Readonly<Record<string, unknown>>;
}

/** Where a span was drawn, for the arrows that begin there. */
interface Drawn {
  readonly tid: number;
  /** Within the span: an arrow is bound to what encloses its time. */
  readonly tailUs: number;
}

const running = { pid: 1, tid: 1 };
const waiting = { pid: 2, tid: 2 };
/** Has a track for each lane of each device. */
const models = { pid: 3, tid: 3 };

type BatchEvent = TimedEvent & { readonly type: 'batch_finished' };

export class TraceEvents {
  readonly #spans = new ActionSpans((span) => this.#draw(span));
  readonly #lanes = new Lanes();
  /** Where actions were drawn, by run: forgotten with the run. */
  readonly #drawn = new Map<string, Map<string, Drawn>>();
  /** By device and lane. */
  readonly #deviceTracks = new Map<string, number>();
  #events: TraceEvent[] = [];
  #originMs: number | undefined;
  #lastId = 0;
  #executed = 0;
  #cached = 0;

  constructor() {
    this.#add({ ph: 'M', ...running, name: 'process_name', args: { name: 'flow' } });
    this.#add({ ph: 'M', ...waiting, name: 'process_name', args: { name: 'flow: waiting' } });
    this.#add({ ph: 'M', ...models, name: 'process_name', args: { name: 'flow: models' } });
  }

  /** What an event adds to the trace. */
  eventsOf(event: TimedEvent): TraceEvent[] {
    this.#originMs ??= event.atMs;
    this.#spans.listen(event);
    this.#mark(event);
    if ('action' in event) this.#count(event);
    if (event.type === 'batch_finished') this.#drawBatch(event);
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #draw(span: ActionSpan): void {
    if (span.startedAtMs === undefined) return this.#drawWaiting(span, this.#us(span.endedAtMs));
    const [start, end] = [this.#us(span.startedAtMs), this.#us(span.endedAtMs)];
    const { lane, isNew, startUs, endUs } = this.#lanes.place(span.worker, start, end);
    const at = { pid: running.pid, tid: lane.tid };
    if (isNew) {
      this.#add({ ph: 'M', ...at, name: 'thread_name', args: { name: lane.name } });
      this.#add({ ph: 'M', ...at, name: 'thread_sort_index', args: { sort_index: lane.order } });
    }
    this.#drawWaiting(span, startUs);
    const [name, args] = [nameOf(span), argsOf(span)];
    this.#add({ ph: 'X', ...at, cat: 'run', name, ts: startUs, dur: endUs - startUs, args });
    this.#drawArrows(span, { tid: lane.tid, headUs: startUs });
    if (span.end !== 'retried') this.#remember(span, { tid: lane.tid, tailUs: endUs - 1 });
  }

  #drawBatch({ model, device, lane, items, waitedMs, startedAtMs, durationMs }: BatchEvent): void {
    const name = `${device} ${lane}`;
    const known = this.#deviceTracks.get(name);
    const at = { pid: models.pid, tid: known ?? models.tid + this.#deviceTracks.size };
    if (known === undefined) {
      this.#deviceTracks.set(name, at.tid);
      this.#add({ ph: 'M', ...at, name: 'thread_name', args: { name } });
    }
    const times = { ts: this.#us(startedAtMs), dur: Math.max(1, Math.round(durationMs * 1000)) };
    this.#add({ ph: 'X', ...at, cat: 'model', name: model, ...times, args: { items, waited_ms: waitedMs } });
  }

  #drawWaiting({ ref, queuedAtMs }: ActionSpan, endUs: number): void {
    this.#lastId += 1;
    const common = { ...waiting, cat: 'wait', name: ref.component, id: this.#lastId };
    const ts = Math.min(this.#us(queuedAtMs), endUs);
    this.#add({ ph: 'b', ...common, ts, args: { action: ref.action } });
    this.#add({ ph: 'e', ...common, ts: endUs });
  }

  #drawArrows({ ref, needs }: ActionSpan, { tid, headUs }: { tid: number; headUs: number }): void {
    for (const need of new Set(needs)) {
      const from = this.#drawn.get(ref.run)?.get(need);
      if (!from) continue; // It was cached: nothing ran.
      this.#lastId += 1;
      const common = { pid: running.pid, cat: 'input', name: 'input', id: this.#lastId };
      this.#add({ ph: 's', ...common, tid: from.tid, ts: from.tailUs });
      this.#add({ ph: 'f', bp: 'e', ...common, tid, ts: headUs });
    }
  }

  #remember({ ref }: ActionSpan, drawn: Drawn): void {
    const ofRun = this.#drawn.get(ref.run) ?? new Map<string, Drawn>();
    this.#drawn.set(ref.run, ofRun.set(ref.action, drawn));
  }

  #mark(event: TimedEvent): void {
    switch (event.type) {
      case 'build_started':
        return this.#instant(event, 'build started', { targets: event.targets, jobs: event.jobs });
      case 'run_started':
        return this.#instant(event, `started ${event.run}`, { stage: event.stage, profile: event.profile });
      case 'action_failed':
      case 'action_retried': {
        const { code, message } = event.error;
        const what = event.type === 'action_failed' ? 'failed' : 'to be retried';
        return this.#instant(event, `${what}: ${event.component}`, { action: event.action, code, message });
      }
      case 'warning':
        return this.#instant(event, 'warning', { message: event.message });
      case 'run_finished':
        this.#drawn.delete(event.run);
        return this.#instant(event, `finished ${event.run}`, { status: event.status });
      case 'build_finished':
        return this.#instant(event, 'build finished', { status: event.status });
      default: // Has its span, or is told by those.
    }
  }

  #instant({ atMs }: TimedEvent, name: string, args: TraceEvent['args'] & {}): void {
    this.#add({ ph: 'i', s: 'p', ...running, cat: 'mark', name, ts: this.#us(atMs), args });
  }

  #count({ type, atMs }: TimedEvent): void {
    if (type === 'action_finished') this.#executed += 1;
    if (type === 'action_cached') this.#cached += 1;
    const at = { ph: 'C', ...running, ts: this.#us(atMs) } as const;
    this.#add({ ...at, name: 'actions', args: { running: this.#spans.running, queued: this.#spans.queued } });
    this.#add({ ...at, name: 'done', args: { executed: this.#executed, cached: this.#cached } });
  }

  /** A clock that is set back gives no time before the start of the build. */
  #us(atMs: number): number {
    return Math.max(0, Math.round((atMs - this.#originMs!) * 1000));
  }

  #add(event: TraceEvent): void {
    this.#events.push(event);
  }
}

/** The component, with the number of its segment. */
function nameOf({ ref }: ActionSpan): string {
  return ref.segment === undefined ? ref.component : `${ref.component} #${ref.segment}`;
}

function argsOf({
  ref,
  key,
  reason,
  attempt,
  end,
  bytes,
  warnings,
  error,
}: ActionSpan): TraceEvent['args'] & {} {
  return {
    action: ref.action,
    run: ref.run,
    ...(ref.frames !== undefined && { frames: ref.frames }),
    key,
    reason,
    attempt,
    end,
    bytes,
    ...(warnings.length > 0 && { warnings }),
    ...(error && { error: error.code }),
  };
}
