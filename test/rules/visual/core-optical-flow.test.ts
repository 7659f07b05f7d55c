import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { BoundModel } from '../../../engine/core/bound-model.ts';
import type { ValueOf } from '../../../engine/core/kind.ts';
import { type Tensor, tensor } from '../../../engine/core/tensor.ts';
import type { flow } from '../../../rules/kinds.ts';
import { coreOpticalFlow } from '../../../rules/visual/core-optical-flow.ts';
import type { Clip } from '../../decode-with-ffmpeg.ts';
import { fakeModel } from '../../models/fake-model.ts';
import { itemsOf } from '../../models/items-of.ts';
import { runSegmented, type SegmentedOptions } from './run-segmented.ts';
import { hold, pan, scene, toClip } from './synthetic-clip.ts';

type Flow = ValueOf<typeof flow>;

const [width, height] = [16, 12];
const cells = width * height;
const picture = { width, height, colour: 'luma' as const };
const outputs = [{ name: 'flow', dtype: 'float32' as const, shape: ['N', 2, height, width] }];

/** Says that everything moves to the right by as much as the mean luma rises from the first picture to the second, in pixels. */
function brightening(earlier: Float32Array, later: Float32Array): Float32Array {
  const field = new Float32Array(2 * cells);
  return field.fill(mean(later) - mean(earlier), 0, cells);
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function flowOf(fields: readonly Float32Array[]): { flow: Tensor } {
  const data = Float32Array.from(fields.flatMap((field) => [...field]));
  return { flow: tensor('float32', data, [fields.length, 2, height, width]) };
}

const jointInput = (): BoundModel =>
  fakeModel(
    {
      task: 'optical-flow',
      inputs: [{ name: 'pairs', dtype: 'float32', shape: ['N', 2, height, width], picture }],
      outputs,
    },
    ({ pairs }) =>
      flowOf(itemsOf(pairs).map((pair) => brightening(pair.subarray(0, cells), pair.subarray(cells)))),
  );

const twoInputs = (): BoundModel =>
  fakeModel(
    {
      task: 'optical-flow',
      inputs: [
        { name: 'image1', dtype: 'float32', shape: ['N', 1, height, width], picture },
        { name: 'image2', dtype: 'float32', shape: ['N', 1, height, width], picture },
      ],
      outputs,
    },
    ({ image1, image2 }) => {
      const later = itemsOf(image2);
      return flowOf(itemsOf(image1).map((earlier, at) => brightening(earlier, later[at]!)));
    },
  );

async function measure(clip: Clip, model: BoundModel, options: SegmentedOptions = {}): Promise<Flow> {
  const found = await runSegmented(coreOpticalFlow, clip, { ...options, models: { flow: model } });
  return found.outputs.flow as Flow; // The rule's own output.
}

/** Grey pictures of 64×36 of these levels. */
function greys(levels: readonly number[], fps: number): Clip {
  return toClip(
    levels.map((level) => () => [level, level, level]),
    fps,
  );
}

test('a pair of frames has a row at the time of the later one, in pixels of the frames a second', async () => {
  const found = await measure(greys([10, 13, 15], 4), jointInput());
  assert.deepEqual([...found.times_sec.data], [0.25, 0.5]);
  // 3 and 2 of the model's 16 pixels, of 64, in a quarter of a second.
  for (const name of ['magnitude_mean', 'magnitude_median', 'magnitude_p95', 'camera_pan'] as const) {
    assertNear(found[name].data, [3 * 4 * 4, 2 * 4 * 4], name);
  }
  assert.deepEqual([...found.direction_rad.data], [0, 0]);
  for (const name of ['camera_tilt', 'camera_zoom', 'camera_roll', 'residual'] as const) {
    assertNear(found[name].data, [0, 0], name);
  }
});

function assertNear(found: Float32Array, wanted: readonly number[], name: string): void {
  const isNear =
    wanted.length === found.length && wanted.every((value, at) => Math.abs(found[at]! - value) < 1e-3);
  assert.ok(isNear, `${name}: ${found}, not ${wanted}`);
}

test('frames that are sampled twice as far apart give the same speed', async () => {
  const fast = await measure(greys([10, 12, 14, 16, 18], 8), jointInput());
  const slow = await measure(greys([10, 14, 18], 4), jointInput());
  assertNear(fast.camera_pan.data, [64, 64, 64, 64], 'fast');
  assertNear(slow.camera_pan.data, [64, 64], 'slow');
});

test('where the film is cut into segments changes nothing', async () => {
  const film = toClip([...pan(scene(1), 20, 0.02), ...hold(scene(2), 3), ...pan(scene(3), 17, -0.05)], 8); // Sums of eighths are exact.
  const whole = await measure(film, jointInput());
  assert.equal(whole.times_sec.data.length, 39);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: 39 }), { maxLength: 4 }), async (cuts) => {
      const splits = cuts.sort((a, b) => a - b);
      assert.deepEqual(await measure(film, jointInput(), { splits }), whole);
    }),
    { numRuns: 10 },
  );
});

test('a model that takes two pictures gets the earlier one first', async () => {
  const film = toClip(pan(scene(1), 20, 0.02), 8);
  assert.deepEqual(await measure(film, twoInputs()), await measure(film, jointInput()));
});

test('a picture that stays as it is has neither speed nor direction', async () => {
  const found = await measure(toClip(hold(scene(1), 3)), jointInput());
  assert.deepEqual([...found.magnitude_p95.data, ...found.camera_pan.data], [0, 0, 0, 0]);
  assert.deepEqual([...found.direction_rad.data], [NaN, NaN]);
});

test('one frame has no row, and is no empty result', async () => {
  const { outputs: values, emptyReason } = await runSegmented(coreOpticalFlow, greys([10], 4), {
    models: { flow: jointInput() },
  });
  assert.deepEqual((values.flow as Flow).magnitude_mean.shape, [0]);
  assert.equal(emptyReason, undefined);
});

test('without frames the result is empty', async () => {
  for (const splits of [[], [0]]) {
    const { outputs: values, emptyReason } = await runSegmented(coreOpticalFlow, greys([], 4), {
      models: { flow: jointInput() },
      splits,
    });
    assert.deepEqual((values.flow as Flow).times_sec.shape, [0]);
    assert.equal(emptyReason, 'no frames');
  }
});

test('a model that takes pairs in a way that is not known is refused', async () => {
  const input = { name: 'stack', dtype: 'float32' as const, shape: ['N', height, width, 2] };
  const odd = fakeModel(
    { task: 'optical-flow', inputs: [{ ...input, picture: { ...picture, layout: 'nhwc' } }], outputs },
    (tensors) => tensors,
  );
  await assert.rejects(measure(greys([1, 2], 4), odd), { code: 'model_io_mismatch' });
});

test('a model whose flow has its coordinates last is refused', async () => {
  const odd: BoundModel = {
    ...jointInput(),
    infer: async ({ pairs }) => {
      const count = pairs!.shape[0]!;
      return { flow: tensor('float32', new Float32Array(count * 2 * cells), [count, height, width, 2]) };
    },
  };
  await assert.rejects(measure(greys([1, 2], 4), odd), { code: 'model_io_mismatch' });
});
