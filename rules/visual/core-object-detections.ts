import { z } from 'zod';
import { vector } from '../../engine/core/nd-array.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import { detectInFrames } from '../dsp/detectors/detect-in-frames.ts';
import { objectDecoders } from '../dsp/detectors/detector-of-model.ts';
import { rowsOf } from '../dsp/detectors/rows-of.ts';
import { detections, frames } from '../kinds.ts';

/**
 * Finds objects in the sampled frames.
 *
 * How the model's outputs are read its entry says (`decoder`); overlapping detections are taken out here, for each class
 * by itself. A model of pairs looks at each frame together with the one before it.
 */
export const coreObjectDetections = defineRule({
  name: 'visual/core-object-detections',
  version: '1',
  scope: 'segment',
  params: z.strictObject({}),
  inputs: {
    frames: input(frames, {
      request: ({ fps, width, height }) => ({ fps, width, height }),
      haloFrames: 1,
    }),
  },
  models: { detector: { task: 'object-detection', decoders: objectDecoders } },
  outputs: { detections },

  async run({ inputs, halo, models: { detector }, signal, empty }) {
    const found = await detectInFrames(detector, { frames: inputs.frames, halo: halo.frames, signal });
    if (inputs.frames.times_sec.data.length === 0) empty('no frames');
    else if (found.detections.length === 0) empty('no objects');
    const ids = found.detections.map(({ classId }) => classId);
    return {
      detections: {
        ...rowsOf(found, inputs.frames),
        class_ids: vector('int32', ids),
        class_names: vector(
          'unicode',
          ids.map((id) => detector.classes[id] ?? String(id)),
        ),
      },
    };
  },
});
