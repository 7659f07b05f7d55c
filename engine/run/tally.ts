/** What has become of one component in one run: its actions counted, its status decided when the last one is settled. */
import type { Component } from '../core/component.ts';
import type { ErrorRecord } from '../core/errors.ts';
import type { CacheSource, ComponentStatus } from '../core/events.ts';
import type { ActionNode } from '../core/plan.ts';

export class Tally {
  readonly component: Component;
  finals: readonly ActionNode[] = [];
  executed = 0;
  durationMs = 0;
  startedAtMs: number | undefined;
  error: ErrorRecord | undefined;
  skipReason: string | undefined;
  emptyReason: string | undefined;
  readonly warnings = new Set<string>();
  isFinished = false;

  constructor(component: Component) {
    this.component = component;
  }

  get status(): ComponentStatus {
    if (this.error) return 'error';
    if (this.skipReason !== undefined) return 'skipped';
    return this.emptyReason === undefined ? 'success' : 'empty';
  }

  get cache(): CacheSource {
    return this.executed === 0 && this.status !== 'error' && this.status !== 'skipped' ? 'local' : 'none';
  }
}
