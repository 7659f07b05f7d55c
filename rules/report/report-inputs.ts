/** What a report tells of. All of it may be missing: then the report says so. */
import { type InputValues, input } from '../../engine/core/rule.ts';
import {
  cuts,
  depth,
  detections,
  faces,
  flow,
  loudness,
  metadata,
  pacing,
  pictureEmbeddings,
  scenes,
  shots,
  soundEmbeddings,
  story,
  tempo,
  thumbnails,
  uniqueness,
} from '../kinds.ts';
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
  faces: input(faces, { isOptional: true, readsMeta: true }),
  objects: input(detections, { isOptional: true, readsMeta: true }),
  depth: input(depth, { isOptional: true, readsMeta: true }),
  flow: input(flow, { isOptional: true, readsMeta: true }),
  frame_embeddings: input(pictureEmbeddings, { isOptional: true, readsMeta: true }),
  sound_embeddings: input(soundEmbeddings, { isOptional: true, readsMeta: true }),
  scenes: input(scenes, { isOptional: true, readsMeta: true }),
  uniqueness: input(uniqueness, { isOptional: true, readsMeta: true }),
  story: input(story, { isOptional: true, readsMeta: true }),
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
