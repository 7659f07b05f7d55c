/**
 * Drives a build: asks the schedule what is next, looks results up, has actions performed, keeps what they give,
 * and tells the event stream.
 */
import assert from 'node:assert';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ActionKey, actionKey } from '../core/action-key.ts';
import { decodeArtifact, type EncodedArtifact } from '../core/artifact-codec.ts';
import type { Component } from '../core/component.ts';
import type { Digest } from '../core/digest.ts';
import { cancelled, FlowError, fromRecord, isTransient, toFlowError, toRecord } from '../core/errors.ts';
import type { ActionRef, EventStream, RunStatus } from '../core/events.ts';
import type { Segment } from '../core/kind.ts';
import { npzSchemaVersion } from '../core/manifest.ts';
import { type ActionNode, type Plan, producersOf, type Scope } from '../core/plan.ts';
import type { Resources } from '../core/rule.ts';
import { Schedule } from '../core/schedule.ts';
import {
  type ActionCache,
  type ActionResult,
  inlineLimitBytes,
  type Leases,
  type OutputRecord,
} from '../core/store.ts';
import { perform, type World } from '../io/perform.ts';
import type { Pool } from '../io/pool.ts';
import type { CallResult, Task, TaskCall, TaskInput, TaskResult } from '../io/task.ts';
import { deliver, type Place } from './deliver.ts';
import type { RunRecord, SourceFacts } from './run-record.ts';
import { Shelf } from './shelf.ts';
import { Tally } from './tally.ts';

export interface BuildSetting {
  readonly place: Place;
  readonly actions: ActionCache;
  readonly leases: Leases;
  readonly pool: Pool;
  readonly world: World;
  readonly events: EventStream;
  /** Identities of the external programs that the rules name. */
  readonly programs: ReadonlyMap<string, string>;
  readonly capacity: Resources;
  /** How many bytes of artifacts may be held in memory before new ones are put off. */
  readonly heldBytes: number;
}

export interface RunSpec {
  readonly scope: Scope;
  readonly plan: Plan;
  readonly components: readonly Component[];
  /** Where delivered outputs go. */
  readonly folder: string;
  /** Absent for workspace targets, which have no manifest. */
  readonly record: RunRecord | undefined;
}

export interface RunOutcome {
  readonly spec: RunSpec;
  readonly status: RunStatus;
  readonly tallies: readonly Tally[];
  /** Every file that was delivered or found in place, the manifest included. */
  readonly files: readonly string[];
}

interface Entry extends ActionKey {
  result: ActionResult | undefined;
  attempt: number;
  /** The result came from the cache and nothing of it was made in this build. */
  isCached: boolean;
}

interface RunState {
  readonly spec: RunSpec;
  readonly tallies: ReadonlyMap<string, Tally>;
  tables: ReadonlyMap<string, ActionNode>;
  isPlanned: boolean;
  isFinished: boolean;
  unfinished: number;
  status: RunStatus;
  stopReason: string | undefined;
}

/** How often a process looks whether another one has finished the action that it waits for. */
const pollMs = 25;
const firstRetryMs = 200;

export class Build {
  readonly #setting: BuildSetting;
  readonly #runs: readonly RunState[];
  readonly #runOfScope: ReadonlyMap<Scope, RunState>;
  readonly #schedule: Schedule;
  readonly #shelf: Shelf;
  readonly #entries = new Map<ActionNode, Entry>();
  /** The first node with a key does the work; the others follow it. */
  readonly #leaders = new Map<Digest, ActionNode>();
  readonly #followers = new Map<ActionNode, ActionNode[]>();
  readonly #hardStop = new AbortController();
  readonly #finished = Promise.withResolvers<void>();
  /** Things under way that will call `#pump` when they end. */
  #pending = 0;
  #isPumping = false;
  #isStopping = false;
  #hasWarnedOfStore = false;

