import { firstAtOrAfter } from './first-at-or-after.ts';

/**
 * Mean of those values of a curve whose times lie in [from, to), without NaN.
 *
 * @param timesSec rising
 * @param values as many
 * @returns NaN where there are none
 */
export function meanBetween(
  timesSec: ArrayLike<number>,
  values: ArrayLike<number>,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  let [sum, count] = [0, 0];
  for (let at = firstAtOrAfter(timesSec, from); at < timesSec.length && timesSec[at]! < to; at += 1) {
    if (Number.isNaN(values[at]!)) continue;
    sum += values[at]!;
    count += 1;
  }
  return count === 0 ? Number.NaN : sum / count;
}
