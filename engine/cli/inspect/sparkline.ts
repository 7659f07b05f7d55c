import type { NumberArray } from '../../core/numpy-array.ts';

const eighths = ' ▁▂▃▄▅▆▇█';

/** The course of values from left to right, from the least (▁) to the largest (█) of them. @param width characters at most */
export function sparkline(values: ArrayLike<number>, width: number): string {
  return chart(values, { width, lines: 1 }).join('');
}

/**
 * Columns from the least value (an eighth of a line) to the largest (all lines); a blank where none is finite. Several
 * values of one column are averaged.
 *
 * @returns as many lines as asked for, the topmost first
 */
export function chart(
  values: ArrayLike<number>,
  { width, lines }: { width: number; lines: number },
): string[] {
  const means = averaged(values, width);
  const finite = means.filter(Number.isFinite);
  const min = Math.min(...finite);
  const range = Math.max(...finite) - min;
  const heights = means.map((value) => heightOf(value - min, range, lines * 8));
  return Array.from({ length: lines }, (_, line) => {
    const below = (lines - 1 - line) * 8;
    return heights.map((height) => eighths[Math.max(0, Math.min(8, height - below))]!).join('');
  });
}

/** In eighths of a line. */
function heightOf(above: number, range: number, most: number): number {
  if (!Number.isFinite(above)) return 0;
  return range > 0 ? Math.min(most, 1 + Math.floor((above / range) * most)) : most / 2;
}

/** Means of the finite values in as many runs of equal length as asked for; NaN for a run without any. */
function averaged(values: ArrayLike<number>, count: number): number[] {
  const runs = Math.min(count, values.length);
  return Array.from({ length: runs }, (_, run) => {
    const from = Math.floor((run * values.length) / runs);
    const to = Math.floor(((run + 1) * values.length) / runs);
    return meanOf(to - from, (index) => values[from + index]!);
  });
}

/** The mean of the finite ones among some values; NaN if there is none. */
export function meanOf(count: number, valueAt: (index: number) => number): number {
  let [sum, finite] = [0, 0];
  for (let index = 0; index < count; index += 1) {
    const value = valueAt(index);
    if (!Number.isFinite(value)) continue;
    sum += value;
    finite += 1;
  }
  return finite === 0 ? Number.NaN : sum / finite;
}

/** The mean of each row: of all that stands at one index of the first axis. */
export function rowMeans({ shape, data }: NumberArray): number[] {
  const rows = shape[0] ?? 0;
  const length = rows === 0 ? 0 : data.length / rows;
  return Array.from({ length: rows }, (_, row) =>
    meanOf(length, (column) => Number(data[row * length + column]!)),
  );
}
