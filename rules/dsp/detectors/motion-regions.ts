import { z } from 'zod';
import type { Box } from '../../../engine/core/box.ts';
import type { Detection } from './detection.ts';
import { detectorDecoder } from './detector-decoder.ts';

/**
 * A map that says for each place of the picture, from 0 to 1, how surely something moves there by itself. Every
 * connected region over the threshold is an object; its score is the map's mean in it.
 *
 * Regions are connected through sides and corners: the components of Rosenfeld and Pfaltz, "Sequential operations in
 * digital picture processing", Journal of the ACM 13 (1966), found by flooding.
 */
export const motionRegions = detectorDecoder({
  params: z.strictObject({
    threshold: z.number().min(0).max(1).describe('of the map'),
    min_area: z.number().min(0).max(1).describe('smallest region, as a fraction of the picture'),
    max_moving: z
      .number()
      .min(0)
      .max(1)
      .default(1)
      .describe('where more of the picture than this seems to move, it is another picture: a cut'),
  }),
  landmarkCount: 0,

  outputs() {
    return [[1, 'rows', 'columns']];
  },

  decode([output], { width, height }, { threshold, min_area, max_moving }) {
    const { data, shape } = output!;
    const [, rows, columns] = shape as readonly [number, number, number]; // As `outputs` says.
    const isLeft = Uint8Array.from(data, (value) => (value >= threshold ? 1 : 0));
    if (isLeft.reduce((sum, one) => sum + one, 0) > max_moving * data.length) return [];
    const found: Detection[] = [];
    for (let start = 0; start < data.length; start += 1) {
      if (!isLeft[start]) continue;
      const region = flood(isLeft, { start, rows, columns });
      if (region.length < min_area * data.length) continue;
      const score = region.reduce((sum, cell) => sum + data[cell]!, 0) / region.length;
      const box = scaled(boundsOf(region, columns), width / columns, height / rows);
      found.push({ box, score, classId: 0, landmarks: [] });
    }
    return found;
  },
});

interface Place {
  readonly start: number;
  readonly rows: number;
  readonly columns: number;
}

/** The cells of the region around `start`, which it takes away. */
function flood(isLeft: Uint8Array, { start, rows, columns }: Place): number[] {
  const region = [start];
  isLeft[start] = 0;
  // The region grows while it is walked through.
  for (const cell of region) {
    const column = cell % columns;
    const row = Math.floor(cell / columns);
    for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y += 1) {
      for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x += 1) {
        if (!isLeft[y * columns + x]) continue;
        isLeft[y * columns + x] = 0;
        region.push(y * columns + x);
      }
    }
  }
  return region;
}

function boundsOf(region: readonly number[], columns: number): Box {
  let [x1, y1, x2, y2] = [Infinity, Infinity, 0, 0];
  for (const cell of region) {
    const column = cell % columns;
    const row = Math.floor(cell / columns);
    x1 = Math.min(x1, column);
    y1 = Math.min(y1, row);
    x2 = Math.max(x2, column + 1);
    y2 = Math.max(y2, row + 1);
  }
  return [x1, y1, x2, y2];
}

function scaled([x1, y1, x2, y2]: Box, across: number, down: number): Box {
  return [x1 * across, y1 * down, x2 * across, y2 * down];
}
