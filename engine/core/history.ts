/** What actions have been on this machine before: the keys that each of them has had, and what came of them. */
import { canonicalJson } from './canonical-json.ts';
import type { Digest } from './digest.ts';
import type { ActionNode } from './plan.ts';

/** Names an action from build to build, whatever its key is. */
export interface ActionPlace {
  /** Path of the run's video, or the empty text for the workspace's targets. */
  readonly origin: string;
  readonly component: string;
  readonly phase: 'run' | 'merge';
  /** Position of its segment, or null for an action on the whole. */
  readonly segment: number | null;
  /** What it was asked for, where its rule takes requests; else the empty text. */
  readonly request: string;
}

export interface PastKey {
  readonly key: Digest;
  readonly request: string;
  /** When the build began in which the action came to have this key; milliseconds since 1970. */
  readonly atMs: number;
  /** How its result came about then. */
  readonly outcome: 'ran' | 'cached';
  /** Of its execution, wherever that was. */
  readonly durationMs: number;
}

export interface History {
  /** The keys of an action, the newest first, whatever it was asked for. */
  of(place: ActionPlace): readonly PastKey[];
  /** When the last build began that had anything to do with an origin; milliseconds since 1970. */
  lastBuildMs(origin: string): number | undefined;
  /** Typical time of an action of a component; milliseconds. Undefined where none has ever run. */
  expectedMs(component: string, phase: 'run' | 'merge'): number | undefined;
}

/** Is told what becomes of every action. */
export interface HistoryWriter {
  note(place: ActionPlace, past: Omit<PastKey, 'request'>): void;
}

export function placeOf({ scope, component, phase, segment, params }: ActionNode): ActionPlace {
  return {
    origin: scope.origin,
    component: component.name,
    phase,
    segment: segment?.index ?? null,
    request: params.request === undefined ? '' : canonicalJson(params.request),
  };
}
