/** Everything that happens in a build. Reporters, journals, traces and views are listeners to this one stream. */
import type { Digest } from './digest.ts';
import type { ErrorCode, ErrorRecord } from './errors.ts';

export type CacheSource = 'local' | 'remote' | 'none';

export type ComponentStatus = 'success' | 'empty' | 'error' | 'skipped';

export type RunStatus = 'running' | 'success' | 'partial' | 'error' | 'cancelled';

/** What an event about one action says of it. */
export interface ActionRef {
  /** Unique in the build: `run:clip.mp4//decode{…}#3`. */
  readonly action: string;
  readonly component: string;
  /** Label of the run, or the empty text for workspace targets. */
  readonly run: string;
  readonly segment?: number;
  /** Frames of the source in its segment. */
  readonly frames?: number;
}

/** Who performed an action, and when: measured by the thread itself, so that waiting for it is no part of it. */
export interface Performed {
  /** The thread; 0 is the engine's own. */
  readonly worker: number;
  /** Milliseconds since 1970, with their fraction. Actions that are performed together share their time out in turn. */
  readonly startedAtMs: number;
  readonly durationMs: number;
}

/** Why an action runs: for the first time, or because the bytes that it gave are wanted again. */
export type ActionReason = 'new' | 'regenerate';

/** A component of a run that begins: it waits. */
export interface StartedComponent {
  readonly name: string;
  readonly processor: string;
  readonly isRequired: boolean;
}

/** What names a run among all runs of a result store. */
export interface RunName {
  readonly platformId: string;
  readonly videoId: string;
  readonly runId: string;
}

export type FlowEvent =
  | { readonly type: 'build_started'; readonly targets: readonly string[]; readonly jobs: number }
  | {
      readonly type: 'run_started';
      readonly run: string;
      /** Absent for the workspace's targets. */
      readonly name?: RunName;
      readonly stage: string;
      readonly profile: string;
      readonly components: readonly StartedComponent[];
    }
  | {
      readonly type: 'actions_planned';
      readonly run: string;
      readonly count: number;
      /** How many of them are of which component. */
      readonly components: Readonly<Record<string, number>>;
    }
  | ({
      readonly type: 'action_cached';
      readonly key: Digest;
      readonly source: CacheSource;
      /** Size of its lasting outputs. */
      readonly bytes: number;
    } & ActionRef)
  | ({
      readonly type: 'action_queued';
      readonly key: Digest;
      readonly reason: ActionReason;
      /** The actions whose outputs it reads. */
      readonly needs: readonly string[];
    } & ActionRef)
  | ({ readonly type: 'action_started'; readonly reason: ActionReason; readonly attempt: number } & ActionRef)
  | ({
      readonly type: 'action_finished';
      readonly key: Digest;
      readonly reason: ActionReason;
      readonly status: 'success' | 'empty';
      readonly bytes: number;
      readonly warnings: readonly string[];
    } & Performed &
      ActionRef)
  | ({
      readonly type: 'action_retried';
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: ErrorRecord;
    } & Partial<Performed> &
      ActionRef)
  /** Who performed it is not known where no thread has answered: it never ran, or its thread was lost or ended. */
  | ({ readonly type: 'action_failed'; readonly error: ErrorRecord } & Partial<Performed> & ActionRef)
  | {
      readonly type: 'component_finished';
      readonly run: string;
      readonly component: string;
      readonly status: ComponentStatus;
      readonly isRequired: boolean;
      readonly cache: CacheSource;
      readonly durationMs: number;
      /** Number and size of the files that it gave. */
      readonly outputs: number;
      readonly bytes: number;
      readonly reason?: string;
      readonly errorCode?: ErrorCode;
    }
  | {
      /** Something that is no action takes its time. */
      readonly type: 'progress';
      readonly activity: 'hash' | 'download' | 'upload' | 'collect';
      readonly name: string;
      readonly doneBytes: number;
      readonly totalBytes: number;
    }
  | {
      /** A model has run on a batch of items. */
      readonly type: 'batch_finished';
      /** `name:version`. */
      readonly model: string;
      readonly device: string;
      /** Which of those that work on the device at once; from 0. */
      readonly lane: number;
      readonly items: number;
      /** How long the oldest of them had waited; milliseconds. */
      readonly waitedMs: number;
      readonly startedAtMs: number;
      readonly durationMs: number;
    }
  | { readonly type: 'warning'; readonly message: string }
  | {
      readonly type: 'run_finished';
      readonly run: string;
      readonly status: RunStatus;
      readonly manifest?: string;
    }
  | {
      readonly type: 'build_finished';
      readonly status: 'success' | 'error' | 'cancelled';
      readonly durationMs: number;
    };

/** An event with the time at which it happened; milliseconds since 1970. */
export type TimedEvent = FlowEvent & { readonly atMs: number };

export type Listener = (event: TimedEvent) => void;

export class EventStream {
  readonly #listeners: Listener[] = [];
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  listen(listener: Listener): void {
    this.#listeners.push(listener);
  }

  emit(event: FlowEvent): void {
    const timed = { ...event, atMs: this.#nowMs() };
    for (const listener of this.#listeners) listener(timed);
  }
}
