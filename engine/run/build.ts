/**
 * Drives a build: asks the schedule what is next, looks results up, has actions performed, keeps what they give,
 * and tells the event stream.
 */
import assert from 'node:assert';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { actionKey } from '../core/action-key.ts';
import { decodeArtifact } from '../core/artifact-codec.ts';
import { blobsOf } from '../core/blobs-of.ts';
import type { Digest } from '../core/digest.ts';
import { cancelled, type FlowError, isTransient, toFlowError, toRecord } from '../core/errors.ts';
import type { ActionRef, CacheSource, EventStream, FlowEvent, RunStatus } from '../core/events.ts';
import type { Present } from '../core/explain.ts';
import { type History, type HistoryWriter, placeOf } from '../core/history.ts';
import type { Segment } from '../core/kind.ts';
import { type ActionNode, makesEphemeral, producersOf, type Scope } from '../core/plan.ts';
import type { Resources } from '../core/rule.ts';
import { Schedule } from '../core/schedule.ts';
import type { ActionCache, ActionResult, Leases, SharedCache } from '../core/store.ts';
import type { Inference } from '../io/inference/executor.ts';
import type { World } from '../io/perform.ts';
import type { Pool } from '../io/pool.ts';
import type { CallResult, TaskCall } from '../io/task.ts';
import { ActionRunner } from './action-runner.ts';
import { bytesLost, isModelAbsent, nondeterministic, notArrived } from './build-errors.ts';
import { deliver, type Place } from './deliver.ts';
import { keptChanged } from './kept-changed.ts';
import { hasSameBytes, hasSameContent, Ledger } from './ledger.ts';
import { NodeFlights } from './node-flights.ts';
import { interrupted, RunProgress, type RunSpec } from './run-progress.ts';
import type { SourceFacts } from './run-record.ts';
import type { Shelf } from './shelf.ts';
import type { Found } from './single-flight.ts';
import type { Tally } from './tally.ts';

export interface BuildSetting {
  readonly place: Place;
  readonly actions: ActionCache;
  readonly leases: Leases;
  /** What other machines have made, and shall have; undefined where this one works for itself. */
  readonly shared: SharedCache | undefined;
  readonly history: HistoryWriter & Pick<History, 'expectedMs'>;
  readonly pool: Pool;
  readonly world: World;
  readonly inference: Inference;
  readonly events: EventStream;
  /** Identities of the external programs that the rules name. */
  readonly programs: ReadonlyMap<string, string>;
  readonly capacity: Resources;
  readonly shelf: Shelf;
  /** After a required component has failed, what does not depend on it is built all the same. */
  readonly keepsGoing: boolean;
}

export interface RunOutcome {
  readonly spec: RunSpec;
  readonly status: RunStatus;
  readonly tallies: readonly Tally[];
  /** The actions that ran for the first time, in the order in which they ended. */
  readonly ran: readonly ActionNode[];
  /** Every file that was delivered or found in place, the manifest included. */
  readonly files: readonly string[];
}

const firstRetryMs = 200;

export class Build {
  readonly #setting: BuildSetting;
  readonly #runs: ReadonlyMap<Scope, RunProgress>;
  readonly #schedule: Schedule;
  readonly #shelf: Shelf;
  readonly #ledger: Ledger;
  readonly #runner: ActionRunner;
  readonly #flights: NodeFlights;
  /** Nodes that make tables of segments, per run. */
  readonly #tables = new Map<RunProgress, ReadonlyMap<string, ActionNode>>();
  /** The first node with a key does the work; the others follow it. */
  readonly #leaders = new Map<Digest, ActionNode>();
  readonly #followers = new Map<ActionNode, ActionNode[]>();
  /** Why the models of components cannot be had, by run and component: what has been tried is not tried for every segment. */
  readonly #absences = new Map<string, string>();
  /** Runs of which nothing new is started. */
  readonly #stopped = new Set<RunProgress>();
  readonly #ran: ActionNode[] = [];
  readonly #startedAtMs = Date.now();
  readonly #hardStop = new AbortController();
  readonly #finished = Promise.withResolvers<void>();
  /** Things under way that turn the loop again when they end. */
  #pending = 0;
  #unfinishedRuns: number;
  #isPumping = false;
  #isStopping = false;
  #hasWarnedOfStore = false;

