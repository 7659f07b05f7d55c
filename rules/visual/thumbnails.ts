import { z } from 'zod';
import { vector } from '../../engine/core/nd-array.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import { jpegOf } from '../dsp/jpeg.ts';
import { thumbnailOf, thumbnailSize } from '../dsp/thumbnail.ts';
import { frames, thumbnails as thumbnailsKind } from '../kinds.ts';

/**
 * Keeps sampled frames as small JPEGs, for people to look at; a frame that looks like the one before has none of its own.
 *
 * The same pixels and quality give the same bytes: baseline JPEG by MozJPEG, chroma at full size.
 */
export const thumbnails = defineRule({
  name: 'visual/thumbnails',
  version: '2',
  scope: 'segment',
  params: z.strictObject({
    quality: z.number().int().min(1).max(100).default(70).describe('of the JPEGs; no unit'),
    min_difference: z
      .number()
      .min(0)
      .max(255)
      .default(4)
      .describe('mean difference of 16×9 fields above which a frame looks different; levels of 8 bits'),
  }),
  inputs: {
    frames: input(frames, { request: ({ fps, width, height }) => ({ fps, width, height }) }),
  },
  outputs: { thumbnails: thumbnailsKind },

  async run({ inputs, params, signal }) {
    const { rgb, times_sec, frame_indices } = inputs.frames;
    const [count = 0, height = 0, width = 0] = rgb.shape;
    const size = 3 * width * height;
    const files: Uint8Array[] = [];
    let last: Uint8Array | undefined;
    for (let start = 0; start < count * size; start += size) {
      signal.throwIfAborted();
      const look = new Uint8Array(thumbnailSize);
      thumbnailOf(rgb.data, { start, width, height }, look);
      if (last && meanDifference(look, last) <= params.min_difference) {
        files.push(new Uint8Array(0));
        continue;
      }
      last = look;
      const picture = { rgb: rgb.data.subarray(start, start + size), width, height };
      files.push(await jpegOf(picture, params.quality));
    }
    return {
      thumbnails: {
        times_sec,
        frame_indices,
        widths: vector('int32', new Int32Array(count).fill(width)),
        heights: vector('int32', new Int32Array(count).fill(height)),
        jpeg: vector('uint8', joined(files)),
        jpeg_bytes: vector(
          'int32',
          files.map((file) => file.length),
        ),
      },
    };
  },
});

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, index) => sum + Math.abs(value - b[index]!), 0) / a.length;
}

function joined(files: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(files.reduce((sum, file) => sum + file.length, 0));
  let at = 0;
  for (const file of files) {
    all.set(file, at);
    at += file.length;
  }
  return all;
}
