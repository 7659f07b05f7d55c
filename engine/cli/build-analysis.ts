/** Where the time of a build went: its slowest components, its longest action, and the chain that nothing can shorten. */
import type { ActionRef, TimedEvent } from '../core/events.ts';

export interface ActionTime {
  /** Label of its run. */
  readonly target: string;
  readonly component: string;
  readonly segment?: number;
  readonly duration_ms: number;
}

export interface ComponentTime {
  readonly component: string;
  /** How many actions of it ran, in all runs. */
  readonly actions: number;
  readonly duration_ms: number;
}

export interface Timing {
  /** The slowest first; at most ten. */
  readonly slowest_components: readonly ComponentTime[];
  /** The slowest first; at most ten. */
  readonly slowest_actions: readonly ActionTime[];
  /** The longest chain of executed actions of which each needed the one before. */
  readonly critical_path: { readonly duration_ms: number; readonly actions: readonly ActionTime[] };
}

const mostListed = 10;

/** Keeps what it needs of the runs that are not over, and of each run that is over at most one chain. */
export class BuildAnalysis {
  readonly #components = new Map<string, { actions: number; durationMs: number }>();
  readonly #needs = new Map<string, Map<string, readonly string[]>>();
  readonly #chains = new Map<string, Map<string, Chain>>();
  #slowest: readonly ActionTime[] = [];
  #longest: Chain | undefined;

  listen(event: TimedEvent): void {
    if (event.type === 'action_queued') inner(this.#needs, event.run).set(event.action, event.needs);
    if (event.type === 'action_finished') this.#finished(event, event.durationMs);
    if (event.type !== 'run_finished') return;
    this.#needs.delete(event.run);
    this.#chains.delete(event.run);
  }

  result(): Timing {
    const components = [...this.#components].map(([component, { actions, durationMs }]) => ({
      component,
      actions,
      duration_ms: Math.round(durationMs),
    }));
    return {
      slowest_components: components.sort((a, b) => b.duration_ms - a.duration_ms).slice(0, mostListed),
      slowest_actions: this.#slowest,
      critical_path: {
        duration_ms: Math.round(this.#longest?.sumMs ?? 0),
        actions: unrolled(this.#longest),
      },
    };
  }

  #finished({ action, component, run, segment }: ActionRef, durationMs: number): void {
    const time: ActionTime = {
      target: run,
      component,
      ...(segment !== undefined && { segment }),
      duration_ms: Math.round(durationMs),
    };
    const sum = this.#components.get(component) ?? { actions: 0, durationMs: 0 };
    this.#components.set(component, {
      actions: sum.actions + 1,
      durationMs: sum.durationMs + durationMs,
    });
    this.#rank(time);
    this.#extend({ action, run }, time, durationMs);
  }

  #rank(time: ActionTime): void {
    const last = this.#slowest[mostListed - 1];
    if (last && last.duration_ms >= time.duration_ms) return;
    this.#slowest = [...this.#slowest, time]
      .sort((a, b) => b.duration_ms - a.duration_ms)
      .slice(0, mostListed);
  }

  /** The longest chain that ends in this action. */
  #extend({ action, run }: Pick<ActionRef, 'action' | 'run'>, time: ActionTime, durationMs: number): void {
    const chains = inner(this.#chains, run);
    const needs = inner(this.#needs, run).get(action) ?? [];
    let before: Chain | undefined;
    for (const need of needs) {
      const chain = chains.get(need);
      if (chain && chain.sumMs > (before?.sumMs ?? -1)) before = chain;
    }
    const chain: Chain = { time, sumMs: durationMs + (before?.sumMs ?? 0), ...(before && { before }) };
    chains.set(action, chain);
    if (chain.sumMs > (this.#longest?.sumMs ?? -1)) this.#longest = chain;
  }
}

interface Chain {
  readonly time: ActionTime;
  readonly sumMs: number;
  readonly before?: Chain;
}

function unrolled(last: Chain | undefined): ActionTime[] {
  const actions: ActionTime[] = [];
  for (let chain = last; chain; chain = chain.before) actions.unshift(chain.time);
  return actions;
}

function inner<Value>(outer: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  const map = outer.get(key) ?? new Map<string, Value>();
  outer.set(key, map);
  return map;
}
