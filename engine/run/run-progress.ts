/**
 * How far one run is: which components are over and with what status, what was delivered, and when the run itself
 * is over. Everything here only notes and tells; what happens next is decided in `build.ts`.
 */
import type { Component } from '../core/component.ts';
import type { Digest } from '../core/digest.ts';
import { type ErrorRecord, FlowError, toFlowError, toRecord } from '../core/errors.ts';
import type { CacheSource, EventStream, RunStatus } from '../core/events.ts';
import type { ManifestComponent, ManifestOutput } from '../core/manifest.ts';
import type { ActionNode, Plan, Scope } from '../core/plan.ts';
import type { ActionResult } from '../core/store.ts';
import { manifestComponent } from './manifest-component.ts';
import type { RunRecord } from './run-record.ts';
import { Tally } from './tally.ts';

/** Why an interrupted build skips what it skips. */
export const interrupted = 'the build was interrupted';

export interface RunSpec {
  readonly scope: Scope;
  /** Names what the run is about, whatever the video is called and wherever it lies: the same on every machine. */
  readonly subject: Digest;
  readonly plan: Plan;
  readonly components: readonly Component[];
  readonly stage: string;
  readonly profile: string;
  /** What stands in the run's manifest already and is left as it is; of those that others need, `components` has them, too. */
  readonly kept: readonly ManifestComponent[];
  /** Where delivered outputs go. */
  readonly folder: string;
  /** Absent for workspace targets, which have no manifest. */
  readonly record: RunRecord | undefined;
}

/** What came of a final node: files, and the key that they were found under. */
export interface Delivered {
  readonly outputs: readonly ManifestOutput[];
  readonly key: Digest | undefined;
}

export class RunProgress {
  readonly spec: RunSpec;
  readonly #events: EventStream;
  readonly #tallies: ReadonlyMap<string, Tally>;
  readonly #onOver: () => void;
  #unfinished: number;
  #status: RunStatus = 'running';
  #isPlanned = false;

  /** @param onOver called once, when every component is over */
  constructor(spec: RunSpec, events: EventStream, onOver: () => void) {
    this.spec = spec;
    this.#events = events;
    this.#onOver = onOver;
    this.#tallies = new Map(spec.components.map((component) => [component.name, new Tally(component)]));
    for (const { name } of spec.kept) {
      const tally = this.#tallies.get(name);
      if (tally) tally.isTold = true;
    }
    this.#unfinished = this.tallies.filter(({ isTold }) => !isTold).length;
  }

