/**
 * How far a build is: what the view shows, kept up to date by events.
 *
 * An event costs the same however large the build is, and what is kept grows with the runs that are not over, not with
 * all actions: a build of 500 runs may go on for days.
 */
import type { ActionRef, RunStatus, TimedEvent } from '../../core/events.ts';
import { type DurationHistory, WorkLeft } from './work-left.ts';

export interface RunningAction {
  readonly component: string;
  /** Label of its run. */
  readonly run: string;
  readonly segment?: number;
  readonly elapsedMs: number;
}

export interface RunningRun {
  readonly run: string;
  /** Actions. */
  readonly done: number;
  readonly planned: number;
  /** Those that run now; the oldest first. */
  readonly actions: readonly RunningAction[];
}

/** Something that is no action and takes its time. */
export interface Activity {
  readonly activity: (TimedEvent & { type: 'progress' })['activity'];
  readonly name: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface Progress {
  readonly elapsedMs: number;
  /** Time that the rest is likely to take; undefined while nobody can tell. */
  readonly leftMs?: number;
  /** From 0 to 1; undefined before the actions of any run are known. */
  readonly share?: number;
  readonly done: number;
  readonly planned: number;
  /** There are runs whose actions are not all known yet. */
  readonly isPlanning: boolean;
  readonly jobs: number;
  /** The oldest first. */
  readonly running: readonly RunningAction[];
  /** Runs that have actions running, in the order of the build. */
  readonly activeRuns: readonly RunningRun[];
  readonly runs: { readonly waiting: number; readonly running: number } & Readonly<Record<EndStatus, number>>;
  readonly queued: number;
  readonly ran: number;
  readonly cached: { readonly local: number; readonly remote: number; readonly bytes: number };
  readonly failed: number;
  readonly retried: number;
  /** Of the source, since the first action began; undefined before the first segment is done. */
  readonly framesPerSecond?: number;
  readonly activities: readonly Activity[];
}

type EndStatus = Exclude<RunStatus, 'running'>;

/** The rate of a build's first moments says little of the rest. */
const warmUpMs = 2000;

export class BuildProgress {
  readonly #work: WorkLeft;
  readonly #runs = new Map<string, Run>();
  readonly #running = new Map<string, Started>();
  readonly #activities = new Map<string, Activity>();
  readonly #ended: Record<EndStatus, number> = { success: 0, partial: 0, error: 0, cancelled: 0 };
  readonly #cached = { local: 0, remote: 0, bytes: 0 };
  #jobs = 1;
  #startedMs: number | undefined;
  #firstActionMs: number | undefined;
  #knownRuns = 0;
  #plannedRuns = 0;
  #begunRuns = 0;
  #planned = 0;
  #left = 0;
  #queued = 0;
  #ran = 0;
  #failed = 0;
  #retried = 0;
  #frames = 0;

  constructor(history: DurationHistory) {
    this.#work = new WorkLeft(history);
  }

  listen(event: TimedEvent): void {
    switch (event.type) {
      case 'build_started':
        this.#startedMs = event.atMs;
        this.#jobs = event.jobs;
        return;
      case 'run_started':
        this.#runs.set(event.run, newRun(this.#knownRuns));
        this.#knownRuns += 1;
        return;
      case 'actions_planned':
        return this.#plan(event);
      case 'action_cached':
        this.#cached[event.source === 'remote' ? 'remote' : 'local'] += 1;
        this.#cached.bytes += event.bytes;
        return this.#settled(event);
      case 'action_queued':
        return this.#queue(event);
      case 'action_started':
        return this.#start(event);
      case 'action_finished':
        return this.#finish(event);
      case 'action_retried':
        this.#retried += 1;
        this.#running.delete(event.action);
        return this.#queue(event);
      case 'action_failed':
        if (event.error.code !== 'cancelled') this.#failed += 1;
        return this.#settled(event);
      case 'component_finished':
        return this.#dropRest(event.run, event.component);
      case 'progress':
        return this.#progress(event);
      case 'run_finished':
        return this.#end(event);
      case 'batch_finished':
      case 'warning':
      case 'build_finished':
        return;
      default:
        event satisfies never;
    }
  }

