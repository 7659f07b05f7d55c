import assert from 'node:assert/strict';
import test from 'node:test';
import type { ValueOf } from '../../../engine/core/kind.ts';
import { array, vector } from '../../../engine/core/nd-array.ts';
import { tensor } from '../../../engine/core/tensor.ts';
import type { detections as detectionsKind } from '../../../rules/kinds.ts';
import { coreObjectDetections } from '../../../rules/visual/core-object-detections.ts';
import type { Clip } from '../../decode-with-ffmpeg.ts';
import { fakeModel } from '../../models/fake-model.ts';
import { plainModel, withoutModels } from '../../models/plain-model.ts';
import { realData, realFile } from '../../real-data.ts';
import { frameOfClip } from './frame-of-clip.ts';
import { overlap, type PlainBox, plainFastestDet, plainYolox } from './plain-detectors.ts';
import { fakeContext, runSegmented, type SegmentedOptions } from './run-segmented.ts';

const skip = withoutModels || (realData ? false : 'no folder of real clips');

type Detections = ValueOf<typeof detectionsKind>;

async function objectsIn(clip: Clip, options: SegmentedOptions) {
  const { outputs, emptyReason } = await runSegmented(coreObjectDetections, clip, options);
  const detections = outputs.detections as Detections; // The rule's own output.
  const found = Array.from(detections.scores.data, (score, at) => ({
    name: detections.class_names.data[at]!,
    classId: detections.class_ids.data[at]!,
    score,
    box: detections.boxes.data.subarray(4 * at, 4 * at + 4),
  }));
  return { detections, found, emptyReason };
}

/** Resizing differs by a hair, and with it scores near the threshold: those may be on either side of it. */
function assertSame(
  actual: readonly Omit<PlainBox, 'box'>[],
  expected: readonly PlainBox[],
  leastScore: number,
) {
  const sure = expected.filter(({ score }) => score >= leastScore);
  const matches = actual as readonly (PlainBox & { box: ArrayLike<number> })[];
  for (const { box, classId, score } of sure) {
    const hasMatch = matches.some((one) => one.classId === classId && overlap(one.box, box) >= 0.9);
    assert.ok(hasMatch, `class ${classId} with score ${score} at ${box.join(', ')}`);
  }
  assert.equal(actual.filter(({ score }) => score >= leastScore).length, sure.length);
}

for (const { path, plain, leastScore } of [
  { path: 'rules/models/yolox/yolox-nano.yaml', plain: plainYolox, leastScore: 0.39 },
  { path: 'rules/models/fastestdet/fastestdet.yaml', plain: plainFastestDet, leastScore: 0.64 },
]) {
  const name = path.split('/')[2]!;

  test(`${name} finds the three bottles, as a plain run of it does`, { skip }, async () => {
    await using detector = await plainModel(path);
    const clip = frameOfClip(realFile('videos/bottle-detection.mp4'), { atSec: 2, width: 640, height: 360 });
    const { found } = await objectsIn(clip, { models: { detector } });
    assert.equal(found.filter((one) => one.name === 'bottle').length, 3);
    assertSame(found, await plain(clip), leastScore);
  });

  test(`${name} finds the persons in an office, as a plain run of it does`, { skip }, async () => {
    await using detector = await plainModel(path);
    const clip = frameOfClip(realFile('videos/friday.mp4'), { atSec: 2, width: 640, height: 480 });
    const { found } = await objectsIn(clip, { models: { detector } });
    assert.ok(found.filter((one) => one.name === 'person').length >= 3);
    assertSame(found, await plain(clip), leastScore);
  });
}

test('where nothing is found the frames count as looked at', { skip }, async () => {
  await using detector = await plainModel('rules/models/yolox/yolox-nano.yaml');
  const clip = { rgb: new Uint8Array(2 * 3 * 64 * 36), width: 64, height: 36, fps: 2 };
  const { detections, emptyReason } = await objectsIn(clip, { models: { detector }, splits: [1] });
  assert.equal(emptyReason, 'no objects');
  assert.deepEqual(detections.boxes.shape, [0, 4]);
  assert.deepEqual(detections.class_names.data, []);
  assert.deepEqual([...detections.sampled_times_sec.data], [0, 0.5]);
});

