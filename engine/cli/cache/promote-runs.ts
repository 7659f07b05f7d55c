/** Promotes what there is of runs, one after the other. */
import type { OpenedEntry } from '../../../cache/remote/entry.ts';
import type { Candidate, Promoter } from '../../../cache/remote/promoter.ts';
import { blobsOf } from '../../core/blobs-of.ts';
import type { Digest } from '../../core/digest.ts';
import { eachOf } from '../../core/each-of.ts';
import { counted } from '../duration-text.ts';
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
}

export interface Refusal {
  readonly key: Digest;
  /** 'it …'. */
  readonly reason: string;
}

const atOnce = 4;

/** @throws {RemoteError} what has been promoted stays so */
export async function promoteRuns(
  runs: Iterable<PromotableRun> | AsyncIterable<PromotableRun>,
  promoter: Promoter,
): Promise<Promoted> {
  const tally = new Tally();
  for await (const { run, candidates } of runs) {
    const trusted = await promoteAll(candidates, promoter, tally);
    if (run) await promoter.promoteRun(run, trusted);
  }
  return tally;
}

/** @returns those that trusted readers find now */
async function promoteAll(
  candidates: PromotableRun['candidates'],
  promoter: Promoter,
  tally: Tally,
): Promise<OpenedEntry[]> {
  const trusted: OpenedEntry[] = [];
  using progress = byteProgress({ ...workOf(candidates), act: 'promoting' });
  await eachOf(candidates, atOnce, async ([key, candidate]) => {
    const outcome = await outcomeOf(candidate, promoter);
    tally.add(key, outcome);
    if ('entry' in outcome) trusted.push(outcome.entry);
    progress.advance(sizeOf(candidate));
  });
  return trusted;
}

/** `new` is what has been promoted just now. */
async function outcomeOf(candidate: Candidate, promoter: Promoter): Promise<Candidate> {
  if (candidate.state !== 'new') return candidate;
  const promoted = await promoter.promote(candidate.entry);
  return 'reason' in promoted ? { state: 'refused', ...promoted } : { state: 'new', entry: promoted };
}

class Tally implements Promoted {
  readonly promoted: Digest[] = [];
  readonly refused: Refusal[] = [];
  present = 0;
  absent = 0;
  readonly #seen = new Set<Digest>();

  /** What is in several runs counts once. */
  add(key: Digest, outcome: Candidate): void {
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (outcome.state === 'new') this.promoted.push(key);
    else if (outcome.state === 'refused') this.refused.push({ key, reason: outcome.reason });
    else this[outcome.state] += 1;
  }
}

function workOf(candidates: PromotableRun['candidates']): { name: string; totalBytes: number } {
  const totalBytes = [...candidates.values()].reduce((sum, candidate) => sum + sizeOf(candidate), 0);
  return { name: counted(candidates.size, 'result'), totalBytes };
}

/** Bytes that have to go. */
function sizeOf(candidate: Candidate): number {
  const blobs = candidate.state === 'new' ? blobsOf(candidate.entry.result) : [];
  return blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