  /** @param nowMs milliseconds since 1970, as in the events */
  at(nowMs: number): Progress {
    const running = [...this.#running.values()].map(({ sinceMs, ...action }) => ({
      ...action,
      elapsedMs: nowMs - sinceMs,
    }));
    const framesMs = nowMs - (this.#firstActionMs ?? nowMs);
    const leftMs = this.#leftMs(nowMs, running);
    const share = this.#share();
    return {
      elapsedMs: nowMs - (this.#startedMs ?? nowMs),
      ...(leftMs !== undefined && { leftMs }),
      ...(share !== undefined && { share }),
      done: this.#planned - this.#left,
      planned: this.#planned,
      isPlanning: this.#plannedRuns < this.#knownRuns,
      jobs: this.#jobs,
      running,
      activeRuns: this.#activeRuns(running),
      runs: {
        waiting: this.#knownRuns - this.#begunRuns,
        running: this.#begunRuns - Object.values(this.#ended).reduce((sum, count) => sum + count, 0),
        ...this.#ended,
      },
      queued: this.#queued,
      ran: this.#ran,
      cached: { ...this.#cached },
      failed: this.#failed,
      retried: this.#retried,
      ...(this.#frames > 0 && framesMs > 0 && { framesPerSecond: (this.#frames * 1000) / framesMs }),
      activities: [...this.#activities.values()],
    };
  }

  // ---- Runs -----------------------------------------------------------------------------------------------------

  /** A run is planned twice: what its table of segments needs, then the rest. */
  #plan({ run: label, count, components }: TimedEvent & { type: 'actions_planned' }): void {
    const run = this.#runs.get(label);
    if (!run) return;
    for (const [component, more] of Object.entries(components)) {
      run.leftOf.set(component, (run.leftOf.get(component) ?? 0) + more);
      this.#work.add(component, more);
    }
    run.planned += count;
    run.left += count;
    run.plans += 1;
    if (run.plans === 2) this.#plannedRuns += 1;
    this.#planned += count;
    this.#left += count;
  }

  /** What is left of a run that has failed or was stopped will never be done. */
  #end({ run: label, status }: TimedEvent & { type: 'run_finished' }): void {
    const run = this.#runs.get(label);
    if (!run) return;
    for (const component of run.leftOf.keys()) this.#dropRest(label, component);
    this.#begin(run);
    if (run.plans < 2) this.#plannedRuns += 1;
    this.#queued -= run.queued.size;
    if (status !== 'running') this.#ended[status] += 1;
    this.#runs.delete(label);
  }

  #begin(run: Run): void {
    if (run.hasBegun) return;
    run.hasBegun = true;
    this.#begunRuns += 1;
  }

  #activeRuns(running: readonly RunningAction[]): RunningRun[] {
    return [...Map.groupBy(running, ({ run }) => run)]
      .flatMap(([label, actions]) => {
        const run = this.#runs.get(label);
        return run ? [{ label, run, actions }] : [];
      })
      .sort((a, b) => a.run.index - b.run.index) // Rows that keep their order can be read while they change.
      .map(({ label, run: { planned, left }, actions }) => ({
        run: label,
        done: planned - left,
        planned,
        actions,
      }));
  }

  // ---- Actions --------------------------------------------------------------------------------------------------

