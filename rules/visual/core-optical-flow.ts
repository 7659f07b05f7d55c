import { z } from 'zod';
import type { BoundModel } from '../../engine/core/bound-model.ts';
import { concatenateParts } from '../../engine/core/concatenate-parts.ts';
import { npz, type ValueOf } from '../../engine/core/kind.ts';
import { vector } from '../../engine/core/nd-array.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import type { Tensors } from '../../engine/core/tensor.ts';
import { cameraMotion } from '../dsp/camera-motion.ts';
import { type FlowField, type FlowGeometry, flowStatistics, flowVectors } from '../dsp/flow-vectors.ts';
import { FramePairs } from '../dsp/frame-pairs.ts';
import { inferInChunks } from '../dsp/infer-in-chunks.ts';
import { itemsOfOutputs } from '../dsp/items-of-outputs.ts';
import { type Pictures, placementOf } from '../dsp/picture-tensor.ts';
import { picturesBetween } from '../dsp/pictures-between.ts';
import { flow, frames } from '../kinds.ts';

/**
 * What moved to each sampled frame of a segment from the one before; px are pixels of the frames. How long that took is
 * known when all segments are: the frame before may be another segment's.
 */
const displacements = npz({
  times_sec: { dtype: 'float64', shape: ['N'], isFinite: true, origin: 'segment_time' },
  has_before: { dtype: 'bool', shape: ['N'], doc: 'else the numbers are NaN' },
  magnitude_mean: { dtype: 'float64', shape: ['N'], doc: 'px' },
  magnitude_median: { dtype: 'float64', shape: ['N'], doc: 'px' },
  magnitude_p95: { dtype: 'float64', shape: ['N'], doc: 'px' },
  direction_rad: { dtype: 'float64', shape: ['N'] },
  camera_pan: { dtype: 'float64', shape: ['N'], doc: 'px' },
  camera_tilt: { dtype: 'float64', shape: ['N'], doc: 'px' },
  camera_zoom: { dtype: 'float64', shape: ['N'], doc: 'share' },
  camera_roll: { dtype: 'float64', shape: ['N'], doc: 'rad' },
  residual: { dtype: 'float64', shape: ['N'], doc: 'px' },
});

/**
 * Measures how pictures move from one sampled frame to the next: how fast, where to, and how much of it a camera explains
 * that turns, rolls or zooms.
 *
 * The flow is a model's for `optical-flow`. Its first output holds (dx, dy) in pixels of its input, from the earlier frame
 * to the later one, shape [N, 2, h, w]; a second one named `confidence`, [N, 1, h, w] from 0 to 1, weighs the vectors of the
 * camera's fit. The fit and its source are in `rules/dsp/camera-motion.ts`.
 *
 * The speeds hold for the size of the frames: the flow is brought from the model's pixels to the frames'. Over a cut
 * they mean nothing; the residual is large there. Without frames the result is empty; the first frame has no row, nor
 * has one at which the picture's size changes.
 */
export const coreOpticalFlow = defineRule({
  name: 'visual/core-optical-flow',
  version: '1',
  scope: 'segment',
  params: z.strictObject({}),
  inputs: {
    frames: input(frames, {
      request: ({ fps, width, height }) => ({ fps, width, height }),
      haloFrames: 1,
    }),
  },
  models: { flow: { task: 'optical-flow' } },
  parts: { displacements },
  outputs: { flow },

  async run({ inputs, halo, models, signal }) {
    const { rgb, times_sec } = inputs.frames;
    const before = frameBefore(inputs.frames, halo.frames);
    const moves = before ? await movesOf(models.flow, rgb, { before, signal }) : [];
    return { displacements: { times_sec, ...columnsOf(moves, times_sec.data.length) } };
  },

  merge({ parts, empty }) {
    const joined = concatenateParts({ displacements }, parts);
    const all = joined.displacements as Displacements; // Of the kind that was asked for.
    if (all.times_sec.data.length === 0) empty('no frames');
    return { flow: speedsOf(all) };
  },
});

type Frames = ValueOf<typeof frames>;
type Displacements = ValueOf<typeof displacements>;
type Flow = ValueOf<typeof flow>;
type Measure = Exclude<keyof Flow, 'times_sec'>;
/** Of one pair of frames. */
type Move = Readonly<Record<Measure, number>>;

const measureNames = Object.keys(flow.arrays!).filter((name): name is Measure => name !== 'times_sec');

