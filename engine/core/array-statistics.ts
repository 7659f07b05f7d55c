/** What the numbers of an array are like. NaN and infinities are counted, and left out of everything else. */
import type { NumberElements } from './numpy-array.ts';

export interface ArrayStatistics {
  /** All elements. */
  readonly count: number;
  readonly nanCount: number;
  readonly infiniteCount: number;
  /** Of the finite elements, exact; null where there are none. A bigint for 64-bit integers. */
  readonly min: number | bigint | null;
  readonly max: number | bigint | null;
  /** Of the finite elements; null where there are none. */
  readonly mean: number | null;
  /** Standard deviation of the finite elements as a whole population (NumPy's `ddof=0`). */
  readonly std: number | null;
}

/**
 * One pass over the elements, with the recurrence of B. P. Welford, "Note on a method for calculating corrected sums of
 * squares and products", Technometrics 4 (1962): sound also where the mean is far larger than the deviation.
 */
export function statisticsOf(elements: NumberElements): ArrayStatistics {
  let [nanCount, infiniteCount, finiteCount] = [0, 0, 0];
  let [mean, squares] = [0, 0];
  let min: number | bigint | null = null;
  let max: number | bigint | null = null;
  for (const element of elements) {
    if (typeof element === 'number' && !Number.isFinite(element)) {
      if (Number.isNaN(element)) nanCount += 1;
      else infiniteCount += 1;
      continue;
    }
    finiteCount += 1;
    if (min === null || element < min) min = element;
    if (max === null || element > max) max = element;
    const value = fromFirst(element, elements);
    const delta = value - mean;
    mean += delta / finiteCount;
    squares += delta * (value - mean);
  }
  const isEmpty = finiteCount === 0;
  const origin = typeof elements[0] === 'bigint' ? Number(elements[0]) : 0;
  return {
    count: elements.length,
    nanCount,
    infiniteCount,
    min,
    max,
    mean: isEmpty ? null : origin + mean,
    std: isEmpty ? null : Math.sqrt(squares / finiteCount),
  };
}

/** Large 64-bit integers have no exact number, but their distances from one of them mostly have. */
function fromFirst(element: number | bigint, elements: NumberElements): number {
  return typeof element === 'bigint' ? Number(element - (elements[0] as bigint)) : element;
}

/**
 * The values below which given shares of the finite elements lie, with linear interpolation (method 7 of Hyndman and Fan,
 * "Sample quantiles in statistical packages", The American Statistician 50 (1996); NumPy's default).
 *
 * @param shares each from 0 to 1
 * @returns a value for each share; none where no element is finite
 */
export function quantilesOf(elements: NumberElements, shares: readonly number[]): number[] {
  const sorted = finiteOf(elements).sort();
  if (sorted.length === 0) return [];
  return shares.map((share) => {
    const at = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
    return below + (above - below) * (at - Math.floor(at));
  });
}

export interface Histogram {
  /** Limits of the bins: one more than there are bins. A bin holds its lower limit; the last one its upper limit, too. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** Counts of the finite elements in bins of equal width, or in one where that cannot be; no bins where there are no such elements. */
export function histogramOf(elements: NumberElements, bins: number): Histogram {
  const values = finiteOf(elements);
  if (values.length === 0) return { edges: [], counts: [] };
  const { min, max } = limitsOf(values);
  const width = (max - min) / bins;
  // So near to each other, or so far apart, that a double cannot hold the width of a bin.
  if (width === 0 || width === Infinity) return { edges: [min, max], counts: [values.length] };
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[Math.min(bins - 1, Math.floor((value - min) / width))]! += 1;
  return { edges: Array.from({ length: bins + 1 }, (_, bin) => min + bin * width), counts };
}

/** The finite elements as doubles; 64-bit integers lose what a double cannot hold. */
function finiteOf(elements: NumberElements): Float64Array {
  const values = new Float64Array(elements.length);
  let count = 0;
  for (const element of elements) {
    const value = Number(element);
    if (Number.isFinite(value)) values[count++] = value;
  }
  return values.subarray(0, count);
}

function limitsOf(values: Float64Array): { min: number; max: number } {
  let [min, max] = [values[0]!, values[0]!];
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}