  constructor(setting: BuildSetting, specs: readonly RunSpec[]) {
    this.#setting = setting;
    this.#schedule = new Schedule(setting.capacity);
    this.#shelf = new Shelf(setting.place.blobs, setting.heldBytes);
    this.#runs = specs.map((spec) => ({
      spec,
      tallies: new Map(spec.components.map((component) => [component.name, new Tally(component)])),
      tables: new Map(),
      isPlanned: false,
      isFinished: false,
      unfinished: spec.components.length,
      status: 'running',
      stopReason: undefined,
    }));
    this.#runOfScope = new Map(this.#runs.map((run) => [run.spec.scope, run]));
  }

  /** Builds everything. @throws only what no run can be blamed for */
  async run(): Promise<RunOutcome[]> {
    for (const run of this.#runs) this.#begin(run);
    this.#pump();
    await this.#finished.promise;
    await this.#shelf.close();
    return this.#runs.map((run) => this.#outcomeOf(run));
  }

  #outcomeOf({ spec, status, tallies }: RunState): RunOutcome {
    const outputs = [...tallies.values()].flatMap((tally) => this.#deliveries.get(tally)?.outputs ?? []);
    const files = outputs.map(({ path }) => join(spec.folder, path));
    if (spec.record) files.push(spec.record.manifestPath);
    return { spec, status, tallies: [...tallies.values()], files };
  }

  /** Starts nothing new; what runs is finished and kept. */
  stop(): void {
    this.#isStopping = true;
    for (const run of this.#runs) this.#stopRun(run, 'the build was interrupted', 'cancelled');
    this.#pump();
  }

  /** Ends what runs, too. */
  abort(): void {
    this.#hardStop.abort(cancelled());
    this.stop();
  }

  #begin(run: RunState): void {
    const { tables, added } = run.spec.plan.planTables();
    run.tables = tables;
    this.#add(run, added);
    if (tables.size === 0) this.#planRest(run, new Map());
  }

  #add(run: RunState, nodes: readonly ActionNode[]): void {
    this.#emit({ type: 'actions_planned', run: run.spec.scope.label, count: nodes.length });
    for (const node of this.#schedule.add(nodes))
      this.#skipped(run, node, 'something that it needs is missing');
  }

  #planRest(run: RunState, tables: ReadonlyMap<string, readonly Segment[]>): void {
    const { finals, added } = run.spec.plan.planRest(tables);
    run.isPlanned = true;
    for (const tally of run.tallies.values()) {
      tally.finals = finals.get(tally.component.name) ?? [];
      if (tally.finals.length === 0) tally.skipReason ??= 'nothing in this run asks for its output';
    }
    this.#add(run, added);
    for (const tally of run.tallies.values()) {
      for (const node of tally.finals)
        if (this.#schedule.stateOf(node) === 'done') this.#deliverLater(run, node);
      this.#finishComponent(run, tally);
    }
  }

  // ---- The loop -----------------------------------------------------------------------------------------------

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    for (;;) {
      for (let node = this.#schedule.nextOpen(); node; node = this.#schedule.nextOpen()) this.#resolve(node);
      const batch = this.#schedule.nextToStart((node) => !this.#shelf.isFull || !makesEphemeral(node));
      if (batch.length === 0) break;
      this.#follow(this.#execute(batch));
    }
    this.#isPumping = false;
    if (this.#pending === 0) this.#conclude();
  }

  /** Something asynchronous of the build; when it ends the loop turns again. */
  #follow(work: Promise<void>): void {
    this.#pending += 1;
    work.then(
      () => {
        this.#pending -= 1;
        this.#pump();
      },
      (error) => this.#finished.reject(error),
    );
  }

  #conclude(): void {
    const unfinished = this.#runs.filter((run) => !run.isFinished);
    assert(
      unfinished.length === 0,
      `nothing left to do, but not finished: ${unfinished.map((run) => run.spec.scope.label)}`,
    );
    this.#finished.resolve();
  }

  /** All that a node needs is known: what is its key, and is there a result? */
  #resolve(node: ActionNode): void {
    const names = node.component.loaded.rule.programs(node.component.params);
    const programs = Object.fromEntries(names.map((name) => [name, this.#setting.programs.get(name)!]));
    const { key, ingredients } = actionKey(node, {
      resultOf: (other) => this.#entries.get(other)?.result,
      programs,
    });
    this.#entries.set(node, { key, ingredients, result: undefined, attempt: 0, isCached: false });
    const leader = this.#leaders.get(key);
    if (leader && leader !== node) return this.#joinLeader(node, leader);
    this.#leaders.set(key, node);
    const hit = this.#setting.actions.get(key);
    if (hit) this.#settle(node, hit, { isCached: true });
    else this.#schedule.makeReady(node);
  }

  #joinLeader(node: ActionNode, leader: ActionNode): void {
    const result = this.#entries.get(leader)?.result;
    if (result) return this.#settle(node, result, { isCached: true });
    this.#followers.set(leader, [...(this.#followers.get(leader) ?? []), node]);
  }

  // ---- Executing ----------------------------------------------------------------------------------------------

  async #execute(batch: readonly ActionNode[]): Promise<void> {
    const mine = batch.filter((node) => this.#takeOn(node));
    const ready: { node: ActionNode; call: TaskCall }[] = [];
    for (const node of mine) {
      const call = await this.#prepare(node);
      if (call) ready.push({ node, call });
    }
    if (ready.length === 0) return;
    const nodes = ready.map(({ node }) => node);
    for (const node of nodes) this.#announce(node);
    const startedMs = performance.now();
    try {
      const results = await this.#perform(
        nodes[0]!,
        ready.map(({ call }) => call),
      );
      const durationMs = (performance.now() - startedMs) / nodes.length;
      for (const [index, node] of nodes.entries()) await this.#keep(node, results[index]!, durationMs);
    } catch (thrown) {
      const error = toFlowError(thrown);
      for (const node of nodes)
        if (this.#schedule.stateOf(node) === 'running') this.#failOrRetry(node, error);
    }
  }

  /** False if another process does this action: its result is then waited for. */
  #takeOn(node: ActionNode): boolean {
    const { key, result } = this.#entries.get(node)!;
    const { actions, leases } = this.#setting;
    if (result) return true; // It only makes its bytes again.
    if (!leases.acquire(key)) {
      this.#schedule.park(node, []);
      this.#follow(this.#awaitOther(node));
      return false;
    }
    const hit = actions.get(key); // Another process may have finished it since we looked.
    if (!hit) return true;
    leases.release(key);
    this.#settle(node, hit, { isCached: true });
    return false;
  }

  async #awaitOther(node: ActionNode): Promise<void> {
    const { key } = this.#entries.get(node)!;
    const { actions, leases } = this.#setting;
    while (this.#schedule.stateOf(node) === 'parked') {
      await delay(pollMs);
      const hit = actions.get(key);
      if (hit && this.#schedule.stateOf(node) === 'parked')
        return this.#settle(node, hit, { isCached: true });
      if (leases.acquire(key)) {
        if (this.#schedule.stateOf(node) === 'parked') this.#schedule.makeReady(node);
        return;
      }
    }
  }

  /** Brings together what an action reads; if bytes are gone, those who made them run again first. */
  async #prepare(node: ActionNode): Promise<TaskCall | undefined> {
    const missing = new Set<ActionNode>();
    const read = async (producer: ActionNode, output: string): Promise<Uint8Array> => {
      const bytes = await this.#bytesOf(producer, output);
      if (!bytes) missing.add(producer);
      return bytes ?? new Uint8Array(0);
    };
    const inputs: TaskInput[] = [];
    for (const binding of node.bindings) {
      if (binding.type === 'segment') continue;
      inputs.push(await this.#inputOf(binding, read));
    }
    const parts: TaskCall['parts'][number][] = [];
    for (const { node: part, origin } of node.parts) {
      const outputs: Record<string, Uint8Array> = {};
      for (const output of Object.keys(part.outputs)) outputs[output] = await read(part, output);
      parts.push({ origin, outputs });
    }
    if (missing.size > 0) {
      this.#regenerate(node, missing);
      return undefined;
    }
    return { params: node.params, segment: node.segment, inputs, parts, meta: metaOf(node) };
  }

  async #inputOf(
    binding: Exclude<ActionNode['bindings'][number], { type: 'segment' }>,
    read: (producer: ActionNode, output: string) => Promise<Uint8Array>,
  ): Promise<TaskInput> {
    const { name, spec } = binding;
    switch (binding.type) {
      case 'absent':
        return { type: 'absent', name };
      case 'source':
        return { type: 'files', name, isList: spec.kind.format === 'files', files: binding.source.files };
      case 'artifact':
      case 'halo': {
        if (!this.#entries.get(binding.node)?.result) return { type: 'absent', name }; // An optional one that failed.
        const bytes = await read(binding.node, binding.output);
        return {
          type: 'artifact',
          name,
          bytes,
          ...(binding.type === 'halo' && { haloFrames: spec.haloFrames }),
        };
      }
      default:
        throw new TypeError(`unknown binding ${binding satisfies never}`);
    }
  }

  /** The bytes of an output: at hand, inline in its result, or in the store. */
  async #bytesOf(node: ActionNode, output: string): Promise<Uint8Array | undefined> {
    const held = await this.#shelf.get(node, output);
    if (held) return held;
    const record = this.#entries.get(node)!.result!.outputs[output]!;
    if (record.inline !== undefined) return Buffer.from(record.inline, 'base64');
    return record.isEphemeral
      ? undefined
      : this.#setting.place.blobs.get(record.digest).catch(() => undefined);
  }

  #regenerate(node: ActionNode, missing: ReadonlySet<ActionNode>): void {
    this.#setting.leases.release(this.#entries.get(node)!.key);
    const lost = [...missing].filter((producer) => this.#schedule.stateOf(producer) === 'failed');
    if (lost.length > 0) return this.#fail(node, dependencyFailed(lost[0]!));
    this.#schedule.park(node, missing);
    for (const producer of missing) this.#schedule.makeReady(producer);
  }

  async #perform(node: ActionNode, calls: readonly TaskCall[]): Promise<readonly CallResult[]> {
    const { rule, bundle } = node.component.loaded;
    const task: Task = { bundle, phase: node.phase, calls };
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(timedOut(node)), rule.timeoutSec * 1000);
    const onHardStop = (): void => limit.abort(this.#hardStop.signal.reason);
    this.#hardStop.signal.addEventListener('abort', onHardStop, { once: true });
    try {
      const { pool, world } = this.#setting;
      const isHere = rule.placement === 'engine' && node.phase === 'run';
      const result: TaskResult = await (isHere
        ? perform(task, world, limit.signal)
        : pool.perform(task, limit.signal));
      if ('error' in result) throw fromRecord(result.error);
      return result.results;
    } finally {
      clearTimeout(timer);
      this.#hardStop.signal.removeEventListener('abort', onHardStop);
    }
  }

  // ---- Keeping what came out ----------------------------------------------------------------------------------

  async #keep(node: ActionNode, made: CallResult, durationMs: number): Promise<void> {
    const entry = this.#entries.get(node)!;
    const isAgain = entry.result !== undefined;
    const outputs: Record<string, OutputRecord> = {};
    for (const [name, encoded] of Object.entries(made.outputs)) {
      const { isEphemeral, format, extension } = node.outputs[name]!;
      await this.#shelf.put(node, name, encoded.digest, encoded.bytes);
      outputs[name] = await this.#store(encoded, { isEphemeral, format, extension });
    }
    const result: ActionResult = {
      status: made.emptyReason === undefined ? 'success' : 'empty',
      ...(made.emptyReason !== undefined && { emptyReason: made.emptyReason }),
      warnings: made.warnings,
      outputs,
      durationMs,
    };
    if (isAgain && !sameContent(entry.result!, result) && node.component.loaded.rule.isDeterministic) {
      return this.#fail(node, nondeterministic(node));
    }
    this.#setting.actions.put(entry.key, result, entry.ingredients);
    this.#setting.leases.release(entry.key);
    this.#emit({
      type: 'action_finished',
      ...refOf(node),
      reason: isAgain ? 'regenerate' : 'new',
      status: result.status,
      durationMs,
      bytes: Object.values(outputs).reduce((sum, output) => sum + output.sizeBytes, 0),
      warnings: made.warnings,
    });
    this.#settle(node, result, { isCached: false });
  }

  async #store(
    encoded: EncodedArtifact,
    kind: Pick<OutputRecord, 'isEphemeral' | 'format' | 'extension'>,
  ): Promise<OutputRecord> {
    const { bytes, digest, content, arrays } = encoded;
    const record: OutputRecord = {
      digest,
      content,
      sizeBytes: bytes.length,
      ...kind,
      ...(arrays && { arrays }),
    };
    if (kind.isEphemeral) return record;
    if (bytes.length <= inlineLimitBytes) return { ...record, inline: Buffer.from(bytes).toString('base64') };
    await this.#setting.place.blobs.put(digest, bytes).catch((error: Error) => this.#warnOfStore(error));
    return record;
  }

  /** A store that takes nothing makes the next build slower, not this one wrong. */
  #warnOfStore(error: Error): void {
    if (this.#hasWarnedOfStore) return;
    this.#hasWarnedOfStore = true;
    this.#emit({
      type: 'warning',
      message: `Cannot store artifacts in the cache: ${error.message}. The build goes on; what is not stored will be made again.`,
    });
  }

  #settle(node: ActionNode, result: ActionResult, { isCached }: { isCached: boolean }): void {
    const entry = this.#entries.get(node)!;
    const run = this.#runOf(node);
    const isAgain = entry.result !== undefined;
    entry.result = result;
    entry.isCached = isCached;
    if (isCached) this.#emit({ type: 'action_cached', ...refOf(node), source: 'local' });
    else this.#count(run, node, result);
    this.#note(run, node, result);
    this.#schedule.done(node);
    if (run.tallies.get(node.component.name)!.finals.includes(node)) this.#deliverLater(run, node);
    else this.#releaseUnneeded(node);
    this.#followUp(node, result);
    if (!isAgain && !run.isPlanned) this.#follow(this.#expand(run));
  }

  #followUp(node: ActionNode, result: ActionResult): void {
    for (const producer of producersOf(node)) this.#releaseUnneeded(producer);
    const followers = this.#followers.get(node) ?? [];
    this.#followers.delete(node);
    for (const follower of followers) this.#settle(follower, result, { isCached: true });
  }

  #count(run: RunState, node: ActionNode, result: ActionResult): void {
    const tally = run.tallies.get(node.component.name)!;
    tally.executed += 1;
    tally.durationMs += result.durationMs;
  }

  #note(run: RunState, node: ActionNode, result: ActionResult): void {
    const tally = run.tallies.get(node.component.name)!;
    for (const warning of result.warnings) tally.warnings.add(warning);
    if (result.emptyReason !== undefined && node.segment === undefined)
      tally.emptyReason = result.emptyReason;
  }

  /** Once the tables of segments are known the rest of the run can be planned. */
  async #expand(run: RunState): Promise<void> {
    const nodes = [...run.tables];
    if (run.isPlanned || run.stopReason !== undefined) return;
    if (!nodes.every(([, node]) => this.#schedule.stateOf(node) === 'done')) return;
    const tables = new Map<string, readonly Segment[]>();
    for (const [name, node] of nodes) {
      const [output, kind] = Object.entries(node.outputs).find(([, made]) => made.format === 'segments')!;
      const bytes = await this.#bytesOf(node, output);
      if (!bytes) {
        this.#schedule.makeReady(node);
        this.#pump();
        return;
      }
      tables.set(name, decodeArtifact(kind, bytes) as readonly Segment[]);
    }
    if (!run.isPlanned && run.stopReason === undefined) this.#planRest(run, tables);
  }

  /** Lets go of a node's bytes when nobody in the plan may still ask for them. */
  #releaseUnneeded(node: ActionNode): void {
    if (!this.#runOf(node).isPlanned) return;
    for (const dependent of node.dependents) {
      const state = this.#schedule.stateOf(dependent);
      if (
        state === 'waiting' ||
        state === 'open' ||
        state === 'ready' ||
        state === 'parked' ||
        state === 'running'
      )
        return;
    }
    this.#shelf.release(node);
  }

  // ---- Failing ------------------------------------------------------------------------------------------------

  #failOrRetry(node: ActionNode, error: FlowError): void {
    const entry = this.#entries.get(node)!;
    const isLast = entry.attempt > node.component.retries || !isTransient(error.code) || this.#isStopping;
    if (isLast) return this.#fail(node, error);
    const delayMs = firstRetryMs * 2 ** (entry.attempt - 1) * (0.5 + Math.random());
    this.#emit({
      type: 'action_retried',
      ...refOf(node),
      attempt: entry.attempt,
      delayMs,
      error: toRecord(error),
    });
    this.#schedule.park(node, []);
    this.#follow(
      delay(delayMs).then(() => {
        if (this.#schedule.stateOf(node) === 'parked') this.#schedule.makeReady(node);
      }),
    );
  }

  #fail(node: ActionNode, error: FlowError): void {
    const run = this.#runOf(node);
    const tally = run.tallies.get(node.component.name)!;
    this.#setting.leases.release(this.#entries.get(node)!.key);
    this.#leaders.delete(this.#entries.get(node)!.key);
    const isCancelled = error.code === 'cancelled';
    if (isCancelled) tally.skipReason ??= error.message;
    else tally.error ??= toRecord(error);
    this.#emit({ type: 'action_failed', ...refOf(node), error: toRecord(error) });
    const lost = this.#schedule.fail(node);
    for (const other of lost) this.#skipped(run, other, `${node.component.name} failed`);
    for (const producer of producersOf(node)) this.#releaseUnneeded(producer);
    for (const follower of this.#followers.get(node) ?? []) this.#fail(follower, error);
    this.#followers.delete(node);
    if (!isCancelled && tally.component.isRequired)
      this.#stopRun(run, `${node.component.name} failed`, 'error');
    if (
      !run.isPlanned &&
      ![...run.tables.values()].every((table) => this.#schedule.stateOf(table) !== 'failed')
    )
      this.#giveUp(run, node);
    this.#finishComponent(run, tally);
  }

  /** Without its tables a run cannot be planned: all the rest is skipped. */
  #giveUp(run: RunState, node: ActionNode): void {
    run.isPlanned = true;
    for (const tally of run.tallies.values()) {
      if (tally.error === undefined && tally.component.name !== node.component.name)
        tally.skipReason ??= `${node.component.name} failed`;
    }
    for (const tally of run.tallies.values()) this.#finishComponent(run, tally);
  }

  #skipped(run: RunState, node: ActionNode, reason: string): void {
    const tally = run.tallies.get(node.component.name)!;
    if (tally.component.isRequired && tally.error === undefined) {
      tally.error = toRecord(dependencyFailedFor(node.component.name, reason));
      this.#stopRun(run, `${node.component.name} cannot run`, 'error');
    } else if (tally.error === undefined) tally.skipReason ??= reason;
    for (const producer of producersOf(node)) this.#releaseUnneeded(producer);
    if (run.isPlanned) this.#finishComponent(run, tally);
  }

  #stopRun(run: RunState, reason: string, status: 'error' | 'cancelled'): void {
    if (run.isFinished || run.stopReason !== undefined) return;
    run.stopReason = reason;
    run.status = status;
    const stopped = this.#schedule.stop((node) => node.scope === run.spec.scope);
    for (const node of stopped) this.#followerStopped(node);
    run.isPlanned = true;
    for (const tally of run.tallies.values()) {
      const isWhole =
        tally.finals.length > 0 && tally.finals.every((node) => this.#schedule.stateOf(node) === 'done');
      const isRunning = tally.finals.some((node) => this.#schedule.stateOf(node) === 'running');
      if (!isWhole && !isRunning && tally.error === undefined && !tally.isFinished)
        tally.skipReason ??= reason;
    }
    for (const tally of run.tallies.values()) this.#finishComponent(run, tally);
  }

  /** A stopped node's work may still be wanted by other runs: one of its followers takes it over. */
  #followerStopped(node: ActionNode): void {
    const entry = this.#entries.get(node);
    if (!entry || this.#leaders.get(entry.key) !== node) return;
    this.#leaders.delete(entry.key);
    const [heir, ...others] = (this.#followers.get(node) ?? []).filter(
      (other) => this.#schedule.stateOf(other) === 'open',
    );
    this.#followers.delete(node);
    if (!heir) return;
    this.#leaders.set(entry.key, heir);
    this.#followers.set(heir, others);
    this.#schedule.makeReady(heir);
  }

  // ---- Finishing components and runs --------------------------------------------------------------------------

  #deliverLater(run: RunState, node: ActionNode): void {
    if ('request' in node.component.loaded.rule.params.shape) return this.#delivered(run, node, []);
    this.#follow(this.#deliver(run, node));
  }

  async #deliver(run: RunState, node: ActionNode): Promise<void> {
    const tally = run.tallies.get(node.component.name)!;
    const { result, key } = this.#entries.get(node)!;
    try {
      const outputs = await deliver(
        {
          folder: run.spec.folder,
          component: node.component.name,
          result: result!,
          bytesOf: (output) => this.#bytesOf(node, output),
        },
        this.#setting.place,
      );
      await this.#readFacts(run, node);
      if (outputs) return this.#delivered(run, node, outputs, key);
      if (this.#isStopping) tally.skipReason ??= 'the build was interrupted';
      else return this.#schedule.makeReady(node);
    } catch (thrown) {
      tally.error ??= toRecord(toFlowError(thrown));
      this.#emit({ type: 'action_failed', ...refOf(node), error: tally.error });
      if (tally.component.isRequired)
        this.#stopRun(run, `${node.component.name} could not be written`, 'error');
    }
    this.#delivered(run, node, []);
  }

  async #readFacts(run: RunState, node: ActionNode): Promise<void> {
    const described = Object.entries(node.outputs).find(([, kind]) => kind.describesSource);
    if (!described || !run.spec.record) return;
    const bytes = await this.#bytesOf(node, described[0]);
    if (!bytes) return;
    const { duration_sec, width, height, fps, has_audio } = decodeArtifact(
      described[1],
      bytes,
    ) as SourceFacts;
    run.spec.record.setFacts({ duration_sec, width, height, fps, has_audio });
  }

  readonly #deliveries = new Map<
    Tally,
    { outputs: Awaited<ReturnType<typeof deliver>> & object; key: Digest | null; nodes: Set<ActionNode> }
  >();

  #delivered(
    run: RunState,
    node: ActionNode,
    outputs: NonNullable<Awaited<ReturnType<typeof deliver>>>,
    key: Digest | null = null,
  ): void {
    const tally = run.tallies.get(node.component.name)!;
    const delivery = this.#deliveries.get(tally) ?? { outputs: [], key: null, nodes: new Set() };
    this.#deliveries.set(tally, {
      outputs: outputs.length > 0 ? outputs : delivery.outputs,
      key: key ?? delivery.key,
      nodes: delivery.nodes.add(node),
    });
    this.#releaseUnneeded(node);
    this.#finishComponent(run, tally);
  }

  #finishComponent(run: RunState, tally: Tally): void {
    if (tally.isFinished || !run.isPlanned) return;
    const delivery = this.#deliveries.get(tally);
    const isDelivered = tally.finals.every((node) => delivery?.nodes.has(node));
    const isOver = tally.error !== undefined || tally.skipReason !== undefined || isDelivered;
    if (!isOver) return;
    tally.isFinished = true;
    const { component, status } = tally;
    run.spec.record?.setComponent(componentRecord(tally, delivery?.outputs ?? [], delivery?.key ?? null));
    const reason = tally.error?.message ?? tally.skipReason ?? tally.emptyReason;
    this.#emit({
      type: 'component_finished',
      run: run.spec.scope.label,
      component: component.name,
      status,
      isRequired: component.isRequired,
      cache: tally.cache,
      durationMs: tally.durationMs,
      ...(reason !== undefined && { reason }),
    });
    run.unfinished -= 1;
    if (run.unfinished === 0) this.#follow(this.#finishRun(run));
  }

  async #finishRun(run: RunState): Promise<void> {
    if (run.status === 'running') run.status = statusOf([...run.tallies.values()]);
    run.isFinished = true;
    const { record, scope } = run.spec;
    await record?.finish(run.status, new Date().toISOString());
    this.#emit({
      type: 'run_finished',
      run: scope.label,
      status: run.status,
      ...(record && { manifest: record.manifestPath }),
    });
  }

  // ---- Small things -------------------------------------------------------------------------------------------

  #runOf(node: ActionNode): RunState {
    return this.#runOfScope.get(node.scope)!;
  }

  #announce(node: ActionNode): void {
    const entry = this.#entries.get(node)!;
    entry.attempt += 1;
    this.#runOf(node).tallies.get(node.component.name)!.startedAtMs ??= Date.now();
    this.#emit({
      type: 'action_started',
      ...refOf(node),
      reason: entry.result ? 'regenerate' : 'new',
      attempt: entry.attempt,
    });
  }

  #emit(event: Parameters<EventStream['emit']>[0]): void {
    this.#setting.events.emit(event);
  }
}

