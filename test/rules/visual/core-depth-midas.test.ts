import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import * as ort from 'onnxruntime-node';
import { FlowError } from '../../../engine/core/errors.ts';
import type { ValueOf } from '../../../engine/core/kind.ts';
import { type Tensors, tensor } from '../../../engine/core/tensor.ts';
import type { depth as depthKind } from '../../../rules/kinds.ts';
import { coreDepthMidas } from '../../../rules/visual/core-depth-midas.ts';
import type { Clip } from '../../decode-with-ffmpeg.ts';
import { fakeModel } from '../../models/fake-model.ts';
import { modelsMirror, plainModel, withoutModels } from '../../models/plain-model.ts';
import { realData, realFile } from '../../real-data.ts';
import { frameOfClip } from './frame-of-clip.ts';
import { runSegmented, type SegmentedOptions } from './run-segmented.ts';

const skip = withoutModels || (realData ? false : 'no folder of real clips');

async function depthOf(clip: Clip, options: SegmentedOptions): Promise<ValueOf<typeof depthKind>> {
  const { outputs } = await runSegmented(coreDepthMidas, clip, options);
  return outputs.depth as ValueOf<typeof depthKind>; // The rule's own output.
}

test('what stands in front is nearer than what is behind it', { skip }, async () => {
  await using depth = await plainModel('test/models/tcmonodepth.yaml');
  const clip = frameOfClip(realFile('videos/friday.mp4'), { atSec: 5, width: 640, height: 480 });
  const found = await depthOf(clip, { models: { depth } });
  assert.deepEqual(found.depth.shape, [1, 77, 128]);
  const at = (x: number, y: number) => found.depth.data[Math.round(y * 77) * 128 + Math.round(x * 128)]!;
  const [counter, womanSeated, womanStanding, wall] = [
    at(0.8, 0.85),
    at(0.4, 0.7),
    at(0.72, 0.4),
    at(0.2, 0.1),
  ];
  assert.ok(counter > womanSeated && womanSeated > womanStanding && womanStanding > wall);
  assert.ok(found.p05.data[0]! < found.mean.data[0]! && found.mean.data[0]! < found.p95.data[0]!);
});

test('the map is what a plain run of the model gives', { skip }, async () => {
  await using depth = await plainModel('test/models/tcmonodepth.yaml');
  const clip = frameOfClip(realFile('videos/friday.mp4'), { atSec: 5, width: 320, height: 192 });
  const found = await depthOf(clip, { models: { depth }, params: { max_side: 320 } });
  const planes = Float32Array.from({ length: 3 * 320 * 192 }, (_, index) => {
    const [channel, pixel] = [Math.floor(index / (320 * 192)), index % (320 * 192)];
    return clip.rgb[3 * pixel + channel]!;
  });
  const file = join(modelsMirror, 'tcmonodepth_tcsmallnet_192x320.onnx');
  const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const { output } = await session.run({ input: new ort.Tensor('float32', planes, [1, 3, 192, 320]) });
  await session.release();
  assert.deepEqual(found.depth.shape, [1, 192, 320]);
  assert.deepEqual(found.depth.data, output!.data);
});

/** Its map is the green of each pixel of 8×4. */
function greenModel(changes: Readonly<Record<string, unknown>> = {}) {
  return fakeModel(
    {
      task: 'depth',
      inputs: [
        { name: 'picture', dtype: 'float32', shape: ['N', 3, 4, 8], picture: { width: 8, height: 4 } },
      ],
      outputs: [{ name: 'near', dtype: 'float32', shape: ['N', 4, 8] }],
      ...changes,
    },
    greens,
  );
}

function greens({ picture }: Tensors): Tensors {
  const count = picture!.shape[0]!;
  const near = new Float32Array(count * 32);
  for (let at = 0; at < count; at += 1)
    near.set((picture!.data as Float32Array).subarray(at * 96 + 32, at * 96 + 64), at * 32);
  return { near: tensor('float32', near, [count, 4, 8]) };
}

/** Grey levels from 0 to 31 in each frame, and one more a frame. */
function ramps(count: number): Clip {
  const rgb = Uint8Array.from(
    { length: count * 96 },
    (_, at) => Math.floor((at % 96) / 3) + Math.floor(at / 96),
  );
  return { rgb, width: 8, height: 4, fps: 1 };
}

test('numbers are of the map as the model gave it, whatever size is kept', async () => {
  const found = await depthOf(ramps(20), { models: { depth: greenModel() }, params: { max_side: 2 } });
  assert.deepEqual(found.depth.shape, [20, 1, 2]);
  assert.deepEqual(
    [...found.mean.data],
    Array.from({ length: 20 }, (_, frame) => 15.5 + frame),
  );
  assert.ok(Math.abs(found.p05.data[3]! - (3 + 0.05 * 31)) < 1e-5);
  assert.ok(Math.abs(found.p95.data[19]! - (19 + 0.95 * 31)) < 1e-5);
  const [left = 0, right = 0] = found.depth.data;
  assert.ok(left < 15.5 && right > 15.5 && Math.abs(left + right - 31) < 1e-4);
});

test('a map no larger than the limit is kept as it is, across segments', async () => {
  const { depth, times_sec } = await depthOf(ramps(3), { models: { depth: greenModel() }, splits: [1] });
  assert.deepEqual(depth.shape, [3, 4, 8]);
  assert.deepEqual([...depth.data.subarray(32, 36)], [1, 2, 3, 4]);
  assert.deepEqual([...times_sec.data], [0, 1, 2]);
});

for (const [what, changes, message] of [
  [
    'a letterbox',
    {
      inputs: [
        {
          name: 'picture',
          dtype: 'float32',
          shape: ['N', 3, 4, 8],
          picture: { width: 8, height: 4, resize: 'letterbox' },
        },
      ],
    },
    /resize: letterbox/,
  ],
  [
    'maps of unknown size',
    { outputs: [{ name: 'near', dtype: 'float32', shape: ['N', 'h', 'w'] }] },
    /"near" is \[N, h, w\]/,
  ],
  [
    'two maps a picture',
    { outputs: [{ name: 'near', dtype: 'float32', shape: ['N', 2, 4, 8] }] },
    /not one map/,
  ],
] as const) {
  test(`a model of ${what} is refused`, async () => {
    await assert.rejects(depthOf(ramps(1), { models: { depth: greenModel(changes) } }), (error) => {
      assert.ok(error instanceof FlowError);
      assert.equal(error.code, 'model_io_mismatch');
      assert.match(error.message, message);
      return true;
    });
  });
}
