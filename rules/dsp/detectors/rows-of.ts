import type { ValueOf } from '../../../engine/core/kind.ts';
import { array, vector } from '../../../engine/core/nd-array.ts';
import type { detections, frames as framesKind } from '../../kinds.ts';
import type { FoundInFrames } from './detect-in-frames.ts';

type Rows = Omit<ValueOf<typeof detections>, 'class_ids' | 'class_names'>;

/** What was found as arrays, one row a thing, with the frames that were looked at beside them. */
export function rowsOf(
  { frames, detections: found }: FoundInFrames,
  sampled: ValueOf<typeof framesKind>,
): Rows {
  const boxes = Float32Array.from(found.flatMap(({ box }) => box));
  return {
    frame_indices: vector(
      'int32',
      frames.map((frame) => sampled.frame_indices.data[frame]!),
    ),
    times_sec: vector(
      'float64',
      frames.map((frame) => sampled.times_sec.data[frame]!),
    ),
    boxes: array('float32', boxes, [found.length, 4]),
    scores: vector(
      'float32',
      found.map(({ score }) => score),
    ),
    sampled_frame_indices: sampled.frame_indices,
    sampled_times_sec: sampled.times_sec,
  };
}
