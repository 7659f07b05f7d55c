/**
 * What a build would do, without doing it: which results are in the cache, and which actions would run. It decides
 * as `Build` does, from the same keys.
 */
import { type ActionKey, actionKey } from '../core/action-key.ts';
import { decodeArtifact } from '../core/artifact-codec.ts';
import type { Segment } from '../core/kind.ts';
import { type ActionNode, producersOf } from '../core/plan.ts';
import type { ActionCache, ActionResult, BlobStore } from '../core/store.ts';
import type { RunSpec } from './run-progress.ts';

export interface ForecastSetting {
  readonly actions: Pick<ActionCache, 'get'>;
  readonly blobs: Pick<BlobStore, 'get'>;
  /** Identities of the external programs that the rules name. */
  readonly programs: ReadonlyMap<string, string>;
}

/** One action of a run, as it stands before the build. */
export interface Foreseen {
  readonly node: ActionNode;
  /** Undefined where something that it reads has to be made first. */
  readonly key: ActionKey | undefined;
  /** Undefined if it would run; or might, where its key is not known yet. */
  readonly result: ActionResult | undefined;
}

export interface Forecast {
  /** Producers first. */
  readonly actions: readonly Foreseen[];
  /** The nodes that give each component's result; none where that is not known yet. */
  readonly finals: ReadonlyMap<string, readonly ActionNode[]>;
  /** False if the table of segments has to be made first: only what makes it is in `actions`. */
  readonly isComplete: boolean;
}

/** Foresees the build of one run. The plan of `spec` is used up by it. */
export async function forecast(spec: RunSpec, setting: ForecastSetting): Promise<Forecast> {
  const foreseen = new Map<ActionNode, Foreseen>();
  const { tables, added } = spec.plan.planTables();
  for (const node of inOrder(added)) foreseen.set(node, foresee(node, foreseen, setting));
  const segments = new Map<string, readonly Segment[]>();
  for (const [name, node] of tables) {
    const table = await readTable(foreseen.get(node)!, setting);
    if (!table) return { actions: [...foreseen.values()], finals: new Map(), isComplete: false };
    segments.set(name, table);
  }
  const rest = spec.plan.planRest(segments);
  for (const node of inOrder(rest.added)) foreseen.set(node, foresee(node, foreseen, setting));
  return { actions: [...foreseen.values()], finals: rest.finals, isComplete: true };
}

function foresee(
  node: ActionNode,
  known: ReadonlyMap<ActionNode, Foreseen>,
  { actions, programs }: ForecastSetting,
): Foreseen {
  const isOpen = [...producersOf(node)].every((producer) => known.get(producer)?.result);
  if (!isOpen) return { node, key: undefined, result: undefined };
  const names = node.component.loaded.rule.programs(node.component.params);
  const key = actionKey(node, {
    resultOf: (producer) => known.get(producer)?.result,
    programs: Object.fromEntries(names.map((name) => [name, programs.get(name)!])),
  });
  return { node, key, result: actions.get(key.key) };
}

/** The table of segments that a node has made, if it is at hand. */
async function readTable(
  { node, result }: Foreseen,
  { blobs }: ForecastSetting,
): Promise<readonly Segment[] | undefined> {
  const [output, kind] = Object.entries(node.outputs).find(([, made]) => made.format === 'segments')!;
  const record = result?.outputs[output];
  if (!record) return undefined;
  const bytes =
    record.inline === undefined
      ? await blobs.get(record.digest).catch(() => undefined) // A store that fails is a miss.
      : Buffer.from(record.inline, 'base64');
  return bytes && (decodeArtifact(kind, bytes) as readonly Segment[]); // What a table's kind decodes to.
}

/** Producers before consumers. */
function inOrder(nodes: readonly ActionNode[]): ActionNode[] {
  const wanted = new Set(nodes);
  const ordered = new Set<ActionNode>();
  const visit = (node: ActionNode): void => {
    if (!wanted.has(node) || ordered.has(node)) return;
    for (const producer of producersOf(node)) visit(producer);
    ordered.add(node);
  };
  for (const node of nodes) visit(node);
  return [...ordered];
}
