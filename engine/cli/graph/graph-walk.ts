/** A walk through the graph: where it is, and where each key takes it. */
import { arrowsOf, byProcessor, type GraphNode, type GraphView } from './graph-view.ts';

export interface Walk {
  /** Undefined in a graph without components. */
  readonly at: string | undefined;
  /** Where the walk was before: the way back, if it lies in that direction. */
  readonly cameFrom?: string | undefined;
  /** Details are shown. */
  readonly isOpen: boolean;
  /** What is being searched for; undefined while nothing is. */
  readonly search: string | undefined;
  readonly isOver: boolean;
}

export type WalkKey =
  | { readonly key: 'up' | 'down' | 'left' | 'right' | 'enter' | 'escape' | 'backspace' }
  | { readonly key: 'text'; readonly text: string };

export function startOf(view: GraphView): Walk {
  return { at: listed(view)[0]?.name, isOpen: false, search: undefined, isOver: false };
}

/** Where a key leads. */
export function walkOn(view: GraphView, walk: Walk, key: WalkKey): Walk {
  if (walk.search !== undefined) return searchOn(view, walk, walk.search, key);
  const nodes = listed(view);
  const index = nodes.findIndex(({ name }) => name === walk.at);
  const go = (name: string | undefined): Walk =>
    name === undefined ? walk : { ...walk, at: name, cameFrom: walk.at };
  switch (key.key) {
    case 'up':
      return go(nodes[index - 1]?.name);
    case 'down':
      return go(nodes[index + 1]?.name);
    case 'left':
      return go(reachOf(view, walk).up.next);
    case 'right':
      return go(reachOf(view, walk).down.next);
    case 'enter':
      return { ...walk, isOpen: !walk.isOpen };
    case 'text':
      if (key.text.startsWith('/')) return searchFor(view, walk, key.text.slice(1));
      return key.text === 'q' ? { ...walk, isOver: true } : walk;
    default:
      return walk;
  }
}

function searchOn(view: GraphView, walk: Walk, search: string, key: WalkKey): Walk {
  switch (key.key) {
    case 'enter':
    case 'escape':
      return { ...walk, search: undefined };
    case 'backspace':
      return searchFor(view, walk, search.slice(0, -1));
    case 'text':
      return searchFor(view, walk, search + key.text);
    default:
      return walk;
  }
}

/** At the first component whose name has the text. */
function searchFor(view: GraphView, walk: Walk, search: string): Walk {
  const found = listed(view).find(({ name }) => name.toLowerCase().includes(search.toLowerCase()));
  return { ...walk, search, at: found?.name ?? walk.at };
}

/** The nodes in the order of the list. */
function listed(view: GraphView): GraphNode[] {
  return [...byProcessor(view).values()].flat();
}

export interface Neighbours {
  readonly direct: readonly string[];
  /** Direct or not. */
  readonly all: ReadonlySet<string>;
  /** Where the walk goes in this direction. */
  readonly next: string | undefined;
}

/** What lies up- and downstream of the walk. */
export function reachOf(view: GraphView, { at, cameFrom }: Walk): { up: Neighbours; down: Neighbours } {
  const arrows = arrowsOf(view);
  const producers = (name: string | undefined): string[] =>
    arrows.filter(({ to }) => to === name).map(({ from }) => from);
  const consumers = (name: string | undefined): string[] =>
    arrows.filter(({ from }) => from === name).map(({ to }) => to);
  const follow = (step: typeof producers): Neighbours => {
    const direct = step(at);
    return {
      direct,
      all: allBeyond(direct, step),
      next: direct.find((name) => name === cameFrom) ?? direct[0],
    };
  };
  return { up: follow(producers), down: follow(consumers) };
}

function allBeyond(direct: readonly string[], step: (name: string) => readonly string[]): Set<string> {
  const all = new Set<string>();
  const pending = [...direct];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (all.has(name)) continue;
    all.add(name);
    pending.push(...step(name));
  }
  return all;
}