function refOf(node: ActionNode): ActionRef {
  return {
    action: node.id,
    component: node.component.name,
    run: node.scope.label,
    ...(node.segment && { segment: node.segment.index }),
  };
}

function makesEphemeral(node: ActionNode): boolean {
  return Object.values(node.outputs).some((kind) => kind.isEphemeral);
}

function sameContent(a: ActionResult, b: ActionResult): boolean {
  return Object.entries(a.outputs).every(([name, output]) => b.outputs[name]?.content === output.content);
}

/** What `meta` says of an artifact; nothing that is not in the action's key. */
function metaOf(node: ActionNode): Record<string, unknown> {
  const { component, params, sampling } = node;
  return {
    component: component.name,
    schema_version: npzSchemaVersion,
    producer_version: component.loaded.rule.version,
    rule_digest: component.loaded.digest,
    params,
    model_signature: null,
    models_used: [],
    engine: null,
    precision: null,
    device: 'cpu',
    sampling: sampling ? { fps: sampling.fps, policy: component.samplingPolicyVersion } : null,
    analysis: sampling ? { ...sampling } : null,
  };
}

function statusOf(tallies: readonly Tally[]): RunStatus {
  const isLost = (tally: Tally): boolean =>
    tally.error !== undefined || (tally.skipReason !== undefined && tally.finals.length > 0);
  if (tallies.some((tally) => tally.error && tally.component.isRequired)) return 'error';
  return tallies.some(isLost) ? 'partial' : 'success';
}

