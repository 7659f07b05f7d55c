/** What has become of one component in one run. */
import type { Component } from '../core/component.ts';
import type { Digest } from '../core/digest.ts';
import type { ErrorRecord } from '../core/errors.ts';
import type { CacheSource, ComponentStatus } from '../core/events.ts';
import type { ManifestOutput } from '../core/manifest.ts';
import type { ActionNode } from '../core/plan.ts';

export class Tally {
  readonly component: Component;
  /** The nodes whose outputs are the component's result. */
  finals: readonly ActionNode[] = [];
  readonly delivered = new Set<ActionNode>();
  outputs: readonly ManifestOutput[] = [];
  /** The action key of its result. */
  key: Digest | undefined;
  /** Actions that ran in this build. */
  executed = 0;
  /** Some of its results were made on other machines. */
  isRemote = false;
  durationMs = 0;
  startedAtMs: number | undefined;
  error: ErrorRecord | undefined;
  skipReason: string | undefined;
  emptyReason: string | undefined;
  readonly warnings = new Set<string>();
  /** Its end has been told. */
  isTold = false;

  constructor(component: Component) {
    this.component = component;
  }

  get isOver(): boolean {
    if (this.error !== undefined || this.skipReason !== undefined) return true;
    return this.finals.every((node) => this.delivered.has(node));
  }

  get status(): ComponentStatus {
    if (this.error) return 'error';
    if (this.skipReason !== undefined) return 'skipped';
    return this.emptyReason === undefined ? 'success' : 'empty';
  }

  /** Why the status is not plain success. */
  get reason(): string | undefined {
    return this.error?.message ?? this.skipReason ?? this.emptyReason;
  }

  get cache(): CacheSource {
    if (this.executed > 0 || this.error || this.skipReason !== undefined) return 'none';
    return this.isRemote ? 'remote' : 'local';
  }
}
