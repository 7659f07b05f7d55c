/** How alike the samples of a film are to each other, as cosines of their embeddings. */
import type { NdArray } from '../../engine/core/nd-array.ts';

/** One row for each sample, of length 1. */
export type Embeddings = NdArray<'float32'>;

/** Rows and columns that are multiplied at once: so many sums fit into the registers of a CPU. */
const rowsAtOnce = 4;
const columnsAtOnce = 2;

/**
 * Goes through the self-similarity matrix (Foote, "Visualizing music and audio using self-similarity", ACM
 * Multimedia 1999) row by row, from the last sample to the first. It holds four rows at a time, never the matrix: time
 * grows with N²·D, memory with N·D.
 *
 * @param embeddings float32 N×D, rows of length 1
 * @param visit gets a sample's number and its cosines to all earlier samples: as many numbers as its number, −1 to 1
 * but for rounding, which are overwritten afterwards. Each is a sum in the order of the elements: the same everywhere
 */
export function visitSimilarities(
  { data, shape: [count = 0, size = 0] }: Embeddings,
  visit: (sample: number, similarities: Float64Array) => void,
): void {
  const rows = new Float64Array((count + rowsAtOnce) * size); // Rows of zeros at the end spare `multiply` odd ends.
  rows.set(data);
  const width = count + rowsAtOnce;
  const band = new Float64Array(rowsAtOnce * width);
  for (let first = count - 1 - ((count - 1) % rowsAtOnce); first >= 0; first -= rowsAtOnce) {
    for (let column = 0; column < first + rowsAtOnce; column += columnsAtOnce) {
      multiply({ rows, size, band, width }, first, column);
    }
    for (let row = Math.min(first + rowsAtOnce, count) - 1; row >= first; row -= 1) {
      const start = (row - first) * width;
      visit(row, band.subarray(start, start + row));
    }
  }
}

interface Product {
  readonly rows: Float64Array;
  readonly size: number;
  /** Four lines of the matrix, each `width` long. */
  readonly band: Float64Array;
  readonly width: number;
}

/** Fills two columns of a band: the products of the four rows from `first` on with the two from `column` on. */
function multiply({ rows, size, band, width }: Product, first: number, column: number): void {
  let a0 = 0;
  let a1 = 0;
  let b0 = 0;
  let b1 = 0;
  let c0 = 0;
  let c1 = 0;
  let d0 = 0;
  let d1 = 0;
  const a = first * size;
  const b = a + size;
  const c = b + size;
  const d = c + size;
  const left = column * size;
  const right = left + size;
  for (let at = 0; at < size; at += 1) {
    const x = rows[left + at]!;
    const y = rows[right + at]!;
    a0 += rows[a + at]! * x;
    a1 += rows[a + at]! * y;
    b0 += rows[b + at]! * x;
    b1 += rows[b + at]! * y;
    c0 += rows[c + at]! * x;
    c1 += rows[c + at]! * y;
    d0 += rows[d + at]! * x;
    d1 += rows[d + at]! * y;
  }
  for (const [line, [even, odd]] of [
    [a0, a1],
    [b0, b1],
    [c0, c1],
    [d0, d1],
  ].entries()) {
    band[line * width + column] = even!;
    band[line * width + column + 1] = odd!;
  }
}

/**
 * Mean cosine over all pairs of different samples: (|Σ e|² − Σ |e|²) / (N² − N), without going through the pairs.
 *
 * @param embeddings float32 N×D, rows of length 1
 * @returns −1 to 1; NaN with fewer than two samples
 */
export function meanSimilarity({ data, shape: [count = 0, size = 0] }: Embeddings): number {
  if (count < 2) return Number.NaN;
  const sum = new Float64Array(size);
  let squares = 0;
  for (let at = 0; at < data.length; at += 1) {
    sum[at % size]! += data[at]!;
    squares += data[at]! ** 2;
  }
  const square = sum.reduce((total, value) => total + value ** 2, 0);
  return Math.min(1, Math.max(-1, (square - squares) / (count * (count - 1))));
}

/** Mean distance of neighbouring samples in time; seconds. NaN with fewer than two. */
export function meanStepSec(timesSec: Float64Array): number {
  return timesSec.length < 2 ? Number.NaN : (timesSec.at(-1)! - timesSec[0]!) / (timesSec.length - 1);
}
