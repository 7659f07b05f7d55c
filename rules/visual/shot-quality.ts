import { z } from 'zod';
import type { ValueOf } from '../../engine/core/kind.ts';
import { array, vector } from '../../engine/core/nd-array.ts';
import { defineRule, input, type PartOrigin } from '../../engine/core/rule.ts';
import { firstAtOrAfter } from '../dsp/first-at-or-after.ts';
import { median } from '../dsp/median.ts';
import { PictureMeter, type PictureQuality } from '../dsp/picture-quality.ts';
import { frames, shots } from '../kinds.ts';
import { frameQuality, shotMedians } from './quality.ts';

/**
 * Measures sharpness, exposure, contrast, noise, colourfulness, blockiness and black bars of each sampled frame, and
 * their medians for each shot. The measures and their sources are in `rules/dsp/picture-quality.ts`.
 *
 * They hold for the analysis size: scaling a picture down hides noise and blurs block edges. So blockiness is NaN unless
 * the frames come at their coded size and `block_grid_px` says how large the codec's blocks are. Without video
 * both outputs are empty.
 */
export const shotQuality = defineRule({
  name: 'visual/shot-quality',
  version: '1',
  scope: 'segment',
  params: z.strictObject({
    block_grid_px: z
      .number()
      .int()
      .min(4)
      .nullable()
      .default(null)
      .describe(
        "the codec's block size (8 for most) where frames are not scaled; null measures no blockiness",
      ),
  }),
  inputs: {
    frames: input(frames, { request: ({ fps, width, height }) => ({ fps, width, height }) }),
    shots: input(shots, { phase: 'merge' }),
  },
  parts: { frames: frameQuality },
  outputs: { frames: frameQuality, shots: shotMedians },

  run({ inputs, params, signal }) {
    return { frames: measured(inputs.frames, params.block_grid_px ?? undefined, signal) };
  },

  merge({ inputs, parts, empty }) {
    const all = joined(parts);
    if (all.times_sec.data.length === 0) empty('no video stream');
    return { frames: all, shots: mediansOf(all, inputs.shots) };
  },
});

type PerFrame = ValueOf<typeof frameQuality>;

/** Names of the measures with one number a frame, and where `PictureQuality` has them. */
const measures = {
  sharpness: 'sharpness',
  exposure: 'exposure',
  clipped_black: 'clippedBlack',
  clipped_white: 'clippedWhite',
  contrast: 'contrast',
  noise: 'noise',
  colourfulness: 'colourfulness',
  blockiness: 'blockiness',
} as const satisfies Record<string, Exclude<keyof PictureQuality, 'letterbox'>>;

type Measure = keyof typeof measures;
type Columns = Record<Measure, Float32Array>;

const measureNames = Object.keys(measures) as Measure[];

function measured(
  segment: ValueOf<typeof frames>,
  gridPx: number | undefined,
  signal: AbortSignal,
): PerFrame {
  const [count = 0, height = 0, width = 0] = segment.rgb.shape;
  const meter = new PictureMeter({ width, height, gridPx });
  const columns = columnsOf(() => new Float32Array(count));
  const letterbox = new Float32Array(count * 4);
  for (let at = 0; at < count; at += 1) {
    signal.throwIfAborted();
    const quality = meter.measure(segment.rgb.data, at * 3 * width * height);
    for (const name of measureNames) columns[name][at] = quality[measures[name]];
    letterbox.set(quality.letterbox, at * 4);
  }
  return {
    times_sec: segment.times_sec,
    frame_indices: segment.frame_indices,
    ...vectorsOf(columns),
    letterbox: array('float32', letterbox, [count, 4]),
  };
}

function columnsOf(make: (name: Measure) => Float32Array): Columns {
  return Object.fromEntries(measureNames.map((name) => [name, make(name)])) as Columns; // One for each name.
}

function vectorsOf(columns: Columns): Pick<PerFrame, Measure> {
  const entries = measureNames.map((name) => [name, vector('float32', columns[name])]);
  return Object.fromEntries(entries) as Pick<PerFrame, Measure>; // One for each name.
}

interface Part {
  readonly origin: PartOrigin;
  readonly values: { readonly frames: PerFrame };
}

/** All segments' frames, with times and numbers of the whole film. */
function joined(parts: readonly Part[]): PerFrame {
  const letterbox = Float32Array.from(parts.flatMap(({ values }) => [...values.frames.letterbox.data]));
  return {
    times_sec: vector(
      'float64',
      parts.flatMap(({ origin, values }) =>
        [...values.frames.times_sec.data].map((sec) => origin.startSec + sec),
      ),
    ),
    frame_indices: vector(
      'int32',
      parts.flatMap(({ origin, values }) =>
        [...values.frames.frame_indices.data].map((index) => origin.firstFrame + index),
      ),
    ),
    ...vectorsOf(
      columnsOf((name) => Float32Array.from(parts.flatMap(({ values }) => [...values.frames[name].data]))),
    ),
    letterbox: array('float32', letterbox, [letterbox.length / 4, 4]),
  };
}

function mediansOf(
  all: PerFrame,
  { start_sec, end_sec }: ValueOf<typeof shots>,
): ValueOf<typeof shotMedians> {
  const count = start_sec.data.length;
  const spans = Array.from({ length: count }, (_, shot) => ({
    from: firstAtOrAfter(all.times_sec.data, start_sec.data[shot]!),
    to: firstAtOrAfter(all.times_sec.data, end_sec.data[shot]!),
  }));
  const letterbox = spans.flatMap(({ from, to }) =>
    [0, 1, 2, 3].map((side) => median(every4th(all.letterbox.data.subarray(4 * from, 4 * to), side))),
  );
  return {
    start_sec,
    end_sec,
    ...vectorsOf(
      columnsOf((name) =>
        Float32Array.from(spans, ({ from, to }) => median(all[name].data.subarray(from, to))),
      ),
    ),
    letterbox: array('float32', Float32Array.from(letterbox), [count, 4]),
  };
}

function every4th(values: Float32Array, offset: number): Float32Array {
  return values.filter((_, index) => index % 4 === offset);
}
