/**
 * Why an action ran, or would: its key held against the nearest one that it has had before, fact by fact; and where
 * a fact is something that another action made, why that one made something else.
 */
import { type ActionKey, contentsOf } from './action-key.ts';
import { type Change, changedFacts, type Ingredients } from './changed-facts.ts';
import type { Digest } from './digest.ts';
import { type ActionPlace, type PastKey, placeOf } from './history.ts';
import type { ActionNode } from './plan.ts';
import type { ActionResult, EvictionRecord } from './store.ts';

/** What is known of the actions at hand. */
export interface Present {
  keyOf(node: ActionNode): ActionKey | undefined;
  resultOf(node: ActionNode): ActionResult | undefined;
  /** True if its result is on other machines alone; absent where none can be. */
  isRemote?(node: ActionNode): boolean;
  /** True for a key that an action at hand has. */
  isInUse(key: Digest): boolean;
}

/** What is known of earlier ones. */
export interface Past {
  /** The keys that an action has had, the newest first. */
  keysOf(place: ActionPlace): readonly PastKey[];
  /** When the last build began of what has this origin; milliseconds since 1970. */
  lastBuildMs(origin: string): number | undefined;
  ingredientsOf(key: Digest): Ingredients | undefined;
  resultOf(key: Digest): ActionResult | undefined;
  /** Why the result of a key, or the bytes of a digest, are not in the cache any more; undefined if they may be there. */
  evictionOf(name: Digest): EvictionRecord | undefined;
  /** Why the result of a key was not sent to the remote cache, 'it …'; undefined if it was, or nobody tried. */
  unsentOf(key: Digest): EvictionRecord | undefined;
}

export interface Explanation {
  readonly node: ActionNode;
  readonly key: Digest | undefined;
  /**
   * `ran`: its result was made by the last build; `cached`: by an earlier one, elsewhere, or for another action;
   * `to_run`: there is none; `waits`: its key is not known until others have run.
   */
  readonly verdict: 'ran' | 'cached' | 'to_run' | 'waits';
  /** Of a cached result: it is on other machines alone. */
  readonly isRemote: boolean;
  /**
   * `first`: it has had no other key here; `changed`: what it is made of is not what it was; `lost`: it has had a
   * result under this very key, which is gone.
   */
  readonly reason: 'first' | 'changed' | 'lost';
  /** When it came to have its key; undefined if it has not had it yet. */
  readonly since: PastKey | undefined;
  /** The earlier key that it is held against. */
  readonly before: PastKey | undefined;
  readonly causes: readonly Cause[];
  /** Why its result is gone; or, where that is there, the bytes of one of its outputs. */
  readonly eviction: EvictionRecord | undefined;
  /** Why other machines do not find its result. */
  readonly unsent: EvictionRecord | undefined;
}

/** One thing that is not what it was. */
export interface Cause extends Change {
  readonly node: ActionNode;
  /** Of an output that another action made: why that is not what it was; empty where that is not known. */
  readonly upstream: readonly Cause[];
}

export class Explainer {
  readonly #present: Present;
  readonly #past: Past;

  constructor(present: Present, past: Past) {
    this.#present = present;
    this.#past = past;
  }

  explain(node: ActionNode): Explanation {
    const present = this.#present.keyOf(node);
    if (!present) return this.#waiting(node);
    const hasResult = this.#present.resultOf(node) !== undefined;
    const keys = this.#pastOf(node);
    const since = keys.find(({ key }) => key === present.key);
    const earlier = keys.filter(({ key, atMs }) => key !== present.key && atMs < (since?.atMs ?? Infinity));
    const before = this.#nearest(earlier, present.ingredients);
    const isOld = since !== undefined && since.atMs !== this.#past.lastBuildMs(node.scope.origin);
    return {
      node,
      key: present.key,
      isRemote: this.#present.isRemote?.(node) ?? false,
      verdict: hasResult ? (since?.outcome === 'ran' && !isOld ? 'ran' : 'cached') : 'to_run',
      reason: !hasResult && since ? 'lost' : before ? 'changed' : 'first',
      since,
      before,
      // What has not changed in the last build needs no cause.
      causes:
        before && !(hasResult && isOld) ? this.#causes(node, before, present.ingredients, new Set()) : [],
      eviction: this.#evictionOf(present.key, this.#present.resultOf(node)),
      unsent: this.#past.unsentOf(present.key),
    };
  }

