import { axisWeights } from './axis-weights.ts';

export interface MapSize {
  readonly width: number;
  readonly height: number;
}

/**
 * A map of numbers in another size, with the filter of `axisWeights`.
 *
 * @param map float32, height×width of `from`
 * @returns float32, height×width of `to`
 */
export function resizeMap(map: Float32Array, from: MapSize, to: MapSize): Float32Array {
  if (from.width === to.width && from.height === to.height) return map;
  const rows = axisWeights({ count: to.height, start: 0, extent: to.height, length: from.height });
  const columns = axisWeights({ count: to.width, start: 0, extent: to.width, length: from.width });
  const out = new Float32Array(to.width * to.height);
  const row = new Float64Array(from.width);
  for (let y = 0; y < to.height; y += 1) {
    row.fill(0);
    for (let tap = 0; tap < rows.counts[y]!; tap += 1) {
      const weight = rows.weights[y * rows.taps + tap]!;
      const start = (rows.firsts[y]! + tap) * from.width;
      for (let x = 0; x < from.width; x += 1) row[x]! += weight * map[start + x]!;
    }
    for (let x = 0; x < to.width; x += 1) {
      let sum = 0;
      for (let tap = 0; tap < columns.counts[x]!; tap += 1) {
        sum += columns.weights[x * columns.taps + tap]! * row[columns.firsts[x]! + tap]!;
      }
      out[y * to.width + x] = sum;
    }
  }
  return out;
}
