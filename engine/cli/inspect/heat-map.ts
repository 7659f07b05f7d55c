import type { NumberArray } from '../../core/numpy-array.ts';
import type { Screen } from '../screen.ts';
import { type Colour, drawRaster, type Raster } from './raster.ts';
import { meanOf } from './sparkline.ts';

/**
 * An array of two axes as a field of colours: the first axis runs to the right, as in a sparkline, the second downwards.
 *
 * @param lines lines of text at most
 */
export function heatMap(array: NumberArray, screen: Screen, lines: number): string[] {
  const [columns = 0, rows = 0] = array.shape;
  const size = { width: Math.min(columns, screen.columns), height: Math.min(rows, lines * 2) };
  return drawRaster(heat(array, size), screen);
}

function heat({ shape, data }: NumberArray, { width, height }: { width: number; height: number }): Raster {
  const [columns = 0, rows = 0] = shape;
  const cells = Array.from({ length: width * height }, (_, cell) => {
    const [left, right] = span(cell % width, width, columns);
    const [top, bottom] = span(Math.floor(cell / width), height, rows);
    const rowCount = bottom - top;
    return meanOf((right - left) * rowCount, (index) => {
      const [column, row] = [left + Math.floor(index / rowCount), top + (index % rowCount)];
      return Number(data[column * rows + row]!);
    });
  });
  const finite = cells.filter(Number.isFinite);
  const min = finite.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  const range = finite.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY) - min;
  const level = (x: number, y: number): number => {
    const value = cells[y * width + x]!;
    return range > 0 ? (value - min) / range : value - min + 0.5;
  };
  return { width, height, level, colour: (x, y) => heatColour(level(x, y)) };
}

/** The part of an axis that one of `count` cells covers. */
function span(index: number, count: number, length: number): [from: number, to: number] {
  return [Math.floor((index * length) / count), Math.floor(((index + 1) * length) / count)];
}

/** From dark to light, so that it can be read without telling hues apart. */
const ramp: readonly Colour[] = [
  [24, 22, 66],
  [50, 74, 140],
  [34, 138, 141],
  [110, 190, 90],
  [250, 228, 80],
];

/** @param level 0 to 1, or NaN */
function heatColour(level: number): Colour | undefined {
  if (!Number.isFinite(level)) return undefined;
  const at = level * (ramp.length - 1);
  const [below, above] = [ramp[Math.floor(at)]!, ramp[Math.ceil(at)]!];
  const mixed = (part: 0 | 1 | 2): number =>
    below[part] + (above[part] - below[part]) * (at - Math.floor(at));
  return [mixed(0), mixed(1), mixed(2)];
}
