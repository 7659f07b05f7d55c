import { z } from 'zod';
import { npz, type ValueOf } from '../../engine/core/kind.ts';
import { array, vector } from '../../engine/core/nd-array.ts';
import { defineRule, input, type PartOrigin } from '../../engine/core/rule.ts';
import type { Film } from '../dsp/film.ts';
import { FrameComparer } from '../dsp/frame-comparer.ts';
import { thumbnailHeight, thumbnailSize, thumbnailWidth } from '../dsp/thumbnail.ts';
import { findTransitions, middleOf, type Transition } from '../dsp/transitions.ts';
import { cuts, frames, shots } from '../kinds.ts';
import { motion } from './motion.ts';

/** What is known of each sampled frame of a segment, mostly in comparison with the one before. */
const features = npz({
  times_sec: { dtype: 'float64', shape: ['N'], isFinite: true, origin: 'segment_time' },
  frame_indices: { dtype: 'int32', shape: ['N'], origin: 'segment_frame' },
  unexplained: {
    dtype: 'float32',
    shape: ['N'],
    doc: 'share that motion does not explain, 0 to 1; NaN without a frame before',
  },
  histogram_distance: {
    dtype: 'float32',
    shape: ['N'],
    doc: 'chi-square, 0 to 2; NaN without a frame before',
  },
  luma_difference: {
    dtype: 'float32',
    shape: ['N'],
    doc: 'mean absolute, 0 to 1; NaN without a frame before',
  },
  luma_mean: { dtype: 'float32', shape: ['N'], isFinite: true, doc: '0 to 1' },
  luma_std: { dtype: 'float32', shape: ['N'], isFinite: true, doc: '0 to 0.5' },
  thumbnails: {
    dtype: 'uint8',
    shape: ['N', thumbnailHeight, thumbnailWidth, 3],
    doc: 'mean RGB of each field',
  },
});

/**
 * Finds where a film's shots begin: hard cuts, fades and dissolves.
 *
 * Each segment gives a few numbers and a thumbnail for each sampled frame; the search itself is in
 * `rules/dsp/{hard-cuts,fades,dissolves}.ts`, which name their sources. Made for frames of about 128×72 pixels, 12 to 30 a
 * second: with fewer, fast motion looks more like a cut. A hard cut is placed to one sample.
 *
 * `cuts` lists transitions: a hard cut at the first sample of the new shot, a fade or dissolve at its middle. A
 * fade out and the fade in after it are two transitions and one change of shot, in the middle of the blank between.
 * A fade in at the start or out at the end changes no shot. `shots` tile the film from its first sampled frame to its end.
 * Without video both are empty.
 */
export const cutDetection = defineRule({
  name: 'visual/cut-detection',
  version: '1',
  scope: 'segment',
  params: z.strictObject({
    hard_threshold: z.number().min(0).max(1).default(0.5).describe('least confidence of a hard cut'),
    dissolve_threshold: z.number().min(0).max(1).default(0.5).describe('least confidence of a dissolve'),
    min_shot_sec: z.number().min(0).default(0.25).describe('of hard cuts nearer than this the surest stays'),
    max_fade_sec: z.number().positive().default(4).describe('longest fade'),
    max_dissolve_sec: z.number().positive().max(10).default(2.5).describe('longest dissolve'),
  }),
  mergeParams: ['hard_threshold', 'dissolve_threshold', 'min_shot_sec', 'max_fade_sec', 'max_dissolve_sec'],
  inputs: {
    frames: input(frames, {
      request: ({ fps, width, height }) => ({ fps, width, height }),
      haloFrames: 1,
    }),
  },
  parts: { features },
  outputs: { cuts, shots, motion },
  resources: { memoryMiB: 384 }, // An hour of 24 samples a second.

  run({ inputs, halo, signal }) {
    return { features: featuresOf(inputs.frames, halo.frames, signal) };
  },

  merge({ parts, params, empty }) {
    const film = joined(parts);
    if (film.times_sec.data.length === 0) {
      empty('no video stream');
      return { cuts: cutsOf(film, []), shots: shotsOf(film, [], undefined), motion: motionOf(film, []) };
    }
    const { transitions, boundaries } = findTransitions(asFilm(film), {
      hardThreshold: params.hard_threshold,
      dissolveThreshold: params.dissolve_threshold,
      minShotSec: params.min_shot_sec,
      maxFadeSec: params.max_fade_sec,
      maxDissolveSec: params.max_dissolve_sec,
    });
    return {
      cuts: cutsOf(film, transitions),
      shots: shotsOf(film, boundaries, parts.at(-1)?.origin),
      motion: motionOf(film, transitions),
    };
  },
});

type Frames = ValueOf<typeof frames>;
type Features = ValueOf<typeof features>;

