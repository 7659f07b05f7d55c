/** Promotes the results of runs; with a sample of them made anew, if that is wanted. */
import { randomInt } from 'node:crypto';
import type { OpenedEntry } from '../../../cache/remote/entry.ts';
import type { Promoter } from '../../../cache/remote/promoter.ts';
import { contentsOf } from '../../core/action-key.ts';
import { type Digest, digestJson } from '../../core/digest.ts';
import type { ActionResult } from '../../core/store.ts';
import { counted } from '../duration-text.ts';
import { eachOf } from '../storage/each-of.ts';
import { byteProgress } from './byte-progress.ts';
import type { PromotableRun } from './promotable-runs.ts';

export interface Promoted {
  /** Keys of results. */
  readonly promoted: readonly Digest[];
  /** Those that are in the trusted part already. */
  readonly present: number;
  /** Those that are in neither part. */
  readonly absent: number;
  readonly refused: readonly Refusal[];
  /** Of the results those that were made anew here. */
  readonly recomputed: number;
}

export interface Refusal {
  readonly key: Digest;
  /** 'it …'. */
  readonly reason: string;
}

export interface SampleSetting {
  readonly count: number;
  /** Builds targets without any cache. @returns all that was made */
  readonly makeAnew: (words: readonly string[]) => Promise<ReadonlyMap<Digest, ActionResult>>;
}

const atOnce = 4;

/** @throws {RemoteError} what has been promoted stays so */
export async function promoteRuns(
  runs: readonly PromotableRun[],
  promoter: Promoter,
  sample: SampleSetting | undefined,
): Promise<Promoted> {
  const sorted = new Sorted();
  const keys = [...new Set(runs.flatMap((run) => run.keys))];
  await eachOf(keys, atOnce, async (key) => sorted.add(key, await promoter.candidate(key)));
  const { fresh, trusted, refused } = sorted;
  const compared = sample ? await compareSample(runs, fresh, sample) : { recomputed: 0, differing: [] };
  const facts = { present: trusted.size, absent: sorted.absent, recomputed: compared.recomputed };
  // One result that is not what running gives: who has sent it should not be believed about the rest.
  if (compared.differing.length > 0) return { ...facts, promoted: [], refused: compared.differing };
  const promoted: Digest[] = [];
  using progress = byteProgress({ ...workOf(fresh), act: 'promoting' });
  await eachOf(fresh.values(), atOnce, async (entry) => {
    const outcome = await promoter.promote(entry);
    progress.advance(sizeOf(entry));
    if ('reason' in outcome) return void refused.push({ key: entry.key, reason: outcome.reason });
    trusted.set(entry.key, outcome);
    promoted.push(entry.key);
  });
  for (const { run, keys } of runs)
    if (run)
      await promoter.promoteRun(
        run,
        keys.flatMap((key) => trusted.get(key) ?? []),
      );
  return { ...facts, promoted, refused };
}

class Sorted {
  readonly fresh = new Map<Digest, OpenedEntry>();
  readonly trusted = new Map<Digest, OpenedEntry>();
  readonly refused: Refusal[] = [];
  absent = 0;

  add(key: Digest, candidate: Awaited<ReturnType<Promoter['candidate']>>): void {
    if (candidate.state === 'absent') this.absent += 1;
    else if (candidate.state === 'refused') this.refused.push({ key, reason: candidate.reason });
    else (candidate.state === 'new' ? this.fresh : this.trusted).set(key, candidate.entry);
  }
}

interface Compared {
  readonly recomputed: number;
  readonly differing: readonly Refusal[];
}

/** What has to be made on the way to the sample is compared, too. */
async function compareSample(
  runs: readonly PromotableRun[],
  fresh: ReadonlyMap<Digest, OpenedEntry>,
  { count, makeAnew }: SampleSetting,
): Promise<Compared> {
  const targets = new Map(runs.flatMap((run) => [...run.targets]));
  const sample = drawn([...fresh.keys()], count);
  if (sample.length === 0) return { recomputed: 0, differing: [] };
  const made = await makeAnew([...new Set(sample.flatMap((key) => targets.get(key) ?? []))]);
  const unmade = sample.filter((key) => !made.has(key));
  const other = [...fresh.values()].filter(({ key, result }) => {
    const anew = made.get(key);
    return anew && saidBy(anew) !== saidBy(result);
  });
  return {
    recomputed: [...fresh.keys()].filter((key) => made.has(key)).length,
    differing: [
      ...unmade.map((key) => ({ key, reason: 'it does not come out when its target is built here' })),
      ...other.map(({ key }) => ({ key, reason: 'it is something else when it is made here' })),
    ],
  };
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

function workOf(fresh: ReadonlyMap<Digest, OpenedEntry>): { name: string; totalBytes: number } {
  const totalBytes = [...fresh.values()].reduce((sum, entry) => sum + sizeOf(entry), 0);
  return { name: counted(fresh.size, 'result'), totalBytes };
}

function sizeOf({ result }: OpenedEntry): number {
  const lasting = Object.values(result.outputs).filter(({ isEphemeral }) => !isEphemeral);
  return lasting.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
