import { parabolicPeak } from './parabolic-peak.ts';

export interface BeatTrackerOptions {
  /** Frames between beats; 2 or more. */
  readonly period: number;
  /** Cost of leaving the period, against onsets of one standard deviation; Ellis has 100. Above 0. */
  readonly tightness: number;
}

/**
 * The beats that lie on onsets and are nearly one period apart: the best sum of both.
 *
 * Method: dynamic programming, Ellis, "Beat tracking by dynamic programming", Journal of New Music Research 36
 * (2007), with tightness in natural logarithms. Beats fill gaps between onsets, and neither start before the first
 * onset nor go on after the last one.
 *
 * @param envelope shape [N], onset strength, 0 or more, any unit
 * @returns rising; frames, with parts of a frame where an onset is near. None without onsets
 */
export function trackBeats(envelope: Float32Array, { period, tightness }: BeatTrackerOptions): Float64Array {
  const gains = smoothed(unitVariance(envelope), period / 32);
  const { scores, previous } = bestChains(gains, stepCosts(period, tightness));
  const beats: number[] = [];
  for (let beat = highest(scores); beat >= 0; beat = previous[beat]!) beats.push(onsetNear(gains, beat));
  return Float64Array.from(beats.reverse());
}

/** Cost of a step of each length in frames; Infinity outside half to twice the period. */
function stepCosts(period: number, tightness: number): Float64Array {
  const costs = new Float64Array(Math.floor(2 * period) + 1).fill(Number.POSITIVE_INFINITY);
  for (let step = Math.ceil(period / 2); step < costs.length; step += 1) {
    costs[step] = tightness * Math.log(step / period) ** 2;
  }
  return costs;
}

/** For each frame, the best score of a chain of beats that ends there, and its beat before, or −1. */
function bestChains(
  gains: Float64Array,
  costs: Float64Array,
): { scores: Float64Array; previous: Int32Array } {
  const scores = new Float64Array(gains.length);
  const previous = new Int32Array(gains.length).fill(-1);
  const shortest = costs.findIndex(Number.isFinite);
  for (let frame = 0; frame < gains.length; frame += 1) {
    let best = 0; // A chain that starts here. A chain of no gain is no better, so no beat precedes the first onset.
    const longest = Math.min(costs.length - 1, frame);
    for (let step = shortest; step <= longest; step += 1) {
      const score = scores[frame - step]! - costs[step]!;
      if (score <= best) continue;
      best = score;
      previous[frame] = frame - step;
    }
    scores[frame] = gains[frame]! + best;
  }
  return { scores, previous };
}

/** The first frame with the highest score, or −1 where none is above 0. */
function highest(scores: Float64Array): number {
  let best = -1;
  for (let frame = 0; frame < scores.length; frame += 1) {
    if (scores[frame]! > (scores[best] ?? 0)) best = frame;
  }
  return best;
}

/** The top of the onset whose highest frame this is, or the frame itself. */
function onsetNear(gains: Float64Array, frame: number): number {
  const isTop = gains[frame]! >= (gains[frame - 1] ?? 0) && gains[frame]! >= (gains[frame + 1] ?? 0);
  return isTop ? parabolicPeak(gains, frame) : frame;
}

function unitVariance(values: Float32Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return Float64Array.from(values, (value) => (variance > 0 ? value / Math.sqrt(variance) : 0));
}

/** Convolution with a Gaussian of this standard deviation in frames. */
function smoothed(values: Float64Array, deviation: number): Float64Array {
  const reach = Math.ceil(3 * deviation);
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, index) =>
    Math.exp(-(((index - reach) / deviation) ** 2) / 2),
  );
  return values.map((_, centre) => {
    let sum = 0;
    for (let index = 0; index < weights.length; index += 1) {
      sum += weights[index]! * (values[centre + index - reach] ?? 0);
    }
    return sum;
  });
}
