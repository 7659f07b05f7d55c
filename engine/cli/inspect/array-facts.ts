/** What is told of an array: as data, for the table and for `--json`. */
import {
  type ArrayStatistics,
  type Histogram,
  histogramOf,
  quantilesOf,
  statisticsOf,
} from '../../core/array-statistics.ts';
import { isText, type NumberElements, type StoredArray } from '../../core/numpy-array.ts';

export interface ArrayFacts {
  readonly name: string;
  readonly array: StoredArray;
  /** Of numbers alone. */
  readonly statistics: ArrayStatistics | undefined;
}

export function factsOf(name: string, array: StoredArray): ArrayFacts {
  return { name, array, statistics: isText(array) ? undefined : statisticsOf(array.data) };
}

/** The facts for `--json`. */
export function factsDocument({ name, array, statistics }: ArrayFacts): Record<string, unknown> {
  const { dtype, shape, sizeBytes, data } = array;
  return {
    name,
    dtype,
    shape,
    size_bytes: sizeBytes,
    count: data.length,
    ...(statistics && {
      nan_count: statistics.nanCount,
      infinite_count: statistics.infiniteCount,
      min: statistics.min,
      max: statistics.max,
      mean: statistics.mean,
      std: statistics.std,
    }),
  };
}

export const quantileShares = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

const mostValues = 10_000;
const mostBins = 20;

/** More of one array: quantiles, a histogram, and the values themselves, in C order, if they are not too many. */
export function detailDocument(facts: ArrayFacts): Record<string, unknown> {
  const { array } = facts;
  return {
    ...factsDocument(facts),
    ...(!isText(array) && numberDetails(array.data)),
    ...(array.data.length <= mostValues && { values: [...array.data] }),
  };
}

function numberDetails(data: NumberElements): Record<string, unknown> {
  const quantiles = quantilesOf(data, quantileShares);
  return {
    quantiles: Object.fromEntries(quantiles.map((value, index) => [quantileShares[index], value])),
    histogram: histogramFor(data),
  };
}

/** As many bins as H. A. Sturges advises, "The choice of a class interval", JASA 21 (1926), but no more than fit a screen. */
export function histogramFor(data: NumberElements): Histogram {
  return histogramOf(data, Math.min(mostBins, Math.ceil(Math.log2(Math.max(1, data.length))) + 1));
}
