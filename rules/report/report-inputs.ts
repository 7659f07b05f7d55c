/** What a report tells of. All of it may be missing: then the report says so. */
import { type InputValues, input } from '../../engine/core/rule.ts';
import { cuts, loudness, metadata, pacing, shots, tempo, thumbnails } from '../kinds.ts';
import { motion } from '../visual/motion.ts';
import { frameQuality, shotMedians } from '../visual/quality.ts';

export const reportInputs = {
  metadata: input(metadata, { isOptional: true }),
  thumbnails: input(thumbnails, { isOptional: true, readsMeta: true }),
  cuts: input(cuts, { isOptional: true }),
  shots: input(shots, { isOptional: true, readsMeta: true }),
  motion: input(motion, { isOptional: true }),
  loudness: input(loudness, { isOptional: true, readsMeta: true }),
  tempo: input(tempo, { isOptional: true, readsMeta: true }),
  pacing: input(pacing, { isOptional: true, readsMeta: true }),
  frame_quality: input(frameQuality, { isOptional: true }),
  shot_quality: input(shotMedians, { isOptional: true, readsMeta: true }),
};

export type ReportInputs = InputValues<typeof reportInputs, 'run'>;

/** Length of the time axis in seconds: of the video, or of what is known of it; above 0. */
export function durationOf(inputs: ReportInputs): number {
  const ends = [
    inputs.shots?.end_sec,
    inputs.loudness?.times_sec,
    inputs.tempo?.onset_times_sec,
    inputs.thumbnails?.times_sec,
  ].map((times) => times?.data.at(-1) ?? 0);
  const durationSec = inputs.metadata?.duration_sec ?? Math.max(...ends);
  return durationSec > 0 ? durationSec : 1;
}
