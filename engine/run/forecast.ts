/**
 * What a build would do, without doing it: which results are in the cache, and which actions would run. It decides
 * as `Build` does, from the same keys.
 */
import { type ActionKey, actionKey } from '../core/action-key.ts';
import { decodeArtifact } from '../core/artifact-codec.ts';
import type { Segment } from '../core/kind.ts';
import { type ActionNode, producersOf } from '../core/plan.ts';
import type { ActionCache, ActionResult, BlobStore, SharedCache } from '../core/store.ts';
import type { RunSpec } from './run-progress.ts';

export interface ForecastSetting {
  readonly actions: Pick<ActionCache, 'get'>;
  readonly blobs: Pick<BlobStore, 'get'>;
  /** Where other machines keep what they have made; undefined if they are not asked. */
  readonly shared?: Pick<SharedCache, 'find'> | undefined;
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
  /** Its result is on other machines alone. */
  readonly isRemote: boolean;
}

export interface Forecast {
  /** Producers first. */
  readonly actions: readonly Foreseen[];
  /** The nodes that give each component's result; none where that is not known yet. */
  readonly finals: ReadonlyMap<string, readonly ActionNode[]>;
  /** False if the table of segments has to be made first: only what makes it is in `actions`. */
  readonly isComplete: boolean;
}

/** Foresees the build of one run. Its own plan is left unused, for the build. */
export async function forecast(spec: RunSpec, setting: ForecastSetting): Promise<Forecast> {
  const foreseen = new Map<ActionNode, Foreseen>();
  const plan = spec.plan.narrowedTo(spec.components);
  const { tables, added } = plan.planTables();
  const foreseeAll = async (nodes: readonly ActionNode[]): Promise<void> => {
    for (const node of inOrder(nodes)) foreseen.set(node, await foresee(node, spec, foreseen, setting));
  };
  await foreseeAll(added);
  const segments = new Map<string, readonly Segment[]>();
  for (const [name, node] of tables) {
    const table = await readTable(foreseen.get(node)!, setting);
    if (!table) return { actions: [...foreseen.values()], finals: new Map(), isComplete: false };
    segments.set(name, table);
  }
  const rest = plan.planRest(segments);
  await foreseeAll(rest.added);
  return { actions: [...foreseen.values()], finals: rest.finals, isComplete: true };
}

async function foresee(
  node: ActionNode,
  { subject }: RunSpec,
  known: ReadonlyMap<ActionNode, Foreseen>,
  { actions, programs, shared }: ForecastSetting,
): Promise<Foreseen> {
  const isOpen = [...producersOf(node)].every((producer) => known.get(producer)?.result);
  const willRun = node.component.lack === undefined; // Else the build skips it.
  if (!isOpen || !willRun) return { node, key: undefined, result: undefined, isRemote: false };
  const names = node.component.loaded.rule.programs(node.component.params);
  const key = actionKey(node, {
    resultOf: (producer) => known.get(producer)?.result,
    programs: Object.fromEntries(names.map((name) => [name, programs.get(name)!])),
  });
  const near = actions.get(key.key);
  if (near || !shared) return { node, key, result: near, isRemote: false };
  const far = await shared.find(key.key, subject);
  return { node, key, result: far?.result, isRemote: far !== undefined };
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
      ? await blobs.get(record.digest, record.sizeBytes).catch(() => undefined) // A store that fails is a miss.
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
