/** Detectors without anchors give one box for each cell of the picture, in the cell's own measure. */
import type { Box } from '../../../engine/core/box.ts';

export interface Cell {
  readonly column: number;
  readonly row: number;
  /** Side of the cell; pixels of the model's input. */
  readonly stride: number;
}

/** @param index of the cell, row by row */
export function cellAt(
  index: number,
  { width, stride }: { readonly width: number; readonly stride: number },
): Cell {
  const columns = Math.floor(width / stride);
  return { column: index % columns, row: Math.floor(index / columns), stride };
}

export function cellCount(size: { readonly width: number; readonly height: number }, stride: number): number {
  return Math.floor(size.width / stride) * Math.floor(size.height / stride);
}

/**
 * The box of a cell; pixels.
 *
 * @param values at `at`: centre from the cell's corner in cells, then the logarithms of width and height in cells
 */
export function boxOfCell({ column, row, stride }: Cell, values: Float32Array, at: number): Box {
  return boxAround({
    x: (column + values[at]!) * stride,
    y: (row + values[at + 1]!) * stride,
    width: Math.exp(values[at + 2]!) * stride,
    height: Math.exp(values[at + 3]!) * stride,
  });
}

/** @param centre x and y are the middle of the box */
export function boxAround(centre: { x: number; y: number; width: number; height: number }): Box {
  const { x, y, width, height } = centre;
  return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
}
