/** Makes a sample of what others have sent anew, and compares: rules are deterministic. */
import { randomInt } from 'node:crypto';
import { contentsOf } from '../../core/action-key.ts';
import { type Digest, digestJson } from '../../core/digest.ts';
import type { ActionResult } from '../../core/store.ts';
import type { TargetRun } from './promotable-runs.ts';
import type { Refusal } from './promote-runs.ts';

export interface SampleSetting {
  /** How many results are drawn. */
  readonly count: number;
  /** Builds targets without any cache. @returns all that was made */
  readonly makeAnew: (words: readonly string[]) => Promise<ReadonlyMap<Digest, ActionResult>>;
}

export interface Compared {
  /** How many results were drawn. */
  readonly drawn: number;
  /** How many results were made anew: those on the way to the ones that were drawn are compared, too. */
  readonly recomputed: number;
  /** Those that are not what comes out here. */
  readonly differing: readonly Refusal[];
}

export async function compareSample(
  runs: readonly TargetRun[],
  { count, makeAnew }: SampleSetting,
): Promise<Compared> {
  const sent = sentResults(runs);
  const sample = drawn([...sent.keys()], count);
  if (sample.length === 0) return { drawn: 0, recomputed: 0, differing: [] };
  const targets = new Map(runs.flatMap((run) => [...run.targets]));
  const made = await makeAnew([...new Set(sample.flatMap((key) => targets.get(key) ?? []))]);
  const unmade = sample.filter((key) => !made.has(key));
  const remade = [...sent].filter(([key]) => made.has(key));
  const other = remade.filter(([key, result]) => saidBy(made.get(key)!) !== saidBy(result));
  return {
    drawn: sample.length,
    recomputed: remade.length,
    differing: [
      ...unmade.map((key) => ({ key, reason: 'it does not come out when its target is built here' })),
      ...other.map(([key]) => ({ key, reason: 'it is something else when it is made here' })),
    ],
  };
}

/** Those that nobody has vouched for. */
function sentResults(runs: readonly TargetRun[]): Map<Digest, ActionResult> {
  const candidates = runs.flatMap((run) => [...run.candidates]);
  return new Map(
    candidates.flatMap(([key, one]) => (one.state === 'new' ? [[key, one.entry.result] as const] : [])),
  );
}

function drawn<Item>(items: readonly Item[], count: number): Item[] {
  const rest = [...items];
  const sample: Item[] = [];
  while (sample.length < count && rest.length > 0) sample.push(...rest.splice(randomInt(rest.length), 1));
  return sample;
}

/** What a result says to those who read it. */
function saidBy(result: ActionResult): Digest {
  return digestJson([result.status, contentsOf(result)]);
}
