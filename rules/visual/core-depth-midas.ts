import { z } from 'zod';
import { array, vector } from '../../engine/core/nd-array.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import { depthMaps } from '../dsp/depth-maps.ts';
import { depth, frames } from '../kinds.ts';

/**
 * Says of each place in the sampled frames how near it is, compared with the rest of its picture.
 *
 * Any model for `depth` serves whose first output is one map of the whole picture (Ranftl and others, "Towards robust
 * monocular depth estimation", IEEE TPAMI 44, 2022). The numbers beside the map are of the map as the model gave it.
 */
export const coreDepthMidas = defineRule({
  name: 'visual/core-depth-midas',
  version: '1',
  scope: 'segment',
  params: z.strictObject({
    max_side: z
      .number()
      .int()
      .positive()
      .default(128)
      .describe('longest side of the maps that are kept; larger ones are made smaller; pixels'),
  }),
  inputs: {
    frames: input(frames, { request: ({ fps, width, height }) => ({ fps, width, height }) }),
  },
  models: { depth: { task: 'depth', takes: 'picture' } },
  outputs: { depth },

  async run({ inputs, models, params, signal, empty }) {
    const { rgb, times_sec, frame_indices } = inputs.frames;
    const count = times_sec.data.length;
    if (count === 0) empty('no frames');
    const found = await depthMaps(models.depth, { rgb, maxSide: params.max_side, signal });
    return {
      depth: {
        depth: array('float32', found.maps, [count, found.height, found.width]),
        times_sec,
        frame_indices,
        mean: vector('float32', found.mean),
        p05: vector('float32', found.p05),
        p95: vector('float32', found.p95),
      },
    };
  },
});
