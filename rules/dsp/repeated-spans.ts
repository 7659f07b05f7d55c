/** Stretches of a film that have been shown before. */
import { firstAtOrAfter } from './first-at-or-after.ts';
import { meanStepSec } from './self-similarity.ts';

/** Samples `start` to `end`, exclusive, look as those from `firstStart` on did. */
export interface RepeatedSpan {
  readonly start: number;
  readonly end: number;
  /** Of the first occurrence. */
  readonly firstStart: number;
}

export interface RepeatOptions {
  /** Least cosine of two samples that show the same. */
  readonly minSimilarity: number;
  /** Cosine below which a sample looks otherwise. */
  readonly otherSimilarity: number;
  /** Of the spans; seconds. */
  readonly minLengthSec: number;
  /** Samples must lie more than this apart; seconds. */
  readonly minLagSec: number;
}

/**
 * Finds repeats as diagonals of the self-similarity matrix: runs of samples that are each alike to the sample a
 * fixed time before, as near-duplicate search by time-aligned frames does (Douze, Jégou and Schmid, "An image-based approach
 * to video copy detection with spatio-temporal post-filtering", IEEE Transactions on Multimedia 12, 2010).
 *
 * - Inside a run, the sample a fixed time before may be one off either way: a repeat seldom begins at the same place between two
 *   samples, and the grid of samples may begin anew in each segment.
 * - The film must have looked otherwise in between: a picture that stands still for a minute, or in which little moves,
 *   repeats nothing.
 * - Of all runs that begin at a sample, the longest that does not overlap its own source is taken, then the search goes
 *   on behind it, as Ziv and Lempel parse a text (IEEE Transactions on Information Theory 23, 1977). Of equally long ones
 *   the most similar wins, then the earliest source.
 *
 * It takes the rows of the matrix from the last sample to the first and keeps a few numbers a sample.
 */
export class RepeatFinder {
  readonly #timesSec: Float64Array;
  readonly #options: RepeatOptions;
  /** Of a lag, in samples of the mean step. */
  readonly #stepSec: number;
  /** By lag: how many samples from the current one on are alike to those a lag before, and the sum of their cosines. */
  readonly #run: Int32Array;
  readonly #similarity: Float64Array;
  /** By sample: length and source of the best run from it on. */
  readonly #length: Int32Array;
  readonly #source: Int32Array;

  /** @param timesSec of the samples, rising */
  constructor(timesSec: Float64Array, options: RepeatOptions) {
    const count = timesSec.length;
    this.#timesSec = timesSec;
    this.#options = options;
    this.#stepSec = meanStepSec(timesSec);
    this.#run = new Int32Array(count);
    this.#similarity = new Float64Array(count);
    this.#length = new Int32Array(count);
    this.#source = new Int32Array(count);
  }

  /**
   * Takes the next row: of the last sample first, then of the one before.
   *
   * @param similarities cosines to all earlier samples
   */
  add(sample: number, similarities: Float64Array): void {
    const end = this.#sourcesEnd(sample, similarities);
    const [times, run, similarity] = [this.#timesSec, this.#run, this.#similarity];
    const earliestSec = times[0]! - this.#stepSec / 2;
    let [length, source, mean] = [0, 0, 0];
    let nearest = sample;
    let lag = 1;
    for (; lag < run.length; lag += 1) {
      const wantedSec = times[sample]! - lag * this.#stepSec;
      if (wantedSec < earliestSec) break;
      while (nearest > 0 && times[nearest]! - wantedSec > wantedSec - times[nearest - 1]!) nearest -= 1;
      const isAlike = nearest < end && similarities[nearest]! >= this.#options.minSimilarity;
      // Inside a run one of the neighbours will do, at its end it will not: ends lie where they are.
      if (!isAlike && !(run[lag]! > 0 && this.#isAlikeNear(similarities, nearest, end))) {
        run[lag] = 0;
        similarity[lag] = 0;
        continue;
      }
      run[lag]! += 1;
      similarity[lag]! += similarities[nearest]!;
      if (!isAlike) continue;
      const ownLength = Math.min(run[lag]!, sample - nearest);
      const ownMean = similarity[lag]! / run[lag]!;
      if (ownLength < length || (ownLength === length && ownMean < mean)) continue;
      [length, source, mean] = [ownLength, nearest, ownMean];
    }
    run.fill(0, lag);
    similarity.fill(0, lag);
    this.#length[sample] = length;
    this.#source[sample] = source;
  }

  /** Earlier samples from this one on are too near, or belong to the stretch since which the film has not changed. */
  #sourcesEnd(sample: number, similarities: Float64Array): number {
    let held = sample;
    while (held > 0 && similarities[held - 1]! >= this.#options.otherSimilarity) held -= 1;
    const near = firstAtOrAfter(this.#timesSec, this.#timesSec[sample]! - this.#options.minLagSec);
    return Math.min(held, near);
  }

  #isAlikeNear(similarities: Float64Array, nearest: number, end: number): boolean {
    const { minSimilarity } = this.#options;
    const isBeforeAlike = nearest > 0 && nearest - 1 < end && similarities[nearest - 1]! >= minSimilarity;
    return isBeforeAlike || (nearest + 1 < end && similarities[nearest + 1]! >= minSimilarity);
  }

  /** The repeats, in the order of their starts; no sample is in two of them. */
  spans(): RepeatedSpan[] {
    const spans: RepeatedSpan[] = [];
    if (this.#length.length < 2) return spans; // One sample has no step.
    const minLength = Math.max(1, Math.ceil(this.#options.minLengthSec / this.#stepSec));
    for (let start = 0; start < this.#length.length; start += 1) {
      const length = this.#length[start]!;
      if (length < minLength) continue;
      const end = start + length;
      spans.push({ start, end, firstStart: firstOccurrence(spans, this.#source[start]!, length) });
      start = end - 1;
    }
    return spans;
  }
}

/** Where a stretch was first shown, if it lies in a repeat itself, to one sample. */
function firstOccurrence(spans: readonly RepeatedSpan[], start: number, length: number): number {
  const holder = spans.find((span) => start >= span.start - 1 && start + length <= span.end + 1);
  return holder === undefined ? start : Math.max(0, holder.firstStart + start - holder.start);
}