  #evictionOf(key: Digest, result: ActionResult | undefined): EvictionRecord | undefined {
    if (!result) return this.#past.evictionOf(key);
    const stored = Object.values(result.outputs).filter(
      ({ isEphemeral, inline }) => !isEphemeral && inline === undefined,
    );
    return stored.map(({ digest }) => this.#past.evictionOf(digest)).find((one) => one !== undefined);
  }

  #waiting(node: ActionNode): Explanation {
    const [before] = this.#pastOf(node);
    return {
      node,
      key: undefined,
      isRemote: false,
      verdict: 'waits',
      reason: before ? 'changed' : 'first',
      since: undefined,
      before,
      causes: [],
      eviction: undefined,
      unsent: undefined,
    };
  }

  /** Its keys; where it was never asked for the same before, those of another request that nobody makes any more. */
  #pastOf(node: ActionNode): readonly PastKey[] {
    const place = placeOf(node);
    const keys = this.#past.keysOf(place);
    const own = keys.filter(({ request }) => request === place.request);
    const isNew = own.every(({ key }) => key === this.#present.keyOf(node)?.key);
    return isNew ? [...own, ...keys.filter(({ key }) => !this.#present.isInUse(key))] : own;
  }

  /** The earlier key that differs in the fewest facts; of equals the latest. */
  #nearest(earlier: readonly PastKey[], now: Ingredients): PastKey | undefined {
    let nearest: { past: PastKey; count: number } | undefined;
    for (const past of earlier) {
      const before = this.#past.ingredientsOf(past.key);
      const count = before ? changedFacts(before, now).length : Infinity;
      if (!nearest || count < nearest.count) nearest = { past, count };
    }
    return nearest?.past;
  }

  #causes(node: ActionNode, before: PastKey, now: Ingredients, visited: ReadonlySet<ActionNode>): Cause[] {
    const old = this.#past.ingredientsOf(before.key);
    if (!old) return [];
    const path = new Set([...visited, node]);
    return changedFacts(old, now).map((change) => ({
      ...change,
      node,
      upstream: this.#upstream(node, change, path),
    }));
  }

  #upstream(node: ActionNode, change: Change, visited: ReadonlySet<ActionNode>): Cause[] {
    for (const { node: producer, wasMadeBy } of makersOf(node, change)) {
      const present = this.#present.keyOf(producer);
      if (!present || visited.has(producer)) continue;
      const before = this.#pastOf(producer).find(
        ({ key }) => key !== present.key && wasMadeBy(this.#past.resultOf(key)),
      );
      if (before) return this.#causes(producer, before, present.ingredients, visited);
    }
    return [];
  }
}

interface Maker {
  readonly node: ActionNode;
  /** True if an earlier result of it gave what stood in the earlier key. */
  readonly wasMadeBy: (result: ActionResult | undefined) => boolean;
}

/** The actions that made what a changed fact names. */
function makersOf(node: ActionNode, { field, from }: Change): Maker[] {
  const [kind, name] = field;
  if (kind === 'parts') {
    const part = node.parts[Number(name)];
    const contents = JSON.stringify(Array.isArray(from) ? from.at(-1) : undefined);
    return part
      ? [
          {
            node: part.node,
            wasMadeBy: (result) => result !== undefined && contents === JSON.stringify(contentsOf(result)),
          },
        ]
      : [];
  }
  if (kind !== 'inputs') return [];
  return node.bindings.flatMap((binding) => {
    if (binding.type !== 'artifact' && binding.type !== 'halo') return [];
    if (name !== (binding.type === 'halo' ? `${binding.name}@before` : binding.name)) return [];
    const wasMadeBy = (result: ActionResult | undefined): boolean => {
      const output = result?.outputs[binding.output];
      return output !== undefined && (output.content === from || output.digest === from);
    };
    return [{ node: binding.node, wasMadeBy }];
  });
}

/** The causes that nothing upstream explains any further. */
export function rootCauses(causes: readonly Cause[]): Cause[] {
  const roots = new Map<string, Cause>();
  for (const cause of causes) {
    const found = cause.upstream.length > 0 ? rootCauses(cause.upstream) : [cause];
    for (const root of found) roots.set(JSON.stringify([root.node.id, root.field]), root);
  }
  return [...roots.values()];
}
