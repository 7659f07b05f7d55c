import { z } from 'zod';
import type { ValueOf } from '../../engine/core/kind.ts';
import { scalar, vector } from '../../engine/core/nd-array.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import { firstAtOrAfter } from '../dsp/first-at-or-after.ts';
import { type RepeatedSpan, RepeatFinder } from '../dsp/repeated-spans.ts';
import { meanSimilarity, meanStepSec, visitSimilarities } from '../dsp/self-similarity.ts';
import { pictureEmbeddings, shots, uniqueness as uniquenessKind } from '../kinds.ts';

/**
 * Says how much of a film is new, and what of it is shown again.
 *
 * Novelty of a sample is 1 − its greatest cosine to a sample more than `neighbourhood_sec` earlier: 1 where there is none, as at
 * the film's start, and near 0 in a picture that stands still. Repeats are stretches that come back after the film has
 * looked otherwise; how they are found is in `rules/dsp/repeated-spans.ts`. They are as exact as the sampling: each
 * begins and ends within a sample of where it really does.
 *
 * Thresholds are cosines of the embedding at hand: what is alike depends on its model. Without embeddings the result is empty.
 */
export const uniqueness = defineRule({
  name: 'visual/uniqueness',
  version: '1',
  scope: 'whole',
  params: z.strictObject({
    neighbourhood_sec: z
      .number()
      .nonnegative()
      .default(4)
      .describe('samples that lie no more than this apart are not compared; seconds'),
    repeat_similarity: z
      .number()
      .min(0)
      .max(1)
      .default(0.97)
      .describe('least cosine of two samples that show the same; no unit'),
    other_similarity: z
      .number()
      .min(-1)
      .max(1)
      .default(0.85)
      .describe('cosine below which the film looks otherwise, as it must between the two; no unit'),
    min_repeat_sec: z.number().nonnegative().default(3).describe('length of the shortest repeat; seconds'),
  }),
  inputs: { embeddings: input(pictureEmbeddings), shots: input(shots) },
  outputs: { uniqueness: uniquenessKind },

  run({ inputs: { embeddings: film, shots: parts }, params, signal, empty }) {
    const timesSec = film.times_sec.data;
    if (timesSec.length === 0) empty('no frames');
    const novelty = new Float32Array(timesSec.length);
    const finder = new RepeatFinder(timesSec, {
      minSimilarity: params.repeat_similarity,
      otherSimilarity: params.other_similarity,
      minLengthSec: params.min_repeat_sec,
      minLagSec: params.neighbourhood_sec,
    });
    visitSimilarities(film.embeddings, (sample, similarities) => {
      signal.throwIfAborted();
      const end = firstAtOrAfter(timesSec, timesSec[sample]! - params.neighbourhood_sec);
      novelty[sample] = noveltyAmong(similarities.subarray(0, end));
      finder.add(sample, similarities);
    });
    const repeats = finder.spans();
    return {
      uniqueness: {
        times_sec: film.times_sec,
        novelty: vector('float32', novelty),
        repeated_ratio: scalar('float64', repeatedRatio(repeats, timesSec.length)),
        mean_similarity: scalar('float64', meanSimilarity(film.embeddings)),
        ...repeatTimes(repeats, timesSec, parts.end_sec.data.at(-1)),
      },
    };
  },
});

/** 0 to 1: negative cosines are no newer than 0. */
function noveltyAmong(similarities: Float64Array): number {
  const greatest = similarities.reduce((most, similarity) => Math.max(most, similarity), 0);
  return Math.max(0, 1 - greatest);
}

function repeatedRatio(repeats: readonly RepeatedSpan[], count: number): number {
  return repeats.reduce((sum, { start, end }) => sum + end - start, 0) / count;
}

type RepeatTimes = Pick<
  ValueOf<typeof uniquenessKind>,
  'repeat_a_start_sec' | 'repeat_a_end_sec' | 'repeat_b_start_sec' | 'repeat_b_end_sec'
>;

/** A repeat ends where the sample after it begins, or the film ends, and its source is as long as it is. */
function repeatTimes(
  repeats: readonly RepeatedSpan[],
  timesSec: Float64Array,
  filmEndSec = Number.POSITIVE_INFINITY,
): RepeatTimes {
  const lastEndSec = Math.min(timesSec.at(-1)! + meanStepSec(timesSec), filmEndSec);
  const times = repeats.map(({ start, end, firstStart }) => {
    const from = timesSec[start]!;
    const to = timesSec[end] ?? lastEndSec;
    return { from, to, lag: from - timesSec[firstStart]! };
  });
  const column = (of: (time: (typeof times)[number]) => number) => vector('float64', times.map(of));
  return {
    repeat_a_start_sec: column(({ from, lag }) => from - lag),
    repeat_a_end_sec: column(({ to, lag }) => to - lag),
    repeat_b_start_sec: column(({ from }) => from),
    repeat_b_end_sec: column(({ to }) => to),
  };
}
