/** Decodes the frames of a segment that its consumers look at, at their size. */
import assert from 'node:assert/strict';
import { z } from 'zod';
import { file, type Segment, segments, type ValueOf } from '../../engine/core/kind.ts';
import type { DecodeFrames } from '../../engine/core/media.ts';
import { array, vector } from '../../engine/core/nd-array.ts';
import { defineRule, input, type RunArgs } from '../../engine/core/rule.ts';
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

const inputs = {
  video: input(file(), { identifiedBy: 'segments' }),
  segments: input(segments()),
};

type Inputs = typeof inputs;

export const decode = defineRule({
  name: 'segmenter/decode',
  version: '1',
  scope: 'segment',
  params: z.strictObject({ request }),
  inputs,
  outputs: { frames },
  resources: { cores: 1, memoryMiB: 512 },
  programs: ['ffmpeg'],

  run: async (args) => (await decodeTogether([args]))[0]!,
  runTogether: decodeTogether,
});

type Request = z.output<typeof request>;

type DecodeArgs = RunArgs<Inputs, { request: Request }>;

type Frames = { readonly frames: ValueOf<typeof frames> };

/** One pass of the decoder for all requests for a segment. */
async function decodeTogether(calls: readonly DecodeArgs[]): Promise<Frames[]> {
  const { inputs, segment, media, signal } = calls[0]!;
  assert(segment, 'a rule of scope segment gets its segment');
  const timesSec = frameTimes(segment.framePts, segment.timeBase, segment.rate);
  const wanted = calls.map(({ params }) => wantedFrames(segment, timesSec, params.request.fps));
  const sizes = calls.map(({ params }) => fitSize(segment, params.request));
  const pts = wanted.map((frames) => frames.map((frame) => segment.startPts + segment.framePts[frame]!));
  const request: DecodeFrames = {
    path: inputs.video.path,
    timeBase: segment.timeBase,
    startPts: segment.startPts,
    endPts: Math.max(segment.startPts, ...pts.map((list) => list.at(-1) ?? 0)) + 1,
    onlyKeyframes: calls.every(({ params }) => params.request.fps === 'keyframes'),
    views: pts.map((list, index) => ({ pts: list, ...sizes[index]! })),
  };
  const { views, warnings } = await media.decodeFrames(request, signal);
  return views.map((view, index) => {
    for (const warning of warnings) calls[index]!.warn(warning);
    const decoded = view.positions.map((position) => wanted[index]![position]!);
    return { frames: toArrays(view.rgb, sizes[index]!, decoded, timesSec) };
  });
}

function wantedFrames(segment: Segment, timesSec: Float64Array, fps: Request['fps']): readonly number[] {
  return fps === 'keyframes' ? segment.keyframes : sampleFrames(timesSec, segment.durationSec, fps);
}

function toArrays(
  rgb: Uint8Array,
  { width, height }: { width: number; height: number },
  decoded: readonly number[],
  timesSec: Float64Array,
): ValueOf<typeof frames> {
  return {
    rgb: array('uint8', rgb, [decoded.length, height, width, 3]),
    times_sec: vector(
      'float64',
      decoded.map((frame) => timesSec[frame]!),
    ),
    frame_indices: vector('int32', decoded),
  };
}