function featuresOf(segment: Frames, halo: Frames | undefined, signal: AbortSignal): Features {
  const [count = 0, height = 0, width = 0] = segment.rgb.shape;
  const comparer = new FrameComparer({ width, height });
  // The halo may be of another size where the picture's size changes within the stream: then there is no frame before.
  const hasHalo = halo?.rgb.shape[0] && halo.rgb.shape[1] === height && halo.rgb.shape[2] === width;
  if (hasHalo) comparer.next(halo.rgb.data, halo.rgb.data.length - 3 * width * height);
  const columns = {
    unexplained: new Float32Array(count),
    histogram_distance: new Float32Array(count),
    luma_difference: new Float32Array(count),
    luma_mean: new Float32Array(count),
    luma_std: new Float32Array(count),
  };
  const thumbnails = new Uint8Array(count * thumbnailSize);
  for (let at = 0; at < count; at += 1) {
    signal.throwIfAborted();
    const found = comparer.next(segment.rgb.data, at * 3 * width * height);
    columns.unexplained[at] = found.unexplained;
    columns.histogram_distance[at] = found.histogramDistance;
    columns.luma_difference[at] = found.lumaDifference;
    columns.luma_mean[at] = found.lumaMean;
    columns.luma_std[at] = found.lumaStd;
    thumbnails.set(found.thumbnail, at * thumbnailSize);
  }
  return {
    times_sec: segment.times_sec,
    frame_indices: segment.frame_indices,
    unexplained: vector('float32', columns.unexplained),
    histogram_distance: vector('float32', columns.histogram_distance),
    luma_difference: vector('float32', columns.luma_difference),
    luma_mean: vector('float32', columns.luma_mean),
    luma_std: vector('float32', columns.luma_std),
    thumbnails: array('uint8', thumbnails, [count, thumbnailHeight, thumbnailWidth, 3]),
  };
}

interface Part {
  readonly origin: PartOrigin;
  readonly values: { readonly features: Features };
}

/** The features of all segments, with times and frames of the whole film. */
function joined(parts: readonly Part[]): Features {
  const all = parts.map(({ values }) => values.features);
  const count = all.reduce((sum, { times_sec }) => sum + times_sec.data.length, 0);
  const timesSec = new Float64Array(count);
  const frameIndices = new Int32Array(count);
  let at = 0;
  for (const { origin, values } of parts) {
    const { times_sec, frame_indices } = values.features;
    for (let index = 0; index < times_sec.data.length; index += 1, at += 1) {
      timesSec[at] = origin.startSec + times_sec.data[index]!;
      frameIndices[at] = origin.firstFrame + frame_indices.data[index]!;
    }
  }
  return {
    times_sec: vector('float64', timesSec),
    frame_indices: vector('int32', frameIndices),
    unexplained: joinedColumn(all, 'unexplained'),
    histogram_distance: joinedColumn(all, 'histogram_distance'),
    luma_difference: joinedColumn(all, 'luma_difference'),
    luma_mean: joinedColumn(all, 'luma_mean'),
    luma_std: joinedColumn(all, 'luma_std'),
    thumbnails: joinedThumbnails(all, count),
  };
}

type Column = 'unexplained' | 'histogram_distance' | 'luma_difference' | 'luma_mean' | 'luma_std';

function joinedColumn(all: readonly Features[], name: Column): Features[Column] {
  const column = new Float32Array(all.reduce((sum, part) => sum + part[name].data.length, 0));
  let at = 0;
  for (const part of all) {
    column.set(part[name].data, at);
    at += part[name].data.length;
  }
  return vector('float32', column);
}

function joinedThumbnails(all: readonly Features[], count: number): Features['thumbnails'] {
  const thumbnails = new Uint8Array(count * thumbnailSize);
  let at = 0;
  for (const part of all) {
    thumbnails.set(part.thumbnails.data, at);
    at += part.thumbnails.data.length;
  }
  return array('uint8', thumbnails, [count, thumbnailHeight, thumbnailWidth, 3]);
}

function asFilm(joinedFeatures: Features): Film {
  return {
    timesSec: joinedFeatures.times_sec.data,
    unexplained: joinedFeatures.unexplained.data,
    histogramDistance: joinedFeatures.histogram_distance.data,
    lumaMean: joinedFeatures.luma_mean.data,
    lumaStd: joinedFeatures.luma_std.data,
    thumbnails: joinedFeatures.thumbnails.data,
  };
}

function cutsOf(film: Features, transitions: readonly Transition[]): ValueOf<typeof cuts> {
  const middles = transitions.map(middleOf);
  return {
    times_sec: vector(
      'float64',
      middles.map((at) => film.times_sec.data[at]!),
    ),
    frame_indices: vector(
      'int32',
      middles.map((at) => film.frame_indices.data[at]!),
    ),
    types: vector(
      'unicode',
      transitions.map(({ type }) => type),
    ),
    confidence: vector(
      'float32',
      transitions.map(({ confidence }) => confidence),
    ),
  };
}

/** The shots between boundaries; `last` is the film's last segment, absent where there is no video. */
function shotsOf(
  film: Features,
  boundaries: readonly number[],
  last: PartOrigin | undefined,
): ValueOf<typeof shots> {
  const starts = last ? [0, ...boundaries] : [];
  const startSec = starts.map((at) => film.times_sec.data[at]!);
  const startFrames = starts.map((at) => film.frame_indices.data[at]!);
  const end = last ? [endOf(film, last)] : [];
  return {
    start_sec: vector('float64', startSec),
    end_sec: vector('float64', [...startSec.slice(1), ...end.map(({ sec }) => sec)]),
    start_frames: vector('int32', startFrames),
    end_frames: vector('int32', [...startFrames.slice(1), ...end.map(({ frame }) => frame)]),
  };
}

/** Time and frame number after the film's last frame. */
function endOf({ times_sec }: Features, last: PartOrigin): { sec: number; frame: number } {
  const sec = Math.max(times_sec.data.at(-1)!, last.startSec + last.durationSec);
  return { sec, frame: last.firstFrame + last.frameCount };
}

function motionOf(film: Features, transitions: readonly Transition[]): ValueOf<typeof motion> {
  const energy = Float32Array.from(film.luma_difference.data);
  for (const { type, first, last } of transitions) {
    // The difference at a gradual transition's first sample is still the shot's own.
    energy.fill(Number.NaN, type === 'hard' ? first : first + 1, last + 1);
  }
  return { times_sec: film.times_sec, motion_energy: vector('float32', energy) };
}
