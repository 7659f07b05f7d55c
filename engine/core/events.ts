/** Everything that happens in a build. Reporters, journals, traces and views are listeners to this one stream. */
import type { ErrorRecord } from './errors.ts';

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
}

export type FlowEvent =
  | { readonly type: 'build_started'; readonly targets: readonly string[]; readonly jobs: number }
  | { readonly type: 'actions_planned'; readonly run: string; readonly count: number }
  | ({ readonly type: 'action_cached'; readonly source: CacheSource } & ActionRef)
  | ({
      readonly type: 'action_started';
      readonly reason: 'new' | 'regenerate';
      readonly attempt: number;
    } & ActionRef)
  | ({
      readonly type: 'action_finished';
      readonly reason: 'new' | 'regenerate';
      readonly status: 'success' | 'empty';
      readonly durationMs: number;
      readonly bytes: number;
      readonly warnings: readonly string[];
    } & ActionRef)
  | ({
      readonly type: 'action_retried';
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: ErrorRecord;
    } & ActionRef)
  | ({ readonly type: 'action_failed'; readonly error: ErrorRecord } & ActionRef)
  | {
      readonly type: 'component_finished';
      readonly run: string;
      readonly component: string;
      readonly status: ComponentStatus;
      readonly isRequired: boolean;
      readonly cache: CacheSource;
      readonly durationMs: number;
      readonly reason?: string;
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