interface FrameBefore {
  readonly picture: Pictures;
  /** Position of the frame after it. */
  readonly next: number;
}

/** The frame before the first pair's later one: the halo, or the segment's own first one; none where there are no frames. */
function frameBefore({ rgb }: Frames, halo: Frames | undefined): FrameBefore | undefined {
  const [count = 0, height, width] = rgb.shape;
  if (count === 0) return undefined;
  const haloCount = halo?.rgb.shape[0] ?? 0;
  // The halo may be of another size where the picture's size changes within the stream.
  if (halo && haloCount > 0 && halo.rgb.shape[1] === height && halo.rgb.shape[2] === width)
    return { picture: picturesBetween(halo.rgb, { first: haloCount - 1, end: haloCount }), next: 0 };
  return { picture: picturesBetween(rgb, { first: 0, end: 1 }), next: 1 };
}

/** One for each pair: of the frame before and its next, and so on to the last frame. */
async function movesOf(
  model: BoundModel,
  rgb: Frames['rgb'],
  { before, signal }: { readonly before: FrameBefore; readonly signal: AbortSignal },
): Promise<Move[]> {
  const { picture: frame, next } = before;
  const pairs = new FramePairs(model.entry, frame);
  const input = pairs.picture;
  const geometry: FlowGeometry = { input, frame, placement: placementOf(frame, input) };
  const moves: Move[] = [];
  const prepare = (first: number, end: number) =>
    pairs.next(picturesBetween(rgb, { first: next + first, end: next + end }));
  for await (const chunk of inferInChunks(model, { count: rgb.shape[0]! - next, prepare, signal })) {
    const fields = fieldsOf(model.entry, chunk.outputs, chunk.end - chunk.first);
    moves.push(...fields.map((field) => moveOf(field, geometry)));
  }
  return moves;
}

function fieldsOf(entry: BoundModel['entry'], outputs: Tensors, count: number): FlowField[] {
  const hasConfidence = entry.outputs[1]?.name === 'confidence';
  const shapes = [[2, 'h', 'w'], ...(hasConfidence ? [[1, 'h', 'w']] : [])];
  return itemsOfOutputs(entry, outputs, { count, shapes }).map(([first, confidence]) => {
    const { data, shape } = first!; // There is one for each shape.
    const [, rows = 0, columns = 0] = shape;
    const size = rows * columns;
    return { rows, columns, u: data.subarray(0, size), v: data.subarray(size), confidence: confidence?.data };
  });
}

function moveOf(field: FlowField, geometry: FlowGeometry): Move {
  const vectors = flowVectors(field, geometry);
  const { mean, median, p95, directionRad } = flowStatistics(vectors);
  const { pan, tilt, zoom, roll, residual } = cameraMotion(vectors);
  return {
    magnitude_mean: mean,
    magnitude_median: median,
    magnitude_p95: p95,
    direction_rad: directionRad,
    camera_pan: pan,
    camera_tilt: tilt,
    camera_zoom: zoom,
    camera_roll: roll,
    residual,
  };
}

/** A row for each of `count` frames: the moves are the last ones'. */
function columnsOf(moves: readonly Move[], count: number): Omit<Displacements, 'times_sec'> {
  const alone = count - moves.length;
  const columns = measureNames.map((name) => {
    const column = new Float64Array(count).fill(Number.NaN);
    column.set(
      moves.map((move) => move[name]),
      alone,
    );
    return [name, vector('float64', column)];
  });
  return {
    has_before: vector('bool', new Uint8Array(count).fill(1, alone)),
    ...(Object.fromEntries(columns) as Pick<Displacements, Measure>), // One for each name.
  };
}

/** Rows of the frames that follow another, with everything but the direction by the time since that one. */
function speedsOf(all: Displacements): Flow {
  const times = all.times_sec.data;
  const rows = [...times.keys()].filter((at) => all.has_before.data[at] === 1);
  const speedOf = (name: Measure, at: number) => {
    const moved = all[name].data[at]!;
    return name === 'direction_rad' ? moved : moved / (times[at]! - times[at - 1]!);
  };
  const columns = measureNames.map((name) => [
    name,
    vector(
      'float32',
      rows.map((at) => speedOf(name, at)),
    ),
  ]);
  return {
    times_sec: vector(
      'float64',
      rows.map((at) => times[at]!),
    ),
    ...(Object.fromEntries(columns) as Pick<Flow, Measure>), // One for each name.
  };
}
