/** Where a film turns into something else, seen over many samples. */
import type { Embeddings } from './self-similarity.ts';

/**
 * Novelty of each sample: how unlike the stretch that begins with it is to the stretch that ends before it.
 *
 * This is the correlation of the self-similarity matrix's diagonal with a checkerboard that a Gaussian tapers (Foote, "Automatic
 * audio segmentation using a measure of audio novelty", ICME 2000). That kernel is the product of one row with itself, −g
 * before the sample and +g from it on, and the matrix is the product of the embeddings. So the correlation is
 * |mean after − mean before|², means weighted by g: it costs N·k·D, and no matrix is made. Near the ends of the film,
 * where one side has few samples, it counts as much as that side has of the kernel's weight: three frames of black at the
 * start are no part of a story.
 *
 * @param embeddings float32 N×D, rows of length 1
 * @param halfWidth of the kernel: samples on either side, 1 or more. The taper's deviation is half of it
 * @returns N numbers, 0 (alike) to 2: half of that square, which away from the ends is 1 − cosine of the sides where each is
 * uniform. 0 for the first sample
 */
export function footeNovelty(embeddings: Embeddings, halfWidth: number): Float64Array {
  const count = embeddings.shape[0] ?? 0;
  const weights = Float64Array.from({ length: halfWidth }, (_, distance) =>
    Math.exp(-0.5 * ((distance + 0.5) / (halfWidth / 2)) ** 2),
  );
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const novelty = new Float64Array(count);
  for (let sample = 1; sample < count; sample += 1) {
    const before = taperedMean(embeddings, weights, { from: sample - 1, step: -1 });
    const after = taperedMean(embeddings, weights, { from: sample, step: 1 });
    const square = before.mean.reduce((sum, value, at) => sum + (after.mean[at]! - value) ** 2, 0);
    novelty[sample] = (square / 2) * (Math.min(before.weight, after.weight) / whole);
  }
  return novelty;
}

/** Mean embedding of the samples from one on, in one direction, as far as the weights and the film reach; and their weight. */
function taperedMean(
  { data, shape: [count = 0, size = 0] }: Embeddings,
  weights: Float64Array,
  { from, step }: { readonly from: number; readonly step: 1 | -1 },
): { readonly mean: Float64Array; readonly weight: number } {
  const mean = new Float64Array(size);
  let total = 0;
  for (let distance = 0; distance < weights.length; distance += 1) {
    const sample = from + step * distance;
    if (sample < 0 || sample >= count) break;
    const weight = weights[distance]!;
    total += weight;
    for (let at = 0; at < size; at += 1) mean[at]! += weight * data[sample * size + at]!;
  }
  for (let at = 0; at < size; at += 1) mean[at]! /= total;
  return { mean, weight: total };
}

export interface PeakOptions {
  /** Least height; the curve's mean, if that is more. */
  readonly minHeight: number;
  /** Least depth of the valleys on both sides before something higher comes, as a share of the height; 0 to 1. */
  readonly minProminence: number;
  /** Of peaks nearer than this the highest stays; samples. Also their least distance from the curve's ends. */
  readonly minDistance: number;
}

/**
 * The peaks of a curve that stand out from what is around them, and above its mean.
 *
 * @param curve numbers from 0 on
 * @returns positions, rising; of equally high ones the earlier is taken
 */
export function prominentPeaks(curve: Float64Array, options: PeakOptions): number[] {
  const { minProminence, minDistance } = options;
  const mean = curve.reduce((sum, value) => sum + value, 0) / curve.length;
  const minHeight = Math.max(options.minHeight, mean);
  const picked: number[] = [];
  for (const at of [...curve.keys()].filter(isCandidate).sort((a, b) => curve[b]! - curve[a]! || a - b)) {
    if (picked.every((other) => Math.abs(other - at) >= minDistance)) picked.push(at);
  }
  return picked.sort((a, b) => a - b);

  function isCandidate(at: number): boolean {
    const height = curve[at]!;
    const isInside = at >= minDistance && at <= curve.length - minDistance;
    const isTop = height > (curve[at - 1] ?? 0) && height >= (curve[at + 1] ?? 0);
    if (!isInside || !isTop || height < minHeight) return false;
    const saddle = Math.max(lowestUntilHigher(curve, at, -1), lowestUntilHigher(curve, at, 1));
    return height - saddle >= minProminence * height;
  }
}

/** The lowest value from a position on, in one direction, before a higher one than there. */
function lowestUntilHigher(curve: Float64Array, from: number, step: 1 | -1): number {
  let lowest = curve[from]!;
  for (let at = from + step; at >= 0 && at < curve.length && curve[at]! <= curve[from]!; at += step) {
    lowest = Math.min(lowest, curve[at]!);
  }
  return lowest;
}
