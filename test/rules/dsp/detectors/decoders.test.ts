/** Each decoder on outputs in which one cell is sure of something. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { modelEntrySchema } from '../../../../engine/core/model-entry.ts';
import type { Detection } from '../../../../rules/dsp/detectors/detection.ts';
import { fastestdet } from '../../../../rules/dsp/detectors/fastestdet.ts';
import { ultraface } from '../../../../rules/dsp/detectors/ultraface.ts';
import { yolox } from '../../../../rules/dsp/detectors/yolox.ts';
import { yunet } from '../../../../rules/dsp/detectors/yunet.ts';
import type { ItemOutput, ItemShape } from '../../../../rules/dsp/items-of-outputs.ts';

const params = { score_threshold: 0.5, nms_iou: 0.5 };

/** 64×32 pixels: 8×4 cells of 8, 4×2 of 16 and 2×1 of 32. */
const input = modelEntrySchema.shape.inputs.element.shape.picture.unwrap().parse({ width: 64, height: 32 });

/** Outputs full of zeros, with these values from these positions on. */
function outputs(
  shapes: readonly ItemShape[],
  values: readonly { readonly output: number; readonly at: number; readonly put: readonly number[] }[],
): ItemOutput[] {
  const items = shapes.map((axes) => {
    const shape = axes.map(Number);
    return { data: new Float32Array(shape.reduce((product, length) => product * length)), shape };
  });
  for (const { output, at, put } of values) items[output]!.data.set(put, at);
  return items;
}

function assertFound(found: readonly Detection[], expected: readonly Detection[]): void {
  assert.equal(found.length, expected.length);
  for (const [at, { box, score, classId, landmarks }] of expected.entries()) {
    const one = found[at]!;
    assert.equal(one.classId, classId);
    for (const [actual, wanted] of [
      [one.box, box],
      [[one.score], [score]],
      [one.landmarks, landmarks],
    ] as const) {
      assert.equal(actual.length, wanted.length);
      for (const [index, value] of wanted.entries()) assert.ok(Math.abs(actual[index]! - value) < 1e-4);
    }
  }
}

test('YuNet: a cell of stride 16 gives a box around its offset, and landmarks from its corner', () => {
  const shapes = yunet.outputs(input, 1);
  assert.deepEqual(
    shapes.map((shape) => shape.join('×')),
    ['32×1', '8×1', '2×1', '32×1', '8×1', '2×1', '32×4', '8×4', '2×4', '32×10', '8×10', '2×10'],
  );
  const cell = 6; // Row 1, column 2.
  const item = outputs(shapes, [
    { output: 1, at: cell, put: [0.81] },
    { output: 4, at: cell, put: [1.2] }, // More than 1 is 1.
    { output: 7, at: 4 * cell, put: [0.5, 0.25, Math.log(2), 0] },
    { output: 10, at: 10 * cell, put: [0, 0, 1, 0, 0.5, 0.5, 0, 1, 1, 1] },
  ]);
  assertFound(yunet.decode(item, input, params), [
    {
      box: [24, 12, 56, 28],
      score: 0.9,
      classId: 0,
      landmarks: [32, 16, 48, 16, 40, 24, 32, 32, 48, 32],
    },
  ]);
});

test('UltraFace: the second score of an anchor is the face, its box a share of the input', () => {
  const item = outputs(
    [
      [3, 2],
      [3, 4],
    ],
    [
      { output: 0, at: 0, put: [0.9, 0.1, 0.25, 0.75] },
      { output: 1, at: 4, put: [0.25, 0, 0.5, 0.5] },
    ],
  );
  const expected = [{ box: [16, 0, 32, 16], score: 0.75, classId: 0, landmarks: [] }] as const;
  assertFound(ultraface.decode(item, input, params), expected);
});

test('YOLOX: rows go through strides 8, 16 and 32, and a score is objectness times the best class', () => {
  const shapes = yolox.outputs(input, 3);
  assert.deepEqual(shapes, [[42, 8]]);
  const item = outputs(shapes, [
    { output: 0, at: 8 * 9, put: [0.5, 0.5, 0, 0, 0.9, 0.2, 0.8, 0.1] }, // Row 1, column 1 of stride 8.
    { output: 0, at: 8 * 41, put: [0, 0, 0, Math.log(0.5), 1, 0, 0, 0.6] }, // Column 1 of stride 32.
    { output: 0, at: 8 * 40, put: [0, 0, 0, 0, 0.6, 0.6, 0.6, 0.6] },
  ]);
  assertFound(yolox.decode(item, input, params), [
    { box: [8, 8, 16, 16], score: 0.72, classId: 1, landmarks: [] },
    { box: [16, -8, 48, 8], score: 0.6, classId: 2, landmarks: [] },
  ]);
});

test('FastestDet: planes of a grid, with offsets through tanh and sizes through a sigmoid', () => {
  assert.deepEqual(fastestdet.outputs(input, 2), [[7, 'rows', 'columns']]);
  const cell = 5; // Row 1, column 1 of 2×4.
  const planes = [0.9, Math.atanh(0.5), Math.atanh(-0.5), 0, Math.log(1 / 3), 0.1, 0.8];
  const item = outputs(
    [[7, 2, 4]],
    planes.map((value, plane) => ({ output: 0, at: plane * 8 + cell, put: [value] })),
  );
  assertFound(fastestdet.decode(item, input, params), [
    { box: [8, 4, 40, 12], score: 0.9 ** 0.6 * 0.8 ** 0.4, classId: 1, landmarks: [] },
  ]);
});