test('the bundled model finds the one car that drives, and nothing where the car park is still', {
  skip: realData ? false : 'no folder of real clips',
}, async () => {
  await using detector = await plainModel('rules/models/motion-objects/motion-objects.yaml');
  const frames = [1, 1.25, 5.15, 5.4].map((atSec) =>
    frameOfClip(realFile('videos/car-detection.mp4'), { atSec, width: 320, height: 180 }),
  );
  const pairOf = (first: number) => ({
    ...frames[0]!,
    rgb: Buffer.concat([frames[first]!.rgb, frames[first + 1]!.rgb]),
  });
  const still = await objectsIn(pairOf(0), { models: { detector } });
  assert.equal(still.found.length, 0);
  const { found } = await objectsIn(pairOf(2), { models: { detector } });
  assert.equal(found[0]!.name, 'moving_object');
  assert.ok(overlap(found[0]!.box, [0.36, 0.5, 0.63, 1]) > 0.7); // Where FastestDet sees a car.
});

/** A model of pairs of 8×4 luma: motion is where the two frames differ. */
const differences = fakeModel(
  {
    task: 'object-detection',
    inputs: [
      {
        name: 'pairs',
        dtype: 'float32',
        shape: ['N', 2, 4, 8],
        picture: { width: 8, height: 4, colour: 'luma', scale: 1 / 255 },
      },
    ],
    outputs: [{ name: 'motion', dtype: 'float32', shape: ['N', 1, 4, 8] }],
    decoder: { name: 'motion-regions', params: { threshold: 0.5, min_area: 0 } },
    classes: ['moving_object'],
  },
  ({ pairs }) => {
    const { data, shape } = pairs!;
    const motion = Float32Array.from({ length: data.length / 2 }, (_, at) => {
      const first = Math.floor(at / 32) * 64 + (at % 32);
      return Math.abs(Number(data[first + 32]) - Number(data[first]));
    });
    return { motion: tensor('float32', motion, [shape[0]!, 1, 4, 8]) };
  },
);

/** Black frames of 8×4 pixels, each with one white pixel in its second row. */
function dotAt(columns: readonly number[]): Clip {
  const rgb = new Uint8Array(columns.length * 96);
  for (const [frame, column] of columns.entries())
    rgb.fill(255, frame * 96 + 24 + 3 * column, frame * 96 + 27 + 3 * column);
  return { rgb, width: 8, height: 4, fps: 1 };
}

test('a model of pairs sees each frame with the one before, across segments too', async () => {
  const clip = dotAt([1, 1, 4, 4, 6]);
  const whole = await objectsIn(clip, { models: { detector: differences } });
  assert.deepEqual([...whole.detections.frame_indices.data], [2, 2, 4, 4]);
  assert.deepEqual(
    whole.found.map(({ box, name }) => [name, ...box]),
    [1, 4, 4, 6].map((column) => ['moving_object', column / 8, 0.25, (column + 1) / 8, 0.5]),
  );
  for (const splits of [[2], [3], [1, 2, 3, 4]]) {
    const { detections } = await objectsIn(clip, { models: { detector: differences }, splits });
    assert.deepEqual(detections, whole.detections);
  }
});

test('more frames than fit one batch are paired as fewer are', async () => {
  const columns = Array.from({ length: 40 }, (_, frame) => (frame < 33 ? 0 : 5));
  const { detections } = await objectsIn(dotAt(columns), { models: { detector: differences } });
  assert.deepEqual([...detections.frame_indices.data], [33, 33]);
});

test('a segment without frames is empty', async () => {
  const { context, reason } = fakeContext();
  const frames = {
    rgb: array('uint8', new Uint8Array(0), [0, 0, 0, 3]),
    times_sec: vector('float64', []),
    frame_indices: vector('int32', []),
  };
  const models = { detector: differences };
  const args = { ...context, inputs: { frames }, params: {}, models, segment: undefined, halo: {} };
  const { detections } = (await coreObjectDetections.run(args)) as { detections: Detections }; // The rule's own output.
  assert.equal(reason(), 'no frames');
  assert.deepEqual(detections.boxes.shape, [0, 4]);
  assert.deepEqual(detections.sampled_times_sec.shape, [0]);
});