  get tallies(): readonly Tally[] {
    return [...this.#tallies.values()];
  }

  get status(): RunStatus {
    return this.#status;
  }

  /** False as long as the tables of segments are not known. */
  get isPlanned(): boolean {
    return this.#isPlanned;
  }

  get isStopped(): boolean {
    return this.#status !== 'running';
  }

  tallyOf(node: ActionNode): Tally {
    return this.#tallies.get(node.component.name)!;
  }

  /** From now on every component can be told to be over. @param finals the nodes that give each component's result */
  planned(finals: ReadonlyMap<string, readonly ActionNode[]>): void {
    this.#isPlanned = true;
    for (const tally of this.tallies) {
      tally.finals = finals.get(tally.component.name) ?? [];
      if (tally.finals.length === 0) tally.skipReason ??= 'nothing in this run asks for its output';
    }
    this.#checkAll();
  }

  /** Tells that every component waits. */
  start(): void {
    const { scope, record, kept, stage, profile } = this.spec;
    const waiting = this.tallies.filter(({ isTold }) => !isTold).map(({ component }) => component);
    this.#events.emit({
      type: 'run_started',
      run: scope.label,
      ...(record && { name: record.name }),
      stage,
      profile,
      components: [
        ...kept.map(({ name, processor, required }) => ({ name, processor, isRequired: required })),
        ...waiting.map(({ name, processor, isRequired }) => ({ name, processor, isRequired })),
      ],
    });
    for (const component of kept) this.#tellKept(component);
  }

  #tellKept({ name, status, required, outputs, empty_reason: reason }: ManifestComponent): void {
    this.#events.emit({
      type: 'component_finished',
      run: this.spec.scope.label,
      component: name,
      status,
      isRequired: required,
      cache: 'local',
      durationMs: 0,
      outputs: outputs.length,
      bytes: outputs.reduce((sum, output) => sum + output.bytes, 0),
      ...(reason !== undefined && { reason }),
    });
  }

  /** True if a component is kept, and this is not the action whose outputs the manifest lists. */
  isUnlikeKept({ component }: ActionNode, key: Digest): boolean {
    const { action_key } = this.spec.kept.find(({ name }) => name === component.name) ?? {};
    const isOnly = this.#tallies.get(component.name)!.finals.length === 1; // Of several the manifest names any.
    return isOnly && typeof action_key === 'string' && action_key !== key;
  }

  /** @param source where the result was found; `none` if it has just been made */
  settled(node: ActionNode, result: ActionResult, { source }: { source: CacheSource }): void {
    const tally = this.tallyOf(node);
    if (source === 'none') {
      tally.executed += 1;
      tally.durationMs += result.durationMs;
    }
    if (source === 'remote') tally.isRemote = true;
    for (const warning of result.warnings) tally.warnings.add(warning);
    if (result.emptyReason !== undefined && node.segment === undefined)
      tally.emptyReason = result.emptyReason;
  }

  delivered(node: ActionNode, { outputs, key }: Delivered): void {
    const tally = this.tallyOf(node);
    tally.delivered.add(node);
    if (outputs.length > 0) tally.outputs = outputs;
    tally.key ??= key;
    this.#check(tally);
  }

  failed(node: ActionNode, error: FlowError): void {
    const tally = this.tallyOf(node);
    if (tally.isTold) return; // The run was stopped while it ran: what was told stands.
    if (error.code === 'cancelled') tally.skipReason ??= interrupted;
    else tally.error ??= toRecord(error);
    this.#check(tally);
  }

  /** @returns true if a required component is lost with it */
  skipped(node: ActionNode, reason: string): boolean {
    const tally = this.tallyOf(node);
    const isFatal = tally.component.isRequired;
    if (isFatal) tally.error ??= dependencyFailed(node.component.name, reason);
    else if (!tally.error) tally.skipReason ??= reason;
    this.#check(tally);
    return isFatal;
  }

  /**
   * The run ends here: what cannot come to its end any more is skipped.
   *
   * @param willEnd true for a node that runs, or has run and is being delivered
   */
  stop(reason: string, status: 'error' | 'cancelled', willEnd: (node: ActionNode) => boolean): void {
    const isUnknown = !this.#isPlanned; // Which nodes give a component's result has not been decided.
    this.#status = status;
    this.#isPlanned = true;
    for (const tally of this.tallies) {
      if (tally.error || (!isUnknown && tally.finals.every(willEnd))) continue;
      tally.skipReason ??= reason;
    }
    this.#checkAll();
  }

  /** Writes the manifest's last version and tells that the run is over. */
  async finish(): Promise<void> {
    if (this.#status === 'running') this.#status = statusOf(this.tallies);
    const { record, scope } = this.spec;
    await record
      ?.finish(this.#status, new Date().toISOString())
      .then(() => record.sweep(this.#status).catch((thrown) => this.#notSwept(thrown)))
      .catch((thrown) => this.#manifestLost(thrown));
    this.#events.emit({
      type: 'run_finished',
      run: scope.label,
      status: this.#status,
      ...(record && { manifest: record.manifestPath }),
    });
  }

  /** Files that nobody lists do no harm to the run. */
  #notSwept(thrown: unknown): void {
    const message = `Cannot remove what earlier builds left of ${this.spec.scope.label}: ${toFlowError(thrown).message}`;
    this.#events.emit({ type: 'warning', message });
  }

  #manifestLost(thrown: unknown): void {
    this.#status = 'error';
    const { code, message } = toFlowError(thrown);
    this.#events.emit({
      type: 'warning',
      message: `Cannot write the manifest of ${this.spec.scope.label} (${code}): ${message}`,
    });
  }

  #checkAll(): void {
    for (const tally of this.tallies) this.#check(tally);
  }

  /** Tells, once, that a component is over. */
  #check(tally: Tally): void {
    if (tally.isTold || !this.#isPlanned || !tally.isOver) return;
    tally.isTold = true;
    this.spec.record?.setComponent(manifestComponent(tally));
    const { component, status, cache, durationMs, outputs, reason, error } = tally;
    this.#events.emit({
      type: 'component_finished',
      run: this.spec.scope.label,
      component: component.name,
      status,
      isRequired: component.isRequired,
      cache,
      durationMs,
      outputs: outputs.length,
      bytes: outputs.reduce((sum, output) => sum + output.bytes, 0),
      ...(reason !== undefined && { reason }),
      ...(error && { errorCode: error.code }),
    });
    this.#unfinished -= 1;
    if (this.#unfinished === 0) this.#onOver();
  }
}

function statusOf(tallies: readonly Tally[]): RunStatus {
  if (tallies.some((tally) => tally.error && tally.component.isRequired)) return 'error';
  const isLost = (tally: Tally): boolean =>
    tally.error !== undefined || (tally.skipReason !== undefined && tally.finals.length > 0);
  return tallies.some(isLost) ? 'partial' : 'success';
}

function dependencyFailed(component: string, reason: string): ErrorRecord {
  return toRecord(
    new FlowError({
      code: 'dependency_failed',
      blame: 'user',
      message: `Cannot run "${component}": ${reason}.`,
      fix: 'See the error of the component that failed.',
    }),
  );
}
