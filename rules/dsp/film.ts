/** What the search for transitions knows of a film: a few numbers and a thumbnail for each sampled frame. */
import { thumbnailSize } from './thumbnail.ts';

/** N samples in order of time. */
export interface Film {
  /** [N] seconds, rising. */
  readonly timesSec: Float64Array;
  /** [N] `unexplainedShare` against the sample before, 0 to 1; NaN where there is none. */
  readonly unexplained: Float32Array;
  /** [N] `chiSquare` of the colour histograms, 0 to 2; NaN where there is no sample before. */
  readonly histogramDistance: Float32Array;
  /** [N] mean and standard deviation of luma, 0 to 1. */
  readonly lumaMean: Float32Array;
  readonly lumaStd: Float32Array;
  /** [N×9×16×3] mean colours of the fields of each picture, 0 to 255. */
  readonly thumbnails: Uint8Array;
}

/** Mean absolute difference of two samples' thumbnails, 0 to 1. */
export function thumbnailDistance({ thumbnails }: Film, a: number, b: number): number {
  const aStart = a * thumbnailSize;
  const bStart = b * thumbnailSize;
  let sum = 0;
  for (let at = 0; at < thumbnailSize; at += 1) {
    const difference = thumbnails[aStart + at]! - thumbnails[bStart + at]!;
    sum += difference < 0 ? -difference : difference;
  }
  return sum / (255 * thumbnailSize);
}

/**
 * Share of the thumbnail's elements that change by more than `leastChange` grey levels, apart from the change of the
 * picture as a whole (the median): 0 to 1. A title, or a car, changes few of them.
 */
export function changedShare(
  { thumbnails }: Film,
  { first, last }: { readonly first: number; readonly last: number },
  { leastChange }: { readonly leastChange: number },
): number {
  const changes = new Int16Array(thumbnailSize);
  for (let at = 0; at < thumbnailSize; at += 1) {
    changes[at] = thumbnails[last * thumbnailSize + at]! - thumbnails[first * thumbnailSize + at]!;
  }
  changes.sort();
  const shift = changes[thumbnailSize >> 1]!;
  return changes.filter((change) => Math.abs(change - shift) > leastChange).length / thumbnailSize;
}

/**
 * Number of samples after `from` (before it for `direction` −1) that lie within `reachSec` of it: at least
 * `atLeast` of them, however sparse the sampling is, as far as the film goes.
 */
export function samplesWithin(
  { timesSec }: Film,
  from: number,
  options: { readonly direction: 1 | -1; readonly reachSec: number; readonly atLeast: number },
): number {
  const { direction, reachSec, atLeast } = options;
  const available = direction === 1 ? timesSec.length - 1 - from : from;
  let count = 0;
  while (count < available) {
    const distance = Math.abs(timesSec[from + direction * (count + 1)]! - timesSec[from]!);
    if (distance > reachSec && count >= atLeast) break;
    count += 1;
  }
  return count;
}