  #queue({ run: label, action }: ActionRef): void {
    const run = this.#runs.get(label);
    if (!run || run.queued.has(action)) return;
    run.queued.add(action);
    this.#queued += 1;
  }

  #unqueue(run: Run | undefined, action: string): void {
    if (run?.queued.delete(action)) this.#queued -= 1;
  }

  #start({ action, component, run: label, segment, atMs }: TimedEvent & { type: 'action_started' }): void {
    const run = this.#runs.get(label);
    this.#unqueue(run, action);
    if (run) this.#begin(run);
    this.#firstActionMs ??= atMs;
    this.#running.set(action, {
      component,
      run: label,
      ...(segment !== undefined && { segment }),
      sinceMs: atMs,
    });
  }

  #finish(event: TimedEvent & { type: 'action_finished' }): void {
    this.#work.ran(event.component, event.durationMs);
    this.#countFrames(event);
    if (event.reason === 'regenerate') {
      this.#running.delete(event.action);
      return;
    }
    this.#ran += 1;
    this.#settled(event);
  }

  /** Several components do the same segment; its frames count once. */
  #countFrames({ run: label, segment, frames }: ActionRef): void {
    const done = this.#runs.get(label)?.segments;
    if (segment === undefined || frames === undefined || !done || done.has(segment)) return;
    done.add(segment);
    this.#frames += frames;
  }

  #settled({ action, component, run: label }: ActionRef): void {
    this.#running.delete(action);
    const run = this.#runs.get(label);
    if (!run) return;
    this.#unqueue(run, action);
    this.#begin(run);
    const left = run.leftOf.get(component) ?? 0;
    if (left === 0) return; // Its component was given up before, or it failed after it was done.
    run.leftOf.set(component, left - 1);
    run.left -= 1;
    this.#left -= 1;
    this.#work.add(component, -1);
  }

  /** A component that is over has nothing more to do: what it did not get to do is not planned any more. */
  #dropRest(label: string, component: string): void {
    const run = this.#runs.get(label);
    const left = run?.leftOf.get(component) ?? 0;
    if (!run || left === 0) return;
    run.leftOf.set(component, 0);
    run.left -= left;
    run.planned -= left;
    this.#left -= left;
    this.#planned -= left;
    this.#work.add(component, -left);
  }

  #progress({ activity, name, doneBytes, totalBytes }: TimedEvent & { type: 'progress' }): void {
    const key = `${activity} ${name}`;
    if (doneBytes >= totalBytes) this.#activities.delete(key);
    else this.#activities.set(key, { activity, name, doneBytes, totalBytes });
  }

  // ---- Estimates ------------------------------------------------------------------------------------------------

  /** Runs that are not planned yet count as much as the mean of the others. */
  #share(): number | undefined {
    if (this.#plannedRuns === 0 || this.#planned === 0) return undefined;
    const whole = this.#planned * (this.#knownRuns / this.#plannedRuns);
    return (this.#planned - this.#left) / whole;
  }

  #leftMs(nowMs: number, running: readonly RunningAction[]): number | undefined {
    const plannedMs = this.#work.leftMs();
    const busyMs = nowMs - (this.#firstActionMs ?? nowMs);
    if (plannedMs === undefined || this.#plannedRuns === 0 || busyMs < warmUpMs) return undefined;
    let begunMs = 0;
    let longestMs = 0;
    for (const { component, elapsedMs } of running) {
      const expectedMs = this.#work.expectedMs(component) ?? 0;
      const ageMs = Math.min(elapsedMs, expectedMs);
      begunMs += ageMs;
      longestMs = Math.max(longestMs, expectedMs - ageMs);
    }
    const spentMs = this.#work.spentMs + begunMs;
    const perRunMs = (this.#work.spentMs + plannedMs) / this.#plannedRuns;
    const restMs = plannedMs - begunMs + perRunMs * (this.#knownRuns - this.#plannedRuns);
    const parallel = Math.min(this.#jobs, Math.max(1, spentMs / busyMs));
    return Math.max(longestMs, restMs / parallel);
  }
}

type Started = Omit<RunningAction, 'elapsedMs'> & { readonly sinceMs: number };

interface Run {
  /** Its place in the order of the build. */
  readonly index: number;
  planned: number;
  left: number;
  /** How often actions of it were planned. */
  plans: number;
  hasBegun: boolean;
  readonly leftOf: Map<string, number>;
  readonly queued: Set<string>;
  /** Segments that something has been done with. */
  readonly segments: Set<number>;
}

function newRun(index: number): Run {
  return {
    index,
    planned: 0,
    left: 0,
    plans: 0,
    hasBegun: false,
    leftOf: new Map(),
    queued: new Set(),
    segments: new Set(),
  };
}
