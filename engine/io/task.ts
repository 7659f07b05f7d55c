/** What is handed to whoever performs an action: plain data and shared memory, so that it can cross to a worker. */
import type { EncodedArtifact } from '../core/artifact-codec.ts';
import type { BundleRef } from '../core/component.ts';
import type { ErrorRecord } from '../core/errors.ts';
import type { Performed } from '../core/events.ts';
import type { Segment } from '../core/kind.ts';
import type { PartOrigin } from '../core/rule.ts';
import type { TaskModels } from './inference/line.ts';

export type TaskInput =
  | { readonly type: 'absent'; readonly name: string }
  | {
      readonly type: 'files';
      readonly name: string;
      readonly isList: boolean;
      readonly files: readonly { name: string; path: string }[];
    }
  | {
      readonly type: 'artifact';
      readonly name: string;
      readonly bytes: Uint8Array;
      readonly haloFrames?: number;
    };

/** One action. */
export interface TaskCall {
  readonly params: Readonly<Record<string, unknown>>;
  readonly segment: Segment | undefined;
  readonly inputs: readonly TaskInput[];
  readonly parts: readonly {
    readonly origin: PartOrigin;
    readonly outputs: Readonly<Record<string, Uint8Array>>;
    /** Why the part is empty, if it is. */
    readonly emptyReason?: string | undefined;
  }[];
  /** The document for `meta`, without what only the result tells. */
  readonly meta: Readonly<Record<string, unknown>>;
}

export interface Task {
  readonly bundle: BundleRef;
  readonly phase: 'run' | 'merge';
  /** Undefined for a rule without models. */
  readonly models?: TaskModels | undefined;
  /** Several only for a rule that can do them together. */
  readonly calls: readonly TaskCall[];
}

export interface CallResult {
  readonly outputs: Readonly<Record<string, EncodedArtifact>>;
  readonly emptyReason: string | undefined;
  readonly warnings: readonly string[];
}

export type TaskResult = Performed &
  ({ readonly results: readonly CallResult[] } | { readonly error: ErrorRecord });
