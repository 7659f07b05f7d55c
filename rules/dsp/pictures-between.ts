import assert from 'node:assert/strict';
import type { NdArray } from '../../engine/core/nd-array.ts';
import type { Pictures } from './picture-tensor.ts';

/**
 * Some of a video's frames, without copying them.
 *
 * @param rgb uint8, N×height×width×3
 * @param range positions in `rgb`, `end` exclusive
 */
export function picturesBetween(
  rgb: NdArray<'uint8'>,
  { first, end }: { readonly first: number; readonly end: number },
): Pictures {
  const [count = 0, height = 0, width = 0] = rgb.shape;
  assert.ok(first <= end && end <= count, `frames ${first} to ${end} of ${count}`);
  const size = 3 * width * height;
  return { rgb: rgb.data.subarray(first * size, end * size), count: end - first, width, height };
}
