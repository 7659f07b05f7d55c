/** Which results there are to promote: those that a part of a bucket holds, or those of targets. */
import { listContents } from '../../../cache/remote/bucket-contents.ts';
import { digestOfObject } from '../../../cache/remote/layout.ts';
import type { ObjectStore } from '../../../cache/remote/object-store.ts';
import type { Promoter } from '../../../cache/remote/promoter.ts';
import { readRunIndex } from '../../../cache/remote/read-run-index.ts';
import type { Digest } from '../../core/digest.ts';
import type { BuildFlags } from '../build-flags.ts';
import { foreseeBuild, type Outlook, type Sight } from '../explain/foresee-build.ts';
import { tellRefused } from '../refusals.ts';

export interface PromotableRun {
  /** Undefined for results that are in no run. */
  readonly run: Digest | undefined;
  readonly keys: readonly Digest[];
  /** What to build to make the result of a key anew; empty where that is not known. */
  readonly targets: ReadonlyMap<Digest, string>;
}

/** All runs of a part, and the results that are in none of them. @throws {RemoteError} */
export async function runsInPart(objects: ObjectStore): Promise<PromotableRun[]> {
  const contents = await listContents(objects);
  const runs: PromotableRun[] = [];
  for (const { key } of contents.runs) {
    const run = digestOfObject(key);
    const index = run && (await readRunIndex(objects, run));
    if (index && !('refusal' in index)) runs.push({ run, keys: [...index.keys()], targets: new Map() });
  }
  const keys = contents.results.flatMap(({ key }) => digestOfObject(key) ?? []);
  return [...runs, { run: undefined, keys, targets: new Map() }];
}

/** The keys come from the bucket alone: what this machine has made by itself does not need to be vouched for. */
export function runsOfTargets(
  words: readonly string[],
  flags: BuildFlags,
  promoter: Promoter,
): Promise<PromotableRun[]> {
  const sight: Sight = {
    actions: { get: () => undefined },
    blobs: { get: (digest, sizeBytes = 0) => promoter.read(digest, sizeBytes) },
    shared: {
      find: async (key) => {
        const found = await promoter.candidate(key);
        return 'entry' in found ? { ...found.entry, seal: {} } : undefined;
      },
    },
  };
  return foreseeBuild(
    words,
    flags,
    async ({ outlooks, prepared }) => {
      tellRefused(prepared.assembled);
      return outlooks.map(runOf);
    },
    { sightOf: async () => sight },
  );
}

function runOf({ spec, forecast }: Outlook): PromotableRun {
  const known = forecast.actions.flatMap(({ node, key }) => (key ? [{ node, key: key.key }] : []));
  const prefix = spec.record ? `run:${spec.scope.origin}` : '';
  return {
    run: spec.subject,
    keys: [...new Set(known.map(({ key }) => key))],
    targets: new Map(known.map(({ node, key }) => [key, `${prefix}//${node.component.name}`])),
  };
}
