/** In what two arrays differ. NaN equals NaN, and 0 equals -0. */
import { elementCount } from './nd-array.ts';
import {
  isText,
  type NumberArray,
  type NumberElements,
  type NumpyArray,
  type TextArray,
} from './numpy-array.ts';

export interface ArrayComparison {
  /** The types of elements and the shapes are the same, and so are all elements. */
  readonly isEqual: boolean;
  /** Elements that were held against each other. */
  readonly comparedCount: number;
  readonly differingCount: number;
  /** Index of the largest difference, or of the first one where it has no size: in the first array, and in the second. */
  readonly where?: { readonly a: readonly number[]; readonly b: readonly number[] };
  /** Of numbers alone. */
  readonly numbers?: NumberDifferences;
  /** The elements there. */
  readonly values?: { readonly a: Element; readonly b: Element };
}

export interface NumberDifferences {
  /** Elements that are NaN in one array alone; they are in no other figure but the count of those that differ. */
  readonly nanInOneCount: number;
  /** Largest and mean size of a difference; equal elements count as 0. Null where nothing could be compared. */
  readonly maxAbs: number | null;
  readonly meanAbs: number | null;
  /** Cosine of the angle between the arrays as vectors of their finite elements, -1 to 1; null where one is all zeros. */
  readonly cosine: number | null;
}

type Element = number | bigint | string;

