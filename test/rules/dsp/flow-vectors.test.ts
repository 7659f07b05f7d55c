import assert from 'node:assert/strict';
import test from 'node:test';
import type { PictureSpec } from '../../../engine/core/model-entry.ts';
import { type FlowVectors, flowStatistics, flowVectors } from '../../../rules/dsp/flow-vectors.ts';
import { placementOf } from '../../../rules/dsp/picture-tensor.ts';

const square: PictureSpec = {
  width: 32,
  height: 32,
  resize: 'stretch',
  fill: 0,
  colour: 'luma',
  layout: 'nchw',
  scale: 1,
  mean: [0],
  std: [1],
};

/** A model's field that is the same all over, for a frame of 320×160. */
function evenVectors(input: PictureSpec, { u, v, cell = 1 }: { u: number; v: number; cell?: number }) {
  const frame = { width: 320, height: 160 };
  const [rows, columns] = [input.height / cell, input.width / cell];
  const field = {
    rows,
    columns,
    u: new Float32Array(rows * columns).fill(u),
    v: new Float32Array(rows * columns).fill(v),
    confidence: undefined,
  };
  return flowVectors(field, { input, frame, placement: placementOf(frame, input) });
}

function statisticsOf(vectors: readonly (readonly [number, number])[]) {
  const column = (axis: 0 | 1) => Float64Array.from(vectors, (vector) => vector[axis]);
  const none = new Float64Array(vectors.length);
  return flowStatistics({ x: none, y: none, u: column(0), v: column(1), weight: none });
}

function extent(vectors: FlowVectors): number[] {
  return [Math.min(...vectors.x), Math.max(...vectors.x), Math.min(...vectors.y), Math.max(...vectors.y)];
}

test("vectors are brought from the model's pixels to the frame's, each axis by its own scale", () => {
  const { u, v, x } = evenVectors(square, { u: 2, v: 2 });
  assert.equal(x.length, 32 * 32);
  assert.ok(u.every((value) => value === 20) && v.every((value) => value === 10));
});

test('positions span the frame, from its centre', () => {
  assert.deepEqual(extent(evenVectors(square, { u: 0, v: 0 })), [-155, 155, -77.5, 77.5]);
});

test('a field that is coarser than the input spans the frame as well', () => {
  assert.deepEqual(extent(evenVectors(square, { u: 0, v: 0, cell: 8 })), [-120, 120, -60, 60]);
});

test('the filled part of a letterbox has no vectors', () => {
  const vectors = evenVectors({ ...square, resize: 'letterbox' }, { u: 1, v: 1 });
  assert.equal(vectors.x.length, 32 * 16);
  assert.ok(vectors.u.every((value) => value === 10) && vectors.v.every((value) => value === 10));
  assert.deepEqual(extent(vectors), [-155, 155, -75, 75]);
});

test('what the model sees of a frame that covers it has the place that it has in the frame', () => {
  assert.deepEqual(
    extent(evenVectors({ ...square, resize: 'cover' }, { u: 0, v: 0 })),
    [-77.5, 77.5, -77.5, 77.5],
  );
});

test('the direction is that of the sum of the vectors', () => {
  assert.equal(statisticsOf([[3, 0]]).directionRad, 0);
  assert.equal(statisticsOf([[0, 2]]).directionRad, Math.PI / 2);
  assert.equal(
    statisticsOf([
      [4, 0],
      [0, 4],
    ]).directionRad,
    Math.PI / 4,
  );
});

test('a still picture has no direction, nor has one whose motions cancel out', () => {
  assert.equal(
    statisticsOf([
      [0, 0],
      [0.01, 0],
    ]).directionRad,
    NaN,
  );
  assert.equal(
    statisticsOf([
      [5, 1],
      [-5, -1],
    ]).directionRad,
    NaN,
  );
});

test('mean, median and 95th percentile are those of the lengths', () => {
  const { mean, median, p95 } = statisticsOf([
    [3, 4],
    [0, 0],
    [6, 8],
  ]);
  assert.deepEqual([mean, median, p95], [5, 5, 9.5]);
});
