import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BoundModel } from '../../../engine/core/bound-model.ts';
import { checkOutputs } from '../../../engine/core/check-output.ts';
import { FlowError } from '../../../engine/core/errors.ts';
import type { ValueOf } from '../../../engine/core/kind.ts';
import { tensor } from '../../../engine/core/tensor.ts';
import type { scenes } from '../../../rules/kinds.ts';
import { sceneClassification } from '../../../rules/visual/scene-classification.ts';
import { decodeWithFfmpeg } from '../../decode-with-ffmpeg.ts';
import { plainModel, withoutModels } from '../../models/plain-model.ts';
import { realData, realFile } from '../../real-data.ts';
import { runSegmented, type SegmentedOptions } from './run-segmented.ts';
import { black, type Film, hold, toClip, white } from './synthetic-clip.ts';
import { embeddingsOf, type Stretch, shotsOf } from './synthetic-embeddings.ts';

type Found = ValueOf<typeof scenes>;

const takes: readonly Stretch[] = [
  { scene: 1, seconds: 3 },
  { scene: 2, seconds: 3 },
  { scene: 1, fromSec: 100, seconds: 3 },
  { scene: 3, seconds: 3 },
  { scene: 2, fromSec: 200, seconds: 0.5 },
];

async function find(film: Film, stretches: readonly Stretch[], options: SegmentedOptions = {}) {
  const mergeInputs = { embeddings: embeddingsOf(stretches, { stepSec: 0.25 }), shots: shotsOf(stretches) };
  const found = await runSegmented(sceneClassification, toClip(film, 1), {
    mergeInputs,
    ...options,
    params: { cluster_similarity: 0.6, ...options.params },
  });
  checkOutputs(sceneClassification.name, sceneClassification.outputs({}), found.outputs);
  return { scenes: found.outputs.scenes as Found, emptyReason: found.emptyReason };
}

const film = hold(black, 13);

test('two takes of a scene have one cluster', async () => {
  const { scenes: found } = await find(film, takes);
  assert.deepEqual([...found.cluster_ids.data], [0, 1, 0, 2, 1]);
  assert.deepEqual(found.labels_source.data, ['clusters']);
  assert.deepEqual(found.labels.shape, [5, 0]);
  assert.deepEqual(found.probabilities.shape, [5, 0]);
});

test('a film without frames is empty', async () => {
  const { scenes: found, emptyReason } = await find([], []);
  assert.equal(emptyReason, 'no frames');
  assert.equal(found.cluster_ids.data.length, 0);
});

/** Tells dark pictures from bright ones: its logits are 2 − 4 · level and 4 · level − 2. */
function lightMeter(changes: Partial<BoundModel['entry']> = {}, classes = ['dark', 'bright']): BoundModel {
  const look = { width: 1, height: 1, resize: 'stretch', fill: 0, colour: 'luma', layout: 'nchw' } as const;
  const picture = { ...look, scale: 1 / 255, mean: [0, 0, 0], std: [1, 1, 1] };
  return {
    entry: {
      ...{ name: 'light-meter', version: '1', task: 'image-classification' },
      inputs: [{ name: 'picture', dtype: 'float32', shape: ['N', 1, 1, 1], picture }],
      outputs: [{ name: 'logits', dtype: 'float32', shape: ['N', 2] }],
      decoder: { name: 'softmax', params: {} },
      ...changes,
    },
    classes,
    infer: async ({ picture: levels }) => {
      const { data, shape } = levels!; // Its only input.
      const logits = Array.from(data as Float32Array, (level) => [2 - 4 * level, 4 * level - 2]).flat();
      return { logits: tensor('float32', Float32Array.from(logits), [shape[0]!, 2]) };
    },
  };
}

const lights: Film = [...hold(black, 6), ...hold(white, 3), ...hold(black, 4)];

test('labels are those of the classifier, the most probable first', async () => {
  const { scenes: found } = await find(lights, takes, { models: { classifier: lightMeter() } });
  const [dark, bright] = [
    ['dark', 'bright'],
    ['bright', 'dark'],
  ];
  assert.deepEqual(found.labels_source.data, ['classifier']);
  assert.deepEqual(found.labels.data, [dark, dark, bright, dark, dark].flat());
  const sure = 1 / (1 + Math.exp(-4));
  for (const shot of [0, 1, 2, 3, 4]) assert.ok(Math.abs(found.probabilities.data[2 * shot]! - sure) < 1e-6);
  assert.deepEqual([...found.cluster_ids.data], [0, 1, 0, 2, 1]);
});

test('where the film is cut into segments changes nothing', async () => {
  const models = { classifier: lightMeter() };
  const whole = await find(lights, takes, { models });
  assert.deepEqual(await find(lights, takes, { models, splits: [2, 7, 12] }), whole);
});

test('no more labels are kept than asked for, and a class without a name is called by its number', async () => {
  const { scenes: found } = await find(lights, takes, {
    models: { classifier: lightMeter({}, []) },
    params: { top_labels: 1 },
  });
  assert.deepEqual(found.labels.data, ['0', '0', '1', '0', '0']);
  assert.deepEqual(found.probabilities.shape, [5, 1]);
});

test('a classifier whose entry does not fit is an error that says why', async () => {
  const check = async (classifier: BoundModel, reason: RegExp) => {
    await assert.rejects(find(lights, takes, { models: { classifier } }), (error) => {
      assert.ok(error instanceof FlowError && error.code === 'model_io_mismatch');
      assert.match(error.message, reason);
      return true;
    });
  };
  await check(lightMeter({ decoder: { name: 'yolox', params: {} } }), /there is no decoder "yolox"/);
  await check(lightMeter({}, ['dark']), /it gives 2 numbers, and its entry has 1 classes/);
  await check(lightMeter({ inputs: [{ name: 'picture', dtype: 'float32', shape: ['N'] }] }), /no "picture"/);
});

const skip = withoutModels || (realData ? false : 'no folder of real clips');

test('a learned classifier knows bottles when it sees them', { skip }, async () => {
  await using classifier = await plainModel('rules/models/shufflenet/shufflenet-v2-int8.yaml');
  const clip = decodeWithFfmpeg(realFile('videos/bottle-detection.mp4'), {
    fps: 0.25,
    width: 455,
    height: 256,
  });
  const shot: readonly Stretch[] = [{ scene: 1, seconds: 40 }];
  const { outputs } = await runSegmented(sceneClassification, clip, {
    models: { classifier },
    mergeInputs: { embeddings: embeddingsOf(shot), shots: shotsOf(shot) },
  });
  const { labels, probabilities } = outputs.scenes as Found;
  // Classes 737 and 898 of ImageNet, by their numbers where the entry has no names.
  assert.match(labels.data.slice(0, 2).sort().join(), /^(737,898|pop bottle.*,water bottle.*)$/);
  assert.ok(probabilities.data[1]! > 0.2, `${labels.data} ${probabilities.data}`);
});
