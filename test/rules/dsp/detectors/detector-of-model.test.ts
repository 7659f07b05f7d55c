import assert from 'node:assert/strict';
import test from 'node:test';
import { FlowError } from '../../../../engine/core/errors.ts';
import { type Tensor, tensor } from '../../../../engine/core/tensor.ts';
import { detectorOfModel } from '../../../../rules/dsp/detectors/detector-of-model.ts';
import { placementOf } from '../../../../rules/dsp/picture-tensor.ts';
import { fakeModel } from '../../../models/fake-model.ts';

const thresholds = { score_threshold: 0.5, nms_iou: 0.5 };

function faceModel(changes: Readonly<Record<string, unknown>> = {}) {
  return fakeModel(
    {
      task: 'face-detection',
      inputs: [
        {
          name: 'picture',
          dtype: 'float32',
          shape: ['N', 3, 100, 200],
          picture: { width: 200, height: 100, resize: 'letterbox' },
        },
      ],
      outputs: [
        { name: 'scores', dtype: 'float32', shape: ['N', 2, 2] },
        { name: 'boxes', dtype: 'float32', shape: ['N', 2, 4] },
      ],
      decoder: { name: 'ultraface', params: thresholds },
      ...changes,
    },
    () => ({}),
  );
}

/** Two anchors; the picture is as high as wide, so that it fills the left half of the input. */
function read(model: ReturnType<typeof faceModel>, scores: Tensor, boxes: Tensor) {
  const spec = model.entry.inputs[0]!.picture!;
  const placement = placementOf({ width: 50, height: 50 }, spec);
  return detectorOfModel(model, spec).read({ scores, boxes }, { count: 1, placement });
}

const scores = tensor('float32', Float32Array.of(0.1, 0.75, 0.9, 0.1), [1, 2, 2]);
const boxes = tensor('float32', Float32Array.of(0.125, 0.25, 0.25, 0.5, 0, 0, 1, 1), [1, 2, 4]);

function checkError(run: () => unknown, code: string, message: RegExp): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof FlowError);
    assert.equal(error.code, code);
    assert.equal(error.blame, 'user');
    assert.match(error.message, message);
    return true;
  });
}

test('boxes are fractions of the picture, whatever rim it has in the input', () => {
  assert.deepEqual(read(faceModel(), scores, boxes), [
    [{ box: [0.25, 0.25, 0.5, 0.5], score: 0.75, classId: 0, landmarks: [] }],
  ]);
});

test('a box that reaches beyond the picture ends with it, and one in the rim is left out', () => {
  const sure = tensor('float32', Float32Array.of(0, 1, 0, 1), [1, 2, 2]);
  const beyond = tensor('float32', Float32Array.of(0.25, 0.5, 0.75, 1.5, 0.6, 0, 0.9, 0.4), [1, 2, 4]);
  const [found] = read(faceModel(), sure, beyond);
  assert.deepEqual(
    found!.map(({ box }) => box),
    [[0.5, 0.5, 1, 1]],
  );
});

test('an unknown decoder is an error that names those there are', () => {
  const model = faceModel({ decoder: { name: 'constructor' } });
  checkError(
    () => read(model, scores, boxes),
    'model_io_mismatch',
    /fake:1 for face-detection: there is no decoder "constructor"/,
  );
  checkError(
    () => read(faceModel({ decoder: undefined }), scores, boxes),
    'model_io_mismatch',
    /its entry names no decoder/,
  );
});

test('params that the decoder does not take are an error that names the place', () => {
  const model = faceModel({ decoder: { name: 'ultraface', params: { ...thresholds, nms_iou: 2 } } });
  checkError(() => read(model, scores, boxes), 'model_io_mismatch', /"decoder\.params\.nms_iou"/);
});

test('an output of another shape is an error with both shapes', () => {
  const short = tensor('float32', new Float32Array(6), [1, 2, 3]);
  checkError(
    () => read(faceModel(), scores, short),
    'model_io_mismatch',
    /decoder "ultraface" expects its output "boxes" to be \[1, anchors, 4\], and it is \[1, 2, 3\]/,
  );
});

test('an entry with too few outputs for its decoder is an error', () => {
  const model = faceModel({ outputs: [{ name: 'scores', dtype: 'float32', shape: ['N', 2, 2] }] });
  checkError(() => read(model, scores, boxes), 'model_io_mismatch', /as output 2, and its entry has 1/);
});

test('a number of classes that the output does not have is an error', () => {
  const model = faceModel({
    decoder: { name: 'fastestdet', params: thresholds },
    classes: ['cat', 'dog'],
  });
  const planes = tensor('float32', new Float32Array(10), [1, 10, 1, 1]);
  checkError(() => read(model, planes, boxes), 'model_io_mismatch', /to be \[1, 7, rows, columns\]/);
});
