/**
 * Numbers as whole numbers of 8 bits: real = scale · (whole − zero).
 *
 * Method: Jacob and others, "Quantization and training of neural networks for efficient integer-arithmetic-only
 * inference", CVPR (2018). Weights are symmetric (zero is 0); activations use the whole of their range.
 */
import assert from 'node:assert/strict';

/**
 * Weights of 7 bits. Two products with activations of 0 to 255 then fit into 16 bits, in which processors without VNNI
 * add them: all processors give the same sums.
 */
export const portableWeight = 63;
/** Weights of 8 bits: closer, but where two products do not fit into 16 bits, some processors lose what is too much. */
export const fullWeight = 127;

export interface WholeWeights {
  readonly values: Int8Array<ArrayBuffer>;
  /** One for each channel, or one for all. */
  readonly scales: Float32Array<ArrayBuffer>;
}

export interface WeightLayout {
  readonly shape: readonly number[];
  /** The axis of the channels that have a scale each; undefined: one scale for all. */
  readonly axis: number | undefined;
  /** `portableWeight` or `fullWeight`: they go from minus that to that. */
  readonly most: number;
  /** Below this no scale may go; by channel. */
  readonly leastScale?: (channel: number) => number;
}

/** @param weights in C order */
export function wholeWeights(
  weights: Float32Array,
  { shape, axis, most, leastScale = () => 0 }: WeightLayout,
): WholeWeights {
  const channelOf = channels(shape, axis);
  const largest = new Float64Array(axis === undefined ? 1 : shape[axis]!);
  for (let at = 0; at < weights.length; at += 1) {
    const channel = channelOf(at);
    largest[channel] = Math.max(largest[channel]!, Math.abs(weights[at]!));
  }
  const fallback = Math.max(...largest) || most; // For channels of zeros alone.
  const scales = Float32Array.from(largest, (one, channel) =>
    Math.max((one || fallback) / most, leastScale(channel)),
  );
  const values = Int8Array.from(weights, (weight, at) => {
    const whole = Math.round(weight / scales[channelOf(at)]!);
    return Math.max(-most, Math.min(most, whole));
  });
  return { values, scales };
}

/** Position of an element → its channel. */
function channels(shape: readonly number[], axis: number | undefined): (at: number) => number {
  if (axis === undefined) return () => 0;
  const inner = shape.slice(axis + 1).reduce((product, length) => product * length, 1);
  const count = shape[axis]!;
  return (at) => Math.floor(at / inner) % count;
}

/** Of the numbers that a tensor holds. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Scale and zero of activations as whole numbers of 0 to 255. Zero itself is exact: edges are padded with it. */
export function activationScale({ min, max }: Range): { readonly scale: number; readonly zero: number } {
  assert.ok(min <= max, `range from ${min} to ${max}`);
  const low = Math.min(0, min);
  const high = Math.max(0, max);
  const scale = Math.fround((high - low) / 255) || 1; // A tensor of zeros has no scale of its own.
  return { scale, zero: Math.max(0, Math.min(255, Math.round(-low / scale))) };
}
