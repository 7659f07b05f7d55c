import { array, type NdArray } from '../../engine/core/nd-array.ts';
import { firstAtOrAfter } from './first-at-or-after.ts';

interface Spans {
  readonly startSec: Float64Array;
  /** Exclusive. */
  readonly endSec: Float64Array;
}

/**
 * Mean of the rows whose samples lie in each shot; of a shot without any, the row of the last sample before it.
 *
 * @param rows float32 N×D, N at least 1
 * @param timesSec N, rising
 * @returns float32 S×D
 */
export function meansOfShots(
  rows: NdArray<'float32'>,
  timesSec: ArrayLike<number>,
  { startSec, endSec }: Spans,
): NdArray<'float32'> {
  const [, size = 0] = rows.shape;
  const means = new Float32Array(startSec.length * size);
  for (let shot = 0; shot < startSec.length; shot += 1) {
    const first = firstAtOrAfter(timesSec, startSec[shot]!);
    const end = firstAtOrAfter(timesSec, endSec[shot]!);
    const range = first < end ? { first, end } : { first: Math.max(0, first - 1), end: Math.max(1, first) };
    means.set(meanOf(rows, range), shot * size);
  }
  return array('float32', means, [startSec.length, size]);
}

function meanOf(
  { data, shape: [, size = 0] }: NdArray<'float32'>,
  { first, end }: { readonly first: number; readonly end: number },
): Float64Array {
  const mean = new Float64Array(size);
  for (let at = first * size; at < end * size; at += 1) mean[at % size]! += data[at]!;
  return mean.map((sum) => sum / (end - first));
}
