/** Optical flow as a list of vectors in a frame's own pixels, and what can be said of them as a whole. */
import { quantilesOf } from '../../engine/core/array-statistics.ts';
import type { Placement } from './picture-tensor.ts';

/** Vectors of one flow field; n of them. */
export interface FlowVectors {
  /** Where each begins; pixels of the frame from its centre, x to the right, y down. Shape [n]. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** How far it goes; pixels of the frame. */
  readonly u: Float64Array;
  readonly v: Float64Array;
  /** How far it is to be trusted, 0 to 1. */
  readonly weight: Float64Array;
}

/** What a model says of one pair of frames. */
export interface FlowField {
  readonly rows: number;
  readonly columns: number;
  /** Shape [rows, columns]; pixels of the model's input. */
  readonly u: Float32Array;
  readonly v: Float32Array;
  /** Shape [rows, columns], 0 to 1; undefined where the model says nothing of it. */
  readonly confidence: Float32Array | undefined;
}

/** How the frames were put into the model's input. */
export interface FlowGeometry {
  readonly input: { readonly width: number; readonly height: number };
  readonly frame: { readonly width: number; readonly height: number };
  /** Of the frame, in the input. */
  readonly placement: Placement;
}

/** Neighbours in a flow field say nearly the same: more than this tell little more. */
const mostVectors = 2048;

/** The vectors on an even grid over what is frame in the field, in the frame's pixels. */
export function flowVectors(field: FlowField, { input, frame, placement }: FlowGeometry): FlowVectors {
  const step = Math.ceil(Math.sqrt((field.rows * field.columns) / mostVectors));
  const across = frame.width / placement.width;
  const down = frame.height / placement.height;
  const x: number[] = [];
  const y: number[] = [];
  const cells: number[] = [];
  for (let row = step >> 1; row < field.rows; row += step) {
    const atY = (((row + 0.5) * input.height) / field.rows - placement.top) * down - frame.height / 2;
    if (Math.abs(atY) > frame.height / 2) continue;
    for (let column = step >> 1; column < field.columns; column += step) {
      const atX =
        (((column + 0.5) * input.width) / field.columns - placement.left) * across - frame.width / 2;
      if (Math.abs(atX) > frame.width / 2) continue;
      x.push(atX);
      y.push(atY);
      cells.push(row * field.columns + column);
    }
  }
  return {
    x: Float64Array.from(x),
    y: Float64Array.from(y),
    u: Float64Array.from(cells, (cell) => field.u[cell]! * across),
    v: Float64Array.from(cells, (cell) => field.v[cell]! * down),
    weight: Float64Array.from(cells, (cell) => field.confidence?.[cell] ?? 1),
  };
}

export interface FlowStatistics {
  /** Lengths of the vectors; pixels. */
  readonly mean: number;
  readonly median: number;
  readonly p95: number;
  /** −π to π: 0 to the right, π/2 down. NaN where still, and where the motions cancel out. */
  readonly directionRad: number;
}

/** Mean length below which a picture is still; pixels. Noise moves more than nothing. */
const stillPx = 0.05;
/** Share of the motion that has to go the same way, for a direction. */
const leastAgreement = 0.05;

/**
 * The direction is the circular mean weighed by length (Mardia and Jupp, "Directional statistics", Wiley 2000, section
 * 2.2): that of the sum of the vectors.
 */
export function flowStatistics({ u, v }: FlowVectors): FlowStatistics {
  const lengths = u.map((along, at) => Math.sqrt(along * along + v[at]! * v[at]!));
  const mean = meanOf(lengths);
  const [median = Number.NaN, p95 = Number.NaN] = quantilesOf(lengths, [0.5, 0.95]);
  const [meanU, meanV] = [meanOf(u), meanOf(v)];
  const agreed = Math.sqrt(meanU * meanU + meanV * meanV);
  const hasDirection = mean >= stillPx && agreed >= leastAgreement * mean;
  return { mean, median, p95, directionRad: hasDirection ? Math.atan2(meanV, meanU) : Number.NaN };
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
