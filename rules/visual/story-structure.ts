import { z } from 'zod';
import type { ValueOf } from '../../engine/core/kind.ts';
import { scalar, vector } from '../../engine/core/nd-array.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import { footeNovelty, prominentPeaks } from '../dsp/foote-novelty.ts';
import { intensityCurve } from '../dsp/intensity.ts';
import { meanBetween } from '../dsp/mean-between.ts';
import { meanStepSec } from '../dsp/self-similarity.ts';
import { loudness, pacing, pictureEmbeddings, shots, story } from '../kinds.ts';

const paramsSchema = z.strictObject({
  kernel_sec: z
    .number()
    .positive()
    .default(8)
    .describe('how far before and after a boundary is looked; seconds'),
  min_novelty: z
    .number()
    .min(0)
    .max(2)
    .default(0.05)
    .describe('least novelty of a boundary: about 1 − cosine of the parts; no unit'),
  min_prominence: z
    .number()
    .min(0)
    .max(1)
    .default(0.3)
    .describe('how far novelty must fall on both sides of a boundary, as a share of its own; no unit'),
  min_part_sec: z.number().nonnegative().default(5).describe('length of the shortest part; seconds'),
  hook_sec: z.number().positive().default(5).describe('length of the hook; seconds'),
  window_sec: z
    .number()
    .positive()
    .default(10)
    .describe('sound within this counts for one point of intensity; as the window of pacing; seconds'),
});

/**
 * Divides a film into parts, and says how intense it is over time, where most of all, and at its start.
 *
 * Boundaries are the peaks of Foote's novelty over `kernel_sec` on either side (`rules/dsp/foote-novelty.ts`), each moved
 * to the nearest change of shot where one lies within a sample. Intensity is the mean of what is known of motion, cuts and
 * loudness (`rules/dsp/intensity.ts`) at the windows of `pacing`. The climax is the middle of its first greatest window;
 * the hook's intensity is the mean of the windows whose middles lie in the first `hook_sec`, and they reach beyond.
 * Without embeddings and shots the result is empty.
 */
export const storyStructure = defineRule({
  name: 'visual/story-structure',
  version: '1',
  scope: 'whole',
  params: paramsSchema,
  inputs: {
    embeddings: input(pictureEmbeddings),
    shots: input(shots),
    pacing: input(pacing),
    loudness: input(loudness, { isOptional: true }),
  },
  outputs: { story },

  run({ inputs, params, empty }) {
    const changesSec = inputs.shots.start_sec.data.slice(1);
    const isEmpty = inputs.embeddings.times_sec.data.length + inputs.pacing.times_sec.data.length === 0;
    if (isEmpty) empty('no video stream');
    const boundaries = boundariesOf(inputs.embeddings, changesSec, params);
    const startSec = inputs.shots.start_sec.data[0] ?? 0;
    const timesSec = inputs.pacing.times_sec.data;
    const intensity = intensityCurve({
      timesSec,
      cutsPerMin: inputs.pacing.cuts_per_min.data,
      motion: inputs.pacing.motion_energy.data,
      loudnessTimesSec: inputs.loudness?.times_sec.data ?? [],
      loudnessLufs: inputs.loudness?.short_term_lufs.data ?? [],
      windowSec: params.window_sec,
    });
    const hook = { from: startSec, to: startSec + params.hook_sec };
    return {
      story: {
        boundary_sec: vector(
          'float64',
          boundaries.map(({ timeSec }) => timeSec),
        ),
        boundary_novelty: vector(
          'float32',
          boundaries.map(({ novelty }) => novelty),
        ),
        times_sec: inputs.pacing.times_sec,
        intensity: vector('float32', intensity),
        climax_sec: scalar('float64', timeOfGreatest(timesSec, intensity)),
        hook_intensity: scalar('float64', meanBetween(timesSec, intensity, hook)),
        hook_cuts: scalar('int32', changesSec.filter((sec) => sec < hook.to).length),
      },
    };
  },
});

interface Boundary {
  readonly timeSec: number;
  readonly novelty: number;
}

function boundariesOf(
  { embeddings, times_sec }: ValueOf<typeof pictureEmbeddings>,
  changesSec: Float64Array,
  params: z.output<typeof paramsSchema>,
): Boundary[] {
  const timesSec = times_sec.data;
  if (timesSec.length < 2) return [];
  const stepSec = meanStepSec(timesSec);
  const novelty = footeNovelty(embeddings, Math.max(1, Math.round(params.kernel_sec / stepSec)));
  const peaks = prominentPeaks(novelty, {
    minHeight: params.min_novelty,
    minProminence: params.min_prominence,
    // Three samples apart no two are moved to the same change of shot.
    minDistance: Math.max(3, Math.round(params.min_part_sec / stepSec)),
  });
  return peaks.map((at) => ({
    timeSec: snapped(timesSec[at]!, changesSec, stepSec),
    novelty: novelty[at]!,
  }));
}

/** The change of shot nearest to a time, if there is one within a sample of it; of equally near ones the earlier. */
function snapped(timeSec: number, changesSec: Float64Array, stepSec: number): number {
  const distance = (sec: number) => Math.abs(sec - timeSec);
  const near = [...changesSec].filter((sec) => distance(sec) <= stepSec);
  return near.reduce((best, sec) => (distance(sec) < distance(best) ? sec : best), near[0] ?? timeSec);
}

/** The first of the greatest values' times; NaN without values. */
function timeOfGreatest(timesSec: Float64Array, values: Float32Array): number {
  const greatest = values.reduce((most, value) => Math.max(most, value), 0);
  return timesSec[values.indexOf(greatest)] ?? Number.NaN;
}
