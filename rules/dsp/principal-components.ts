/** The directions in which rows of numbers differ most, and where each row lies along them. */
import type { NdArray } from '../../engine/core/nd-array.ts';

export interface PrincipalComponents {
  /** For each component the place of every row on it, from the mean of all rows. */
  readonly scores: readonly Float64Array[];
  /** For each component its share of the rows' whole variance: 0 to 1. */
  readonly shares: readonly number[];
}

/** So many rounds tell apart what is 5 % apart in variance; of components nearer to each other a mixture shows as much. */
const mostRounds = 100;

/**
 * The first principal components of rows (Pearson, Philosophical Magazine 2, 1901) by power iteration: each is what stays of
 * the row farthest from the mean when the rows' covariance is applied to it again and again, at right angles to the
 * components before. Nothing is drawn by lot, and sums go in the order of the elements.
 *
 * The sign of a component is such that the row farthest out on it lies on the positive side.
 *
 * @param rows float32 N×D, finite
 * @param count components that are asked for
 * @returns as many as the rows differ in, at most `count`: none where all rows are equal
 */
export function principalComponents(rows: NdArray<'float32'>, count: number): PrincipalComponents {
  const centred = centredRows(rows);
  const whole = centred.reduce((sum, row) => sum + dot(row, row), 0);
  const directions: Float64Array[] = [];
  const scores: Float64Array[] = [];
  const shares: number[] = [];
  while (scores.length < count) {
    const direction = nextDirection(centred, directions);
    if (direction === undefined) break;
    const score = Float64Array.from(centred, (row) => dot(row, direction));
    const share = dot(score, score) / whole;
    if (share < 1e-9) break; // What rounding has left, not a direction.
    directions.push(direction);
    scores.push(farthestPositive(score));
    shares.push(Math.min(1, share));
  }
  return { scores, shares };
}

function centredRows({ data, shape: [count = 0, size = 0] }: NdArray<'float32'>): Float64Array[] {
  const mean = new Float64Array(size);
  for (let at = 0; at < data.length; at += 1) mean[at % size]! += data[at]! / count;
  return Array.from({ length: count }, (_, row) =>
    Float64Array.from(data.subarray(row * size, (row + 1) * size), (value, at) => value - mean[at]!),
  );
}

/** A vector of length 1; none where nothing is left at right angles to the directions before. */
function nextDirection(
  rows: readonly Float64Array[],
  before: readonly Float64Array[],
): Float64Array | undefined {
  const rests = rows.map((row) => unit(atRightAngles(row, before)));
  const lengths = rests.map(({ length }) => length);
  const farthest = lengths.indexOf(lengths.reduce((most, length) => Math.max(most, length), 0));
  if (!(lengths[farthest]! > 1e-6)) return undefined;
  let direction = rests[farthest]!.vector;
  for (let round = 0; round < mostRounds; round += 1) {
    const next = unit(atRightAngles(spreadAlong(rows, direction), before));
    if (next.length === 0) break;
    const moved = 1 - Math.abs(dot(next.vector, direction));
    direction = next.vector;
    if (moved < 1e-13) break;
  }
  return direction;
}

/** The rows' covariance, times their number, applied to a direction. */
function spreadAlong(rows: readonly Float64Array[], direction: Float64Array): Float64Array {
  const sum = new Float64Array(direction.length);
  for (const row of rows) {
    const weight = dot(row, direction);
    for (let at = 0; at < sum.length; at += 1) sum[at]! += weight * row[at]!;
  }
  return sum;
}

function atRightAngles(vector: Float64Array, directions: readonly Float64Array[]): Float64Array {
  const rest = Float64Array.from(vector);
  for (const direction of directions) {
    const part = dot(rest, direction);
    for (let at = 0; at < rest.length; at += 1) rest[at]! -= part * direction[at]!;
  }
  return rest;
}

function unit(vector: Float64Array): { vector: Float64Array; length: number } {
  const length = Math.sqrt(dot(vector, vector));
  return { vector: length === 0 ? vector : vector.map((value) => value / length), length };
}

function farthestPositive(score: Float64Array): Float64Array {
  const farthest = score.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  return farthest < 0 ? score.map((value) => -value) : score;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += a[at]! * b[at]!;
  return sum;
}
