/** Which results there are to promote: those that a part of a bucket holds, or those of targets. */
import { listContents } from '../../../cache/remote/bucket-contents.ts';
import { digestOfObject } from '../../../cache/remote/layout.ts';
import type { ObjectStore } from '../../../cache/remote/object-store.ts';
import type { Candidate, Promoter } from '../../../cache/remote/promoter.ts';
import { readRunIndex } from '../../../cache/remote/read-run-index.ts';
import type { Digest } from '../../core/digest.ts';
import { eachOf } from '../../core/each-of.ts';
import { type ActionNode, takesRequest } from '../../core/plan.ts';
import type { BuildFlags } from '../build-flags.ts';
import { foreseeBuild, type Outlook, type Sight } from '../explain/foresee-build.ts';
import { tellRefused } from '../refusals.ts';

/** A run, or a part of one. */
export interface PromotableRun {
  /** Undefined for results that are in no run. */
  readonly run: Digest | undefined;
  /** What there is of each of its results. */
  readonly candidates: ReadonlyMap<Digest, Candidate>;
}

export interface TargetRun extends PromotableRun {
  /** What to build to make the result of a key anew. */
  readonly targets: ReadonlyMap<Digest, string>;
}

/** Whoever may write there chooses how large they are, so few are held at a time. */
const resultsAtOnce = 64;
const requestsAtOnce = 8;

/** All runs of a part, and the results that are in none of them; piece by piece. @throws {RemoteError} */
export async function* runsInPart(objects: ObjectStore, promoter: Promoter): AsyncGenerator<PromotableRun> {
  const { runs, results } = await listContents(objects);
  const inRuns = new Set<Digest>();
  for (const { key } of runs) {
    const run = digestOfObject(key);
    const index = run && (await readRunIndex(objects, run));
    if (!index || 'refusal' in index) continue;
    for (const one of index.keys()) inRuns.add(one);
    yield* inPieces(run, [...index.keys()], promoter);
  }
  const others = results.flatMap(({ key }) => digestOfObject(key) ?? []).filter((key) => !inRuns.has(key));
  yield* inPieces(undefined, others, promoter);
}

async function* inPieces(
  run: Digest | undefined,
  keys: readonly Digest[],
  promoter: Promoter,
): AsyncGenerator<PromotableRun> {
  for (let at = 0; at < keys.length; at += resultsAtOnce) {
    const candidates = new Map<Digest, Candidate>();
    await eachOf(keys.slice(at, at + resultsAtOnce), requestsAtOnce, async (key) => {
      candidates.set(key, await promoter.candidate(key));
    });
    yield { run, candidates };
  }
}

/** The keys come from the bucket alone: what this machine has made by itself does not need to be vouched for. */
export function runsOfTargets(
  words: readonly string[],
  flags: BuildFlags,
  promoter: Promoter,
): Promise<TargetRun[]> {
  const candidates = new Map<Digest, Candidate>();
  const sight: Sight = {
    actions: { get: () => undefined },
    blobs: { get: (digest, sizeBytes = 0) => promoter.read(digest, sizeBytes) },
    shared: {
      find: async (key) => {
        const candidate = await promoter.candidate(key);
        candidates.set(key, candidate);
        return 'entry' in candidate ? { ...candidate.entry, seal: {} } : undefined;
      },
    },
  };
  return foreseeBuild(
    words,
    flags,
    async ({ outlooks, prepared }) => {
      tellRefused(prepared.assembled);
      return outlooks.map((outlook) => targetRun(outlook, candidates));
    },
    { sightOf: async () => sight },
  );
}

function targetRun({ spec, forecast }: Outlook, found: ReadonlyMap<Digest, Candidate>): TargetRun {
  const prefix = spec.record ? `run:${spec.scope.origin}` : '';
  const candidates = new Map<Digest, Candidate>();
  const targets = new Map<Digest, string>();
  for (const { node, key } of forecast.actions) {
    const candidate = key && found.get(key.key);
    if (!candidate) continue;
    candidates.set(key.key, candidate);
    targets.set(key.key, `${prefix}//${nameableBehind(node).component.name}`);
  }
  return { run: spec.subject, candidates, targets };
}

/** The action itself, or one that reads what it makes for others alone. */
function nameableBehind(node: ActionNode): ActionNode {
  const [reader] = node.dependents;
  return takesRequest(node.component) && reader ? nameableBehind(reader) : node;
}
