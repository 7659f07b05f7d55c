import { z } from 'zod';
import type { ValueOf } from '../../engine/core/kind.ts';
import { scalar, vector } from '../../engine/core/nd-array.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import { type PacingInput, pacingCurve, shotLengthStatistics } from '../dsp/pacing.ts';
import { loudness, pacing, shots } from '../kinds.ts';
import { motion } from './motion.ts';

/** Says how fast a video is cut, how much moves in it, and both with its loudness as one curve of pace. */
export const videoPacing = defineRule({
  name: 'visual/video-pacing',
  version: '1',
  scope: 'whole',
  params: z.strictObject({
    window_sec: z.number().positive().default(10).describe('length of the sliding window; seconds'),
    step_sec: z.number().positive().default(1).describe('distance of two windows; seconds'),
  }),
  inputs: {
    shots: input(shots),
    motion: input(motion),
    loudness: input(loudness, { isOptional: true }),
  },
  outputs: { pacing },

  run({ inputs, params, empty }) {
    const starts = inputs.shots.start_sec.data;
    const ends = inputs.shots.end_sec.data;
    const lengths = Array.from(starts, (start, index) => ends[index]! - start);
    if (lengths.length === 0) {
      empty('no shots');
      return { pacing: noPacing() };
    }
    const curve = pacingCurve(toPacingInput(inputs), {
      windowSec: params.window_sec,
      stepSec: params.step_sec,
    });
    const { mean, median, variation } = shotLengthStatistics(lengths);
    return {
      pacing: {
        times_sec: vector('float64', curve.timesSec),
        cuts_per_min: vector('float32', curve.cutsPerMin),
        motion_energy: vector('float32', curve.motionEnergy),
        pacing: vector('float32', curve.pacing),
        mean_shot_sec: scalar('float64', mean),
        median_shot_sec: scalar('float64', median),
        shot_sec_cv: scalar('float64', variation),
      },
    };
  },
});

interface Inputs {
  readonly shots: ValueOf<typeof shots>;
  readonly motion: ValueOf<typeof motion>;
  readonly loudness: ValueOf<typeof loudness> | undefined;
}

function toPacingInput({
  shots: { start_sec, end_sec },
  motion: moving,
  loudness: sound,
}: Inputs): PacingInput {
  return {
    changesSec: [...start_sec.data].slice(1),
    motionTimesSec: moving.times_sec.data,
    motion: moving.motion_energy.data,
    loudnessTimesSec: sound?.times_sec.data ?? [],
    loudnessLufs: sound?.momentary_lufs.data ?? [],
    startSec: start_sec.data[0]!,
    endSec: end_sec.data.at(-1)!,
  };
}

function noPacing(): ValueOf<typeof pacing> {
  const missing = scalar('float64', Number.NaN);
  return {
    times_sec: vector('float64', []),
    cuts_per_min: vector('float32', []),
    motion_energy: vector('float32', []),
    pacing: vector('float32', []),
    mean_shot_sec: missing,
    median_shot_sec: missing,
    shot_sec_cv: missing,
  };
}
