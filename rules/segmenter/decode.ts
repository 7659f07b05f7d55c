/** Decodes the frames of a segment that its consumers look at, at their size. */
import assert from 'node:assert/strict';
import { z } from 'zod';
import { file, type Segment, segments } from '../../engine/core/kind.ts';
import type { DecodeFrames } from '../../engine/core/media.ts';
import { array, vector } from '../../engine/core/nd-array.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import { frames } from '../kinds.ts';
import { fitSize } from './fit-size.ts';
import { frameTimes } from './frame-times.ts';
import { sampleFrames } from './sample-frames.ts';

const request = z.strictObject({
  fps: z
    .union([z.number().positive(), z.literal('keyframes')])
    .describe('samples a second from the first frame of each segment on, or keyframes only'),
  width: z.number().int().positive().describe('pixels; with height, the box that the picture must fit'),
  height: z.number().int().positive().describe('pixels'),
});

export const decode = defineRule({
  name: 'segmenter/decode',
  version: '1',
  scope: 'segment',
  params: z.strictObject({ request }),
  inputs: {
    video: input(file(), { identifiedBy: 'segments' }),
    segments: input(segments()),
  },
  outputs: { frames },
  resources: { cores: 1, memoryMiB: 512 },
  programs: ['ffmpeg'],

  async run({ inputs, params, segment, media, signal, warn }) {
    assert(segment, 'a rule of scope segment gets its segment');
    const timesSec = frameTimes(segment.framePts, segment.timeBase, segment.rate);
    const wanted = wantedFrames(segment, timesSec, params.request.fps);
    const decoding = decodingOf(segment, wanted, params.request);
    const { views, warnings } = await media.decodeFrames({ path: inputs.video.path, ...decoding }, signal);
    for (const warning of warnings) warn(warning);
    const [view] = views;
    const [size] = decoding.views;
    assert(view && size, 'one view was asked for');
    const decoded = view.positions.map((position) => wanted[position]!);
    return {
      frames: {
        rgb: array('uint8', view.rgb, [decoded.length, size.height, size.width, 3]),
        times_sec: vector(
          'float64',
          decoded.map((frame) => timesSec[frame]!),
        ),
        frame_indices: vector('int32', decoded),
      },
    };
  },
});

type Request = z.output<typeof request>;

function wantedFrames(segment: Segment, timesSec: Float64Array, fps: Request['fps']): readonly number[] {
  return fps === 'keyframes' ? segment.keyframes : sampleFrames(timesSec, segment.durationSec, fps);
}

function decodingOf(segment: Segment, wanted: readonly number[], box: Request): Omit<DecodeFrames, 'path'> {
  const pts = wanted.map((frame) => segment.startPts + segment.framePts[frame]!);
  return {
    timeBase: segment.timeBase,
    startPts: segment.startPts,
    endPts: (pts.at(-1) ?? segment.startPts) + 1,
    onlyKeyframes: box.fps === 'keyframes',
    views: [{ pts, ...fitSize(segment, box) }],
  };
}