/** Rows (indices of the first axis) that belong together: the n-th of `a` and the n-th of `b`. */
export interface RowPairs {
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/**
 * Compares two arrays: element by element where their shapes agree; where only their first axes differ in length, over
 * `rows`, or without those over the rows that both have; else not at all.
 *
 * @param rows which rows belong together, such as those of one time
 */
export function compareArrays(a: NumpyArray, b: NumpyArray, rows?: RowPairs): ArrayComparison {
  const pairs = pairsOf(a, b, rows);
  const differences = differencesOf(a, b, pairs);
  const isSameForm = a.dtype === b.dtype && a.shape.join() === b.shape.join();
  const isEqual =
    isSameForm && differences.differingCount === 0 && differences.comparedCount === a.data.length;
  return { isEqual, ...differences };
}

/** Where the elements of a pair are. */
interface Pairs {
  readonly count: number;
  at(pair: number): readonly [a: number, b: number];
}

const noPairs: Pairs = { count: 0, at: () => [0, 0] };

function pairsOf(a: NumpyArray, b: NumpyArray, rows: RowPairs | undefined): Pairs {
  if (a.shape.length !== b.shape.length || a.shape.slice(1).join() !== b.shape.slice(1).join())
    return noPairs;
  const rowLength = elementCount(a.shape.slice(1));
  if (!rows) return { count: Math.min(a.data.length, b.data.length), at: (pair) => [pair, pair] };
  return {
    count: rows.a.length * rowLength,
    at: (pair) => {
      const [row, column] = [Math.floor(pair / rowLength), pair % rowLength];
      return [rows.a[row]! * rowLength + column, rows.b[row]! * rowLength + column];
    },
  };
}

type Differences = Omit<ArrayComparison, 'isEqual'>;

function differencesOf(a: NumpyArray, b: NumpyArray, pairs: Pairs): Differences {
  if (isText(a) && isText(b)) return compareTexts(a, b, pairs);
  if (isText(a) || isText(b)) return { comparedCount: 0, differingCount: 0 };
  return compareNumbers(a, b, pairs);
}

function compareTexts(a: TextArray, b: TextArray, pairs: Pairs): Differences {
  let differingCount = 0;
  let first: readonly [number, number] | undefined;
  for (let pair = 0; pair < pairs.count; pair += 1) {
    const [atA, atB] = pairs.at(pair);
    if (a.data[atA] === b.data[atB]) continue;
    differingCount += 1;
    first ??= [atA, atB];
  }
  return {
    comparedCount: pairs.count,
    differingCount,
    ...(first && pairAt(a, b, first)),
  };
}

function compareNumbers(a: NumberArray, b: NumberArray, pairs: Pairs): Differences {
  let [differingCount, nanInOneCount, sum, maxAbs] = [0, 0, 0, 0];
  let largest: readonly [number, number] | undefined;
  let largestSize = -1;
  for (let pair = 0; pair < pairs.count; pair += 1) {
    const [atA, atB] = pairs.at(pair);
    const size = distance(a.data[atA]!, b.data[atB]!);
    if (size === 0) continue;
    differingCount += 1;
    if (Number.isNaN(size)) nanInOneCount += 1;
    else [sum, maxAbs] = [sum + size, Math.max(maxAbs, size)];
    const rank = Number.isNaN(size) ? 0 : size; // A NaN is the place to look at only where nothing has a size.
    if (rank > largestSize) [largestSize, largest] = [rank, [atA, atB]];
  }
  const sized = pairs.count - nanInOneCount;
  return {
    comparedCount: pairs.count,
    differingCount,
    ...(largest && pairAt(a, b, largest)),
    numbers: {
      nanInOneCount,
      maxAbs: sized === 0 ? null : maxAbs,
      meanAbs: sized === 0 ? null : sum / sized,
      cosine: cosineOf(a.data, b.data, pairs),
    },
  };
}

/** 0 for equal elements; NaN where one alone is NaN. */
function distance(a: number | bigint, b: number | bigint): number {
  if (typeof a === 'bigint' && typeof b === 'bigint') return Math.abs(Number(a - b));
  const [x, y] = [Number(a), Number(b)];
  if (x === y || (Number.isNaN(x) && Number.isNaN(y))) return 0;
  return Math.abs(x - y);
}

function cosineOf(a: NumberElements, b: NumberElements, pairs: Pairs): number | null {
  const [scaleA, scaleB] = [largestOf(a), largestOf(b)]; // So that no square is too large or too small for a double.
  let [dot, squaresA, squaresB] = [0, 0, 0];
  for (let pair = 0; pair < pairs.count; pair += 1) {
    const [atA, atB] = pairs.at(pair);
    const [x, y] = [Number(a[atA]!) / scaleA, Number(b[atB]!) / scaleB];
    if (!Number.isFinite(x) || !Number.isFinite(y)) continue;
    dot += x * y;
    squaresA += x * x;
    squaresB += y * y;
  }
  if (squaresA === 0 || squaresB === 0) return null;
  return Math.max(-1, Math.min(1, dot / (Math.sqrt(squaresA) * Math.sqrt(squaresB))));
}

function largestOf(elements: NumberElements): number {
  let largest = 0;
  for (const element of elements) {
    const size = Math.abs(Number(element));
    if (size > largest && Number.isFinite(size)) largest = size;
  }
  return largest;
}

function pairAt(
  a: NumpyArray,
  b: NumpyArray,
  [atA, atB]: readonly [number, number],
): Required<Pick<ArrayComparison, 'where' | 'values'>> {
  return {
    where: { a: indexOf(atA, a.shape), b: indexOf(atB, b.shape) },
    values: { a: a.data[atA]!, b: b.data[atB]! },
  };
}

function indexOf(position: number, shape: readonly number[]): number[] {
  let rest = position;
  return shape.map((_, axis) => {
    const stride = elementCount(shape.slice(axis + 1));
    const index = Math.floor(rest / stride);
    rest -= index * stride;
    return index;
  });
}

/** Times nearer than this are one time: half of the finest clock of a video (90 kHz). */
const oneTimeSec = 0.5 / 90_000;

/** The rows of equal time. @param a times in seconds, ascending @param b as `a` */
export function rowsOfOneTime(a: ArrayLike<number>, b: ArrayLike<number>): RowPairs {
  const rows: { a: number[]; b: number[] } = { a: [], b: [] };
  let [atA, atB] = [0, 0];
  while (atA < a.length && atB < b.length) {
    const later = a[atA]! - b[atB]!;
    if (Math.abs(later) <= oneTimeSec) {
      rows.a.push(atA);
      rows.b.push(atB);
    }
    // A NaN is no time: it is passed over, like the earlier of two.
    if (!(later > oneTimeSec)) atA += 1;
    if (!(later < -oneTimeSec)) atB += 1;
  }
  return rows;
}
