/**
 * Decides what happens next in a build. It knows states and counts, and does nothing itself.
 *
 *   waiting ──all producers settled──► open ──key known, no result──► ready ──fits──► running ──► done
 *      │                                └──result in the cache──────────────────────────────────► done
 *      └──a producer failed──► skipped             done ──bytes needed again──► ready      running ──► failed
 */
import TinyQueue from 'tinyqueue';
import { type ActionNode, canDoWithout, producersOf, readsEphemeral } from './plan.ts';
import type { Resources } from './rule.ts';

export type NodeState =
  | 'waiting'
  | 'open'
  | 'ready'
  | 'parked'
  | 'running'
  | 'done'
  | 'failed'
  | 'skipped'
  | 'stopped';

export class Schedule {
  readonly #states = new Map<ActionNode, NodeState>();
  readonly #unsettled = new Map<ActionNode, number>();
  readonly #open: ActionNode[] = [];
  readonly #ready = new TinyQueue<ActionNode>([], compare);
  readonly #siblings = new Map<string, Set<ActionNode>>();
  readonly #parked = new Map<ActionNode, Set<ActionNode>>();
  readonly #capacity: Resources;
  /** Of the running nodes those that hold resources. */
  readonly #holders = new Set<ActionNode>();
  #running = 0;
  #usedCores = 0;
  #usedMemoryMiB = 0;

  constructor(capacity: Resources) {
    this.#capacity = capacity;
  }

  stateOf(node: ActionNode): NodeState | undefined {
    return this.#states.get(node);
  }

  /** True if the node may yet ask for the bytes of its producers. */
  mayStillRun(node: ActionNode): boolean {
    const state = this.#states.get(node);
    return state !== undefined && !isSettled(state);
  }

