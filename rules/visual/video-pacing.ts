import { z } from 'zod';
import { npz, type ValueOf } from '../../engine/core/kind.ts';
import { scalar, vector } from '../../engine/core/nd-array.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import { type PacingInput, pacingCurve, shotLengthStatistics } from '../dsp/pacing.ts';
import { loudness, shots } from '../kinds.ts';
import { motion } from './motion.ts';

/** Pace of a video over time. K windows. */
const pacing = npz({
  times_sec: { dtype: 'float64', shape: ['K'], isFinite: true, doc: 'middle of each window' },
  cuts_per_min: { dtype: 'float32', shape: ['K'], isFinite: true, doc: 'changes of shot a minute' },
  motion_energy: {
    dtype: 'float32',
    shape: ['K'],
    doc: 'mean motion in the window, 0 to 1; NaN where none was measured',
  },
  pacing: { dtype: 'float32', shape: ['K'], isFinite: true, doc: '0 (still) to 1; see rules/dsp/pacing.ts' },
  mean_shot_sec: { dtype: 'float64', shape: [], doc: 'NaN without shots' },
  median_shot_sec: { dtype: 'float64', shape: [], doc: 'NaN without shots' },
  shot_sec_cv: {
    dtype: 'float64',
    shape: [],
    doc: 'standard deviation of shot lengths over their mean; NaN without shots',
  },
});

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
