/** The entries of the models that flow knows, against the rules for entries and against the files themselves. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';
import * as ort from 'onnxruntime-node';
import { parse } from 'yaml';
import {
  type ModelEntry,
  type ModelTensor,
  modelName,
  parseModelEntry,
} from '../../../engine/core/model-entry.ts';
import { pictureTensor } from '../../../rules/dsp/picture-tensor.ts';
import { modelsMirror, plainModel, withoutModels } from '../../models/plain-model.ts';
import { realData, realFile } from '../../real-data.ts';
import { frameOfClip } from '../visual/frame-of-clip.ts';

const root = resolve(import.meta.dirname, '../../..');
const paths = globSync('rules/models/*/*.yaml', { cwd: root }).sort();

const entries = paths.map((path) => {
  const read = parseModelEntry(path, parse(readFileSync(join(root, path), 'utf8')));
  assert.ok('entry' in read, `${path}: ${JSON.stringify('issues' in read && read.issues)}`);
  return { path, entry: read.entry };
});

test('every entry is valid, and lies under the name of its model', () => {
  assert.ok(entries.length >= 9);
  for (const { path, entry } of entries) assert.equal(path.split('/').at(-1), `${entry.name}.yaml`);
});

test('no two entries have one name and version', () => {
  const names = entries.map(({ entry }) => modelName(entry));
  assert.deepEqual(names, [...new Set(names)]);
});

test('every file lies beside its entry, or has an address, a digest and a size', () => {
  for (const { path, entry } of entries) {
    for (const { path: beside, url, sha256, bytes } of entry.files) {
      assert.ok(beside !== undefined || (url && sha256 && bytes), `${path}: ${beside ?? url}`);
    }
  }
});

test('the addresses of raw files name a commit, so that what is there stays what it is', () => {
  for (const { path, entry } of entries) {
    for (const { url = '' } of entry.files) {
      if (url.startsWith('https://raw.'))
        assert.match(url, /^https:\/\/[^/]+\/[^/]+\/[^/]+\/[0-9a-f]{12,40}\//, path);
    }
  }
});

test('each published file has the digest, size, inputs and outputs of its entry', {
  skip: withoutModels,
}, async () => {
  const files = new Map(
    readdirSync(modelsMirror).map((name) => {
      const content = readFileSync(join(modelsMirror, name));
      return [createHash('sha256').update(content).digest('hex'), content];
    }),
  );
  let seen = 0;
  for (const { path, entry } of entries) {
    const [file] = entry.files;
    const content = files.get(file?.sha256 ?? '');
    if (!content) continue; // Too large to be kept for tests, or made by the project.
    assert.equal(content.length, file!.bytes, path);
    const session = await ort.InferenceSession.create(content, { logSeverityLevel: 3 });
    assert.deepEqual(tensorsOf(session.inputMetadata), tensorsOf(entry.inputs), path);
    assert.deepEqual(tensorsOf(session.outputMetadata), tensorsOf(entry.outputs), path);
    await session.release();
    seen += 1;
  }
  assert.equal(seen, 8);
});

/** Names, dtypes and shapes; every axis of any length is called so. */
function tensorsOf(
  tensors: readonly ModelTensor[] | readonly ort.InferenceSession.ValueMetadata[],
): Record<string, string> {
  return Object.fromEntries(
    tensors.map((one) => {
      assert.ok('shape' in one);
      const { dtype } = { dtype: 'dtype' in one ? one.dtype : one.type };
      const axes = one.shape.map((axis) => (typeof axis === 'number' ? axis : 'any'));
      return [one.name, `${dtype} ${axes.join('×')}`];
    }),
  );
}

const skip = withoutModels || (realData ? false : 'no folder of real clips');

test('the classifier takes bottles for bottles', { skip }, async () => {
  await using model = await plainModel('rules/models/shufflenet/shufflenet-v2-int8.yaml');
  const { fps: _, ...frame } = frameOfClip(realFile('videos/bottle-detection.mp4'), {
    atSec: 2,
    width: 640,
    height: 360,
  });
  const [{ name, picture }] = model.entry.inputs as [ModelEntry['inputs'][number]];
  const { output } = await model.infer({ [name]: pictureTensor({ ...frame, count: 1 }, picture!) });
  const logits = [...(output!.data as Float32Array)];
  const best = logits.map((_, id) => id).sort((a, b) => logits[b]! - logits[a]!);
  assert.deepEqual(best.slice(0, 2), [737, 898]); // Pop bottle, water bottle.
});
