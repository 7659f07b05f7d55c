/** Filters over planes of a graph: tensors [N, C, height, width], each channel by itself. */
import { absent, type GraphBuilder, type Value } from '../../engine/io/onnx/graph-builder.ts';

/** A window of length 2·radius + 1 whose sum is 1. */
export function gaussian({ sigma, radius }: { sigma: number; radius: number }): number[] {
  return normalised(
    Array.from({ length: 2 * radius + 1 }, (_, at) => Math.exp(-((at - radius) ** 2) / (2 * sigma ** 2))),
  );
}

function normalised(weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** Along rows, then along columns; what lies outside the plane counts as zero. */
export function separable(
  g: GraphBuilder,
  planes: Value,
  { taps, channels }: { taps: readonly number[]; channels: number },
): Value {
  const length = taps.length;
  const reach = (length - 1) / 2;
  const weights = repeated(taps, channels);
  const along = g.node('Conv', [planes, g.constant(weights, [channels, 1, 1, length])], {
    group: channels,
    kernel_shape: [1, length],
    pads: [0, reach, 0, reach],
  });
  return g.node('Conv', [along, g.constant(weights, [channels, 1, length, 1])], {
    group: channels,
    kernel_shape: [length, 1],
    pads: [reach, 0, reach, 0],
  });
}

/** The mean of a square around each pixel, of which at the edge only what there is counts; its side is odd. */
export function localMean(g: GraphBuilder, planes: Value, side: number): Value {
  const reach = (side - 1) / 2;
  const rows = g.node('AveragePool', [planes], { kernel_shape: [1, side], pads: [0, reach, 0, reach] });
  return g.node('AveragePool', [rows], { kernel_shape: [side, 1], pads: [reach, 0, reach, 0] });
}

/** Half the width and height; the middle of a pixel is the middle of the four that it stands for. */
export function halve(g: GraphBuilder, planes: Value, channels: number): Value {
  const taps = [1, 3, 3, 1];
  const kernel = taps.flatMap((row) => taps.map((column) => (row * column) / 64));
  return g.node(
    'Conv',
    [edgePadded(g, planes, 1), g.constant(repeated(kernel, channels), [channels, 1, 4, 4])],
    { group: channels, kernel_shape: [4, 4], strides: [2, 2] },
  );
}

/**
 * The counterpart of `halve`: twice the width and height, by linear interpolation.
 *
 * @param size of what comes out
 */
export function double(
  g: GraphBuilder,
  planes: Value,
  { channels, width, height }: { channels: number; width: number; height: number },
): Value {
  const made = g.node('Resize', [planes, absent, g.constant([1, 1, 2, 2], [4])], {
    mode: 'linear',
    coordinate_transformation_mode: 'half_pixel',
  });
  return g.describe(made, ['N', channels, height, width]);
}

/**
 * Puts a pixel between each two of [N, 1, height, width], by sines over eight pixels (Lanczos, a = 4): linear
 * interpolation between the results is far truer to a picture than between its own pixels.
 *
 * @returns [N, 1, 2·height − 1, 2·width − 1]
 */
export function interleaved(g: GraphBuilder, plane: Value): Value {
  const phases = [0, 0.5].map((phase) =>
    normalised(Array.from({ length: 9 }, (_, at) => lanczos(at - 4 - phase))),
  );
  const kernels = phases.flatMap((rows) =>
    phases.flatMap((columns) => rows.flatMap((row) => columns.map((column) => row * column))),
  );
  const four = g.node('Conv', [edgePadded(g, plane, 4), g.constant(kernels, [4, 1, 9, 9])], {
    kernel_shape: [9, 9],
  });
  const all = g.node('DepthToSpace', [four], { blocksize: 2 });
  // Beyond the last pixel there is no other.
  return g.node('Slice', [all, g.integers(0, 0), g.integers(-1, -1), g.integers(2, 3)]);
}

function lanczos(x: number): number {
  if (Number.isInteger(x)) return x === 0 ? 1 : 0;
  const angle = Math.PI * x;
  return Math.abs(x) < 4 ? (4 * Math.sin(angle) * Math.sin(angle / 4)) / angle ** 2 : 0;
}

/** The outermost pixels, repeated beyond the edge. */
export function edgePadded(g: GraphBuilder, planes: Value, by: number): Value {
  return g.node('Pad', [planes, g.integers(0, 0, by, by, 0, 0, by, by)], { mode: 'edge' });
}

function repeated(kernel: readonly number[], channels: number): number[] {
  return Array.from({ length: channels }, () => kernel).flat();
}