  /** Takes in newly planned nodes, whose producers are among them or were added before. */
  add(nodes: readonly ActionNode[]): ActionNode[] {
    for (const node of nodes) this.#states.set(node, 'waiting');
    const skipped: ActionNode[] = [];
    for (const node of nodes) {
      const producers = [...producersOf(node)];
      this.#unsettled.set(node, producers.filter((producer) => !this.#hasSettled(producer)).length);
      const lost = producers.some(
        (producer) => isLost(this.#states.get(producer)!) && !canDoWithout(node, producer),
      );
      if (lost) skipped.push(...this.#skip(node));
      else if (this.#unsettled.get(node) === 0 && this.#states.get(node) === 'waiting') this.#toOpen(node);
    }
    return skipped;
  }

  /** A node whose producers are all settled: its key can be computed. */
  nextOpen(): ActionNode | undefined {
    for (let node = this.#open.pop(); node; node = this.#open.pop())
      if (this.#states.get(node) === 'open') return node;
    return undefined;
  }

  /**
   * The node has to run: for the first time, or again because its bytes are gone.
   *
   * @returns false if that was known
   */
  makeReady(node: ActionNode): boolean {
    const state = this.#states.get(node);
    if (state === 'ready' || state === 'running') return false;
    if ((this.#parked.get(node)?.size ?? 0) > 0) return false; // It will be, once those that it waits for have run.
    this.#parked.delete(node);
    this.#states.set(node, 'ready');
    this.#ready.push(node);
    const siblings = this.#siblings.get(siblingKey(node)) ?? new Set();
    this.#siblings.set(siblingKey(node), siblings.add(node));
    return true;
  }

  /** The node waits until the given ones have run again. */
  park(node: ActionNode, until: Iterable<ActionNode>): void {
    this.#release(node, 'parked');
    this.#parked.set(node, new Set(until));
  }

  /** What the node reads is no longer what its key says. @returns false if it has not come to need its key yet, or is past it */
  reopen(node: ActionNode): boolean {
    const state = this.#states.get(node);
    if (state !== 'parked' && state !== 'ready') return false;
    this.#parked.delete(node);
    this.#toOpen(node);
    return true;
  }

  /** The best node that fits what is free; with it all that its rule can do in the same call. */
  nextToStart(mayStart: (node: ActionNode) => boolean): ActionNode[] {
    const passedOver: ActionNode[] = [];
    let chosen: ActionNode[] = [];
    for (let node = this.#ready.pop(); node; node = this.#ready.pop()) {
      if (this.#states.get(node) !== 'ready') continue;
      if (this.#fits(node) && (this.#running === 0 || mayStart(node))) {
        chosen = this.#withSiblings(node);
        break;
      }
      passedOver.push(node);
      if (this.#usedCores >= this.#capacity.cores) break; // Nothing else will fit either.
    }
    for (const node of passedOver) this.#ready.push(node);
    for (const node of chosen) this.#start(node, node === chosen[0]);
    return chosen;
  }

  #withSiblings(node: ActionNode): ActionNode[] {
    if (!node.component.loaded.rule.runTogether) return [node];
    const siblings = this.#siblings.get(siblingKey(node)) ?? new Set();
    return [node, ...[...siblings].filter((other) => other !== node && this.#states.get(other) === 'ready')];
  }

  #fits(node: ActionNode): boolean {
    if (this.#running === 0) return true; // Whatever is asked for: alone it gets all there is.
    const { cores, memoryMiB } = node.component.resources;
    const hasCores = cores === 0 || this.#usedCores + cores <= this.#capacity.cores;
    return hasCores && this.#usedMemoryMiB + memoryMiB <= this.#capacity.memoryMiB;
  }

  /** Of nodes that run in one call the first one holds the resources. */
  #start(node: ActionNode, holdsResources: boolean): void {
    this.#states.set(node, 'running');
    this.#siblings.get(siblingKey(node))?.delete(node);
    this.#running += 1;
    if (!holdsResources) return;
    this.#holders.add(node);
    this.#usedCores += node.component.resources.cores;
    this.#usedMemoryMiB += node.component.resources.memoryMiB;
  }

  #release(node: ActionNode, state: NodeState): void {
    if (this.#states.get(node) === 'running') {
      this.#running -= 1;
      if (this.#holders.delete(node)) {
        this.#usedCores -= node.component.resources.cores;
        this.#usedMemoryMiB -= node.component.resources.memoryMiB;
      }
    }
    this.#parked.delete(node);
    this.#states.set(node, state);
  }

  /** The node has its result. */
  done(node: ActionNode): void {
    const wasSettled = this.#unsettled.get(node) === settledOnce;
    this.#release(node, 'done');
    this.#unpark(node);
    if (wasSettled) return;
    this.#unsettled.set(node, settledOnce);
    for (const dependent of node.dependents) this.#countDown(dependent);
  }

  /** The node has failed for good. @returns the nodes that are skipped for it */
  fail(node: ActionNode): ActionNode[] {
    this.#release(node, 'failed');
    this.#unpark(node);
    return this.#settleLoss(node);
  }

  /** Stops all nodes of a scope that are not running. @returns those nodes */
  stop(isAffected: (node: ActionNode) => boolean): ActionNode[] {
    const stopped: ActionNode[] = [];
    for (const [node, state] of this.#states) {
      if (!isAffected(node) || isSettled(state) || state === 'running') continue;
      this.#states.set(node, 'stopped');
      this.#parked.delete(node);
      stopped.push(node);
    }
    return stopped;
  }

  /** A node that runs again for its bytes has settled before. */
  #hasSettled(node: ActionNode): boolean {
    return this.#unsettled.get(node) === settledOnce || isLost(this.#states.get(node)!);
  }

  #unpark(settled: ActionNode): void {
    for (const [node, awaited] of this.#parked) {
      if (!awaited.delete(settled) || awaited.size > 0) continue;
      this.#parked.delete(node);
      this.#states.set(node, 'waiting');
      this.makeReady(node);
    }
  }

  #countDown(node: ActionNode): void {
    const left = this.#unsettled.get(node);
    if (left === undefined || this.#states.get(node) !== 'waiting') return;
    this.#unsettled.set(node, left - 1);
    if (left === 1) this.#toOpen(node);
  }

  #toOpen(node: ActionNode): void {
    this.#states.set(node, 'open');
    this.#open.push(node);
  }

  #settleLoss(node: ActionNode): ActionNode[] {
    const skipped: ActionNode[] = [];
    for (const dependent of node.dependents) {
      if (this.#states.get(dependent) !== 'waiting') continue;
      if (canDoWithout(dependent, node)) this.#countDown(dependent);
      else skipped.push(...this.#skip(dependent));
    }
    return skipped;
  }

  #skip(node: ActionNode): ActionNode[] {
    if (this.#states.get(node) !== 'waiting') return [];
    this.#states.set(node, 'skipped');
    return [node, ...this.#settleLoss(node)];
  }
}

/** Marks in `#unsettled` a node whose dependents have been told. */
const settledOnce = -1;

function isSettled(state: NodeState): boolean {
  return state === 'done' || isLost(state);
}

function isLost(state: NodeState): boolean {
  return state === 'failed' || state === 'skipped' || state === 'stopped';
}

function siblingKey(node: ActionNode): string {
  return `${node.scope.order} ${node.component.name} ${node.segment?.index ?? ''}`;
}

/**
 * Which of two ready nodes goes first: the one that lets go of ephemeral bytes, so that the segments at hand are
 * finished before new ones are decoded; then one of the whole film, which nothing shares out among cores: at the end it
 * would run alone; then the one with the longest way still before it.
 */
function compare(a: ActionNode, b: ActionNode): number {
  return (
    Number(readsEphemeral(b)) - Number(readsEphemeral(a)) ||
    a.scope.order - b.scope.order ||
    Number(b.segment === undefined) - Number(a.segment === undefined) ||
    b.component.rank - a.component.rank ||
    (a.segment?.index ?? -1) - (b.segment?.index ?? -1)
  );
}