function componentRecord(
  tally: Tally,
  outputs: Parameters<RunRecord['setComponent']>[0]['outputs'],
  key: Digest | null,
): Parameters<RunRecord['setComponent']>[0] {
  const { component, error, status } = tally;
  const { rule, digest } = component.loaded;
  const finishedAt = new Date().toISOString();
  return {
    name: component.name,
    processor: component.processor,
    status,
    required: component.isRequired,
    ...(status === 'empty' && { empty_reason: tally.emptyReason }),
    ...(error && { error_code: error.code, error: error.message }),
    ...(status === 'skipped' && { error: tally.skipReason }),
    warnings: [...tally.warnings],
    cache: tally.cache,
    action_key: key,
    rule_digest: digest,
    schema_version: npzSchemaVersion,
    producer_version: rule.version,
    models_used: [],
    device_used: tally.executed > 0 ? 'cpu' : null,
    started_at: tally.startedAtMs === undefined ? null : new Date(tally.startedAtMs).toISOString(),
    finished_at: tally.startedAtMs === undefined ? null : finishedAt,
    duration_ms: Math.round(tally.durationMs * 1000) / 1000,
    outputs: status === 'success' || status === 'empty' ? [...outputs] : [],
  };
}

function timedOut(node: ActionNode): FlowError {
  const { timeoutSec } = node.component.loaded.rule;
  return new FlowError({
    code: 'rule_timeout',
    blame: 'rule',
    message: `Cannot finish ${node.id}: it was still running after ${timeoutSec} s.`,
    fix: "Raise the rule's `timeoutSec`, or find out what it waits for.",
  });
}

function nondeterministic(node: ActionNode): FlowError {
  return new FlowError({
    code: 'nondeterministic',
    blame: 'rule',
    message: `Cannot trust ${node.id}: run again on the same inputs it gave other bytes.`,
    fix: 'Make the rule deterministic, or declare `isDeterministic: false`.',
  });
}

function dependencyFailed(node: ActionNode): FlowError {
  return dependencyFailedFor(node.component.name, 'its bytes could not be made again');
}

function dependencyFailedFor(component: string, reason: string): FlowError {
  return new FlowError({
    code: 'dependency_failed',
    blame: 'user',
    message: `Cannot run "${component}": ${reason}.`,
    fix: 'See the error of the component that failed.',
  });
}