  constructor(setting: BuildSetting, specs: readonly RunSpec[]) {
    this.#setting = setting;
    const { place, actions, pool, world, inference, shelf } = setting;
    this.#schedule = new Schedule(setting.capacity);
    this.#shelf = shelf;
    const onStoreTrouble = (error: Error): void => this.#warnOfStore(error);
    this.#ledger = new Ledger({ actions, blobs: place.blobs, shelf, onStoreTrouble });
    this.#runner = new ActionRunner({
      ledger: this.#ledger,
      index: place.index,
      pool,
      world,
      inference,
      hardStop: this.#hardStop.signal,
    });
    this.#flights = new NodeFlights({
      ...setting,
      keyOf: (node) => this.#ledger.of(node).key,
      subjectOf: (node) => this.#runOf(node).spec.subject,
    });
    this.#runs = new Map(specs.map((spec) => [spec.scope, this.#newRun(spec)]));
    this.#unfinishedRuns = specs.length;
  }

  #newRun(spec: RunSpec): RunProgress {
    const run: RunProgress = new RunProgress(spec, this.#setting.events, () => {
      this.#unfinishedRuns -= 1;
      this.#follow(run.finish().then(() => this.#share(run)));
    });
    return run;
  }

  /** Gives the results of a whole run to other machines. */
  #share(run: RunProgress): void {
    const { spec, status } = run;
    this.#flights.releaseFrames(spec.subject);
    if (status === 'success' || status === 'partial')
      this.#setting.shared?.offerRun(spec.subject, this.#ledger.keysOf(spec.scope));
  }

  /** Builds everything. @throws only what no run can be blamed for */
  async run(): Promise<RunOutcome[]> {
    for (const run of this.#runs.values()) this.#begin(run);
    this.#pump();
    await this.#finished.promise;
    this.#shelf.releaseAll();
    return [...this.#runs.values()].map(({ spec, status, tallies }) => {
      const outputs = tallies.flatMap((tally) => tally.outputs.map(({ path }) => join(spec.folder, path)));
      const files = spec.record ? [...outputs, spec.record.manifestPath] : outputs;
      return { spec, status, tallies, files, ran: this.#ran.filter(({ scope }) => scope === spec.scope) };
    });
  }

  /** What is known of the actions of this build. */
  get present(): Present {
    return {
      keyOf: (node) => this.#ledger.find(node),
      resultOf: (node) => this.#ledger.resultOf(node),
      isInUse: (key) => this.#leaders.has(key),
    };
  }

  /** Starts nothing new; what runs is finished and kept. */
  stop(): void {
    this.#isStopping = true;
    for (const run of this.#runs.values()) this.#stopRun(run, interrupted, 'cancelled');
    this.#pump();
  }

  /** Ends what runs, too. */
  abort(): void {
    this.#hardStop.abort(cancelled());
    this.stop();
  }

  /** A newer build takes over: nothing new is started, and what runs ends unless that one wants it, too. */
  retire(isWanted: (key: Digest) => boolean): void {
    this.#runner.cancel((node) => !isWanted(this.#ledger.of(node).key));
    this.stop();
  }

  // ---- Planning -----------------------------------------------------------------------------------------------

  #begin(run: RunProgress): void {
    run.start();
    const { tables, added } = run.spec.plan.planTables();
    this.#tables.set(run, tables);
    this.#add(run, added);
    if (tables.size === 0) this.#planRest(run, new Map());
  }

  #add(run: RunProgress, nodes: readonly ActionNode[]): void {
    const components: Record<string, number> = {};
    for (const { component } of nodes) components[component.name] = (components[component.name] ?? 0) + 1;
    this.#emit({ type: 'actions_planned', run: run.spec.scope.label, count: nodes.length, components });
    for (const node of this.#schedule.add(nodes)) this.#skip(node, 'something that it needs is missing');
  }

  #planRest(run: RunProgress, tables: ReadonlyMap<string, readonly Segment[]>): void {
    const { finals, added } = run.spec.plan.planRest(tables);
    this.#add(run, added);
    run.planned(finals);
    for (const node of [...finals.values()].flat())
      if (this.#schedule.stateOf(node) === 'done') this.#finalDone(node);
  }

  /** Once the tables of segments are known the rest of the run can be planned. */
  async #expand(run: RunProgress): Promise<void> {
    const nodes = [...this.#tables.get(run)!];
    if (run.isPlanned || !nodes.every(([, node]) => this.#schedule.stateOf(node) === 'done')) return;
    const tables = new Map<string, readonly Segment[]>();
    for (const [name, node] of nodes) {
      const [output, kind] = Object.entries(node.outputs).find(([, made]) => made.format === 'segments')!;
      const bytes = await this.#ledger.bytesOf(node, output);
      if (!bytes) return this.#queue(node);
      tables.set(name, decodeArtifact(kind, bytes) as readonly Segment[]);
    }
    if (!run.isPlanned) this.#planRest(run, tables);
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
    if (this.#pending > 0) return;
    assert(this.#unfinishedRuns === 0, 'nothing is left to do, but a run is not over');
    this.#finished.resolve();
  }

  /** Something asynchronous of the build; when it ends the loop turns again. */
  #follow(work: Promise<void>): void {
    this.#pending += 1;
    work
      .then(() => {
        this.#pending -= 1;
        this.#pump();
      })
      .catch((error) => this.#finished.reject(error));
  }

  /** All that a node needs is known: what is its key, and is there a result? */
  #resolve(node: ActionNode): void {
    const lack = node.component.lack ?? this.#absences.get(absenceOf(node));
    if (lack !== undefined) return this.#doWithout(node, lack);
    const names = node.component.loaded.rule.programs(node.component.params);
    const programs = Object.fromEntries(names.map((name) => [name, this.#setting.programs.get(name)!]));
    const resultOf = (other: ActionNode): ActionResult | undefined => this.#ledger.resultOf(other);
    const { key } = this.#ledger.open(node, actionKey(node, { resultOf, programs }));
    const leader = this.#leaders.get(key);
    if (leader) return this.#joinLeader(node, leader);
    this.#leaders.set(key, node);
    const hit = this.#setting.actions.get(key);
    if (hit) return this.#settle(node, hit, { source: 'local' });
    if (!this.#setting.shared) return this.#queue(node);
    this.#schedule.park(node, []);
    this.#follow(this.#lookAfar(node));
  }

  /** Another machine may have done it. */
  async #lookAfar(node: ActionNode): Promise<void> {
    const { key } = this.#ledger.of(node);
    const hit = await this.#flights.lookAfar(node);
    if (!this.#isParkedFor(node, key)) return;
    if (hit) this.#settle(node, hit, { source: 'remote' });
    else this.#queue(node);
  }

  /** True while a node waits for what becomes of a key. */
  #isParkedFor(node: ActionNode, key: Digest): boolean {
    return this.#schedule.stateOf(node) === 'parked' && this.#ledger.of(node).key === key;
  }

  /** The node has to run, for the first time or again. */
  #queue(node: ActionNode): void {
    if (!this.#schedule.makeReady(node)) return;
    const { key, result } = this.#ledger.of(node);
    const needs = [...producersOf(node)].map(({ id }) => id);
    const reason = result ? 'regenerate' : 'new';
    this.#emit({ type: 'action_queued', ...refOf(node), key, reason, needs });
  }

  #joinLeader(node: ActionNode, leader: ActionNode): void {
    const result = this.#ledger.resultOf(leader);
    if (result) this.#settle(node, result, { source: 'local' });
    else this.#followers.set(leader, [...(this.#followers.get(leader) ?? []), node]);
  }

  // ---- Executing ----------------------------------------------------------------------------------------------

  async #execute(batch: readonly ActionNode[]): Promise<void> {
    const nodes: ActionNode[] = [];
    const calls: TaskCall[] = [];
    const isOurs = await Promise.all(batch.map((node) => this.#takeOn(node)));
    for (const [index, node] of batch.entries()) {
      const call = isOurs[index] ? await this.#prepareOrFail(node) : undefined;
      if (!call) continue;
      nodes.push(node);
      calls.push(call);
    }
    if (nodes.length === 0) return;
    for (const node of nodes) this.#announce(node);
    try {
      const { results } = await this.#runner.perform(nodes, calls);
      for (const [index, node] of nodes.entries()) await this.#keep(node, results[index]!);
    } catch (thrown) {
      const error = toFlowError(thrown);
      for (const node of nodes)
        if (this.#schedule.stateOf(node) === 'running') this.#failOrRetry(node, error);
    }
  }

  /** False if somebody else does this action, or has done it. */
  async #takeOn(node: ActionNode): Promise<boolean> {
    if (this.#ledger.resultOf(node)) return true; // It only makes its bytes again.
    const taken = await this.#flights.take(node);
    if (taken === 'ours') return true;
    if (taken === 'taken') {
      this.#schedule.park(node, []);
      this.#follow(this.#awaitOther(node));
    } else this.#settleFound(node, taken);
    return false;
  }

  async #awaitOther(node: ActionNode): Promise<void> {
    const { key } = this.#ledger.of(node);
    const { loaded, graceSec } = node.component;
    const mostSec = loaded.rule.timeoutSec + graceSec;
    const isWanted = (): boolean => this.#isParkedFor(node, key);
    const landed = await this.#flights.land(node, { mostMs: mostSec * 1000, isWanted });
    if (!isWanted()) return this.#flights.release(key);
    if (landed === 'overdue') return this.#fail(node, notArrived(node, mostSec, this.#flights.holder(key)));
    if (landed === 'ours' || landed === 'unwanted') this.#schedule.makeReady(node);
    else this.#settleFound(node, landed);
  }

  #settleFound(node: ActionNode, { hit, isRemote }: Found): void {
    this.#settle(node, hit, { source: isRemote ? 'remote' : 'local' });
  }

  async #prepareOrFail(node: ActionNode): Promise<TaskCall | undefined> {
    try {
      return await this.#prepare(node);
    } catch (thrown) {
      this.#failOrRetry(node, toFlowError(thrown));
      return undefined;
    }
  }

  /** If bytes that the action reads are gone, those who made them run again first. */
  async #prepare(node: ActionNode): Promise<TaskCall | undefined> {
    const prepared = await this.#runner.prepare(node);
    if ('call' in prepared) return prepared.call;
    this.#flights.release(this.#ledger.of(node).key);
    const lost = [...prepared.missing].find((producer) => this.#schedule.stateOf(producer) === 'failed');
    if (lost) this.#fail(node, bytesLost(node, lost));
    else {
      this.#schedule.park(node, prepared.missing);
      for (const producer of prepared.missing) this.#queue(producer);
    }
    return undefined;
  }

  async #keep(node: ActionNode, made: CallResult): Promise<void> {
    const { key, result: before, performed, source } = this.#ledger.of(node);
    assert(performed);
    const result = await this.#ledger.keep(node, made, performed.durationMs);
    if (before && !hasSameContent(before, result)) {
      // What another machine has made may differ by its processor: then what is made here counts.
      if (node.component.loaded.rule.isDeterministic && source !== 'remote')
        return this.#fail(node, nondeterministic(node));
      for (const dependent of node.dependents) this.#reopen(dependent);
    }
    const isRepeated = before !== undefined && hasSameBytes(before, result);
    if (!isRepeated) this.#ledger.publish(node, result); // Else whoever made it first has signed it.
    if (!isRepeated || blobsOf(result).length > 0) this.#flights.offer(node); // Others may lack them, too.
    this.#flights.release(key);
    this.#emit({
      type: 'action_finished',
      ...refOf(node),
      key,
      reason: before ? 'regenerate' : 'new',
      status: result.status,
      ...performed,
      bytes: sizeOf(result, { withEphemeral: true }),
      warnings: made.warnings,
    });
    this.#settle(node, result, { source: 'none' });
  }

  /** What a node reads has changed since its key was computed: it gets another one. */
  #reopen(node: ActionNode): void {
    const entry = this.#ledger.find(node);
    if (!entry || entry.result || !this.#schedule.reopen(node)) return;
    this.#passOn(node);
  }

  // ---- Settling -----------------------------------------------------------------------------------------------

  /** @param source where the result was found; `none` if it has just been made */
  #settle(node: ActionNode, result: ActionResult, { source }: { source: CacheSource }): void {
    const isCached = source !== 'none';
    const run = this.#runOf(node);
    const entry = this.#ledger.of(node);
    const { key } = entry;
    if (!entry.result) this.#remember(node, result, { isCached });
    if (!entry.result && !isCached) this.#ran.push(node);
    entry.source ??= source;
    entry.result = result;
    if (isCached) {
      this.#ledger.share(node, result);
      const bytes = sizeOf(result, { withEphemeral: false });
      this.#emit({ type: 'action_cached', ...refOf(node), key, source, bytes });
    }
    run.settled(node, result, { source });
    this.#schedule.done(node);
    if (run.tallyOf(node).finals.includes(node)) this.#finalDone(node);
    else this.#releaseUnneeded(node);
    for (const producer of producersOf(node)) this.#releaseUnneeded(producer);
    for (const follower of this.#takeFollowers(node)) this.#settle(follower, result, { source: 'local' });
    if (!run.isPlanned) this.#follow(this.#expand(run));
  }

  #remember(node: ActionNode, { durationMs }: ActionResult, { isCached }: { isCached: boolean }): void {
    const { key } = this.#ledger.of(node);
    const outcome = isCached ? 'cached' : 'ran';
    this.#setting.history.note(placeOf(node), { key, atMs: this.#startedAtMs, outcome, durationMs });
  }

  #takeFollowers(node: ActionNode): readonly ActionNode[] {
    const followers = this.#followers.get(node) ?? [];
    this.#followers.delete(node);
    return followers.filter((follower) => this.#schedule.stateOf(follower) === 'open'); // Not stopped meanwhile.
  }

  #finalDone(node: ActionNode): void {
    const run = this.#runOf(node);
    const isMadeForOthers = 'request' in node.component.loaded.rule.params.shape;
    if (isMadeForOthers) run.delivered(node, { outputs: [], key: undefined });
    else if (run.isUnlikeKept(node, this.#ledger.of(node).key)) this.#refuseChanged(run, node);
    else this.#follow(this.#deliver(node));
  }

  /** What is kept of the run and what would be made from this do not go together. */
  #refuseChanged(run: RunProgress, node: ActionNode): void {
    const { name } = node.component;
    const error = toRecord(keptChanged(run.spec.scope, name));
    this.#emit({ type: 'action_failed', ...refOf(node), error });
    this.#stopRun(run, `${name} is not what it was`, 'error');
  }

  async #deliver(node: ActionNode): Promise<void> {
    const run = this.#runOf(node);
    const { result, key } = this.#ledger.of(node);
    const bytesOf = (output: string): Promise<Uint8Array | undefined> => this.#ledger.bytesOf(node, output);
    try {
      const delivery = { folder: run.spec.folder, component: node.component.name, result: result!, bytesOf };
      const outputs = await deliver(delivery, this.#setting.place);
      await this.#readFacts(run, node);
      if (!outputs && !run.isStopped) return this.#queue(node);
      if (outputs) run.delivered(node, { outputs, key });
      else run.failed(node, cancelled());
    } catch (thrown) {
      this.#tellFailure(node, toFlowError(thrown));
    }
    this.#releaseUnneeded(node);
  }

  /** What the manifest says of the video. */
  async #readFacts(run: RunProgress, node: ActionNode): Promise<void> {
    const described = Object.entries(node.outputs).find(([, kind]) => kind.describesSource);
    const bytes = described && run.spec.record && (await this.#ledger.bytesOf(node, described[0]));
    if (!bytes) return;
    const { duration_sec, width, height, fps, has_audio } = decodeArtifact(
      described[1],
      bytes,
    ) as SourceFacts;
    run.spec.record!.setFacts({ duration_sec, width, height, fps, has_audio });
  }

  /** Lets go of a node's bytes when nobody in the plan may still ask for them. */
  #releaseUnneeded(node: ActionNode): void {
    if (!this.#runOf(node).isPlanned) return;
    for (const dependent of node.dependents) if (this.#schedule.mayStillRun(dependent)) return;
    this.#shelf.release(node);
  }

  // ---- Failing ------------------------------------------------------------------------------------------------

  #failOrRetry(node: ActionNode, error: FlowError): void {
    const { attempt, performed } = this.#ledger.of(node);
    const isHopeless = this.#absences.has(absenceOf(node)) && isModelAbsent(error);
    const isInVain = isHopeless || this.#isStopping || this.#stopped.has(this.#runOf(node));
    if (attempt > node.component.retries || !isTransient(error.code) || isInVain)
      return this.#fail(node, error);
    const delayMs = firstRetryMs * 2 ** (attempt - 1) * (0.5 + Math.random());
    const record = toRecord(error);
    this.#emit({ type: 'action_retried', ...refOf(node), ...performed, attempt, delayMs, error: record });
    this.#schedule.park(node, []);
    this.#follow(this.#retryIn(node, delayMs));
  }

  async #retryIn(node: ActionNode, delayMs: number): Promise<void> {
    await delay(delayMs);
    if (this.#schedule.stateOf(node) === 'parked') this.#schedule.makeReady(node);
  }

  #fail(node: ActionNode, error: FlowError): void {
    this.#flights.release(this.#ledger.of(node).key);
    if (isModelAbsent(error) && !node.component.isRequired) {
      this.#absences.set(absenceOf(node), error.message);
      return this.#doWithout(node, error.message);
    }
    this.#tellFailure(node, error);
    this.#giveUp(node, `${node.component.name} failed`);
  }

  /** What the component works with is not there, and the run can do without it. */
  #doWithout(node: ActionNode, reason: string): void {
    const { name } = node.component;
    if (this.#runOf(node).tallyOf(node).skipReason === undefined)
      this.#emit({ type: 'warning', message: `${name} is skipped: ${reason}` });
    this.#skip(node, reason);
    this.#giveUp(node, `${name} is skipped`);
  }

  #giveUp(node: ActionNode, why: string): void {
    for (const lost of this.#schedule.fail(node)) this.#skip(lost, why);
    for (const producer of producersOf(node)) this.#releaseUnneeded(producer);
    this.#passOn(node);
  }

  #tellFailure(node: ActionNode, error: FlowError): void {
    const run = this.#runOf(node);
    const { performed } = this.#ledger.of(node);
    this.#emit({ type: 'action_failed', ...refOf(node), ...performed, error: toRecord(error) });
    run.failed(node, error);
    const isTableLost = !run.isPlanned; // Before its tables are known nothing else of a run can go on.
    if (error.code === 'cancelled') return;
    const isFatal = run.tallyOf(node).component.isRequired && !this.#setting.keepsGoing;
    if (isFatal || isTableLost) this.#stopRun(run, `${node.component.name} failed`, 'error');
  }

  #skip(node: ActionNode, reason: string): void {
    const run = this.#runOf(node);
    if (run.skipped(node, reason) && !this.#setting.keepsGoing)
      this.#stopRun(run, `${node.component.name} cannot run`, 'error');
    for (const producer of producersOf(node)) this.#releaseUnneeded(producer);
  }

  #stopRun(run: RunProgress, reason: string, status: 'error' | 'cancelled'): void {
    if (this.#stopped.has(run)) return;
    this.#stopped.add(run);
    const stopped = this.#schedule.stop((node) => node.scope === run.spec.scope);
    const willEnd = ['running', 'done'];
    // All that it has to tell may have been told: then it is over, and only its actions have to end.
    if (!run.isStopped)
      run.stop(reason, status, (node) => willEnd.includes(this.#schedule.stateOf(node) ?? ''));
    for (const node of stopped) {
      this.#passOn(node);
      for (const producer of producersOf(node)) this.#releaseUnneeded(producer);
    }
  }

  /** The work of a node that stopped or failed may be wanted by other runs: one of its followers takes it over. */
  #passOn(node: ActionNode): void {
    const key = this.#ledger.find(node)?.key;
    if (!key || this.#leaders.get(key) !== node) return;
    this.#leaders.delete(key);
    this.#flights.release(key);
    const [heir, ...others] = this.#takeFollowers(node);
    if (!heir) return;
    this.#leaders.set(key, heir);
    this.#followers.set(heir, others);
    this.#queue(heir);
  }

  // ---- Small things -------------------------------------------------------------------------------------------

  #runOf(node: ActionNode): RunProgress {
    return this.#runs.get(node.scope)!;
  }

  #announce(node: ActionNode): void {
    const entry = this.#ledger.of(node);
    entry.attempt += 1;
    entry.performed = undefined;
    this.#runOf(node).tallyOf(node).startedAtMs ??= Date.now();
    const reason = entry.result ? 'regenerate' : 'new';
    this.#emit({ type: 'action_started', ...refOf(node), reason, attempt: entry.attempt });
  }

  /** A store that takes nothing makes the next build slower, not this one wrong. */
  #warnOfStore(error: Error): void {
    if (this.#hasWarnedOfStore) return;
    this.#hasWarnedOfStore = true;
    const message = `Cannot store artifacts in the cache: ${error.message}. The build goes on; what is not stored will be made again.`;
    this.#emit({ type: 'warning', message });
  }

  #emit(event: FlowEvent): void {
    this.#setting.events.emit(event);
  }
}

function absenceOf({ scope, component }: ActionNode): string {
  return `${scope.label}//${component.name}`;
}

function refOf({ id, component, scope, segment }: ActionNode): ActionRef {
  return {
    action: id,
    component: component.name,
    run: scope.label,
    ...(segment && { segment: segment.index, frames: segment.framePts.length }),
  };
}

function sizeOf({ outputs }: ActionResult, { withEphemeral }: { withEphemeral: boolean }): number {
  return Object.values(outputs)
    .filter((output) => withEphemeral || !output.isEphemeral)
    .reduce((sum, output) => sum + output.sizeBytes, 0);
}
