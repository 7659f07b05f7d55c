import assert from 'node:assert/strict';
import { test } from 'node:test';
import { objectKinds } from '../../../cache/remote/bucket-contents.ts';
import { deleteContents } from '../../../cache/remote/delete-contents.ts';
import { entryObject } from '../../../cache/remote/layout.ts';
import { surveyBucket } from '../../../cache/remote/survey-bucket.ts';
import { dayMs, resultOf, SampleBucket } from './sample-bucket.ts';

const monthMs = 30 * dayMs;

/** Keys of what would go, in order. */
async function unneeded({ objects }: SampleBucket, oldMs = monthMs): Promise<string[]> {
  const survey = await surveyBucket({ objects, oldMs });
  return objectKinds.flatMap((kind) => survey.unneeded[kind].map(({ key }) => key)).sort();
}

test('a run that is old goes with its results and blobs, a young one stays with all of its own', async () => {
  const bucket = new SampleBucket();
  const put = async (name: string): Promise<string[]> => {
    const result = resultOf(name, [`bytes of ${name}`]);
    return [
      await bucket.putBlob(`bytes of ${name}`),
      await bucket.putResult(result),
      await bucket.putRun(name, [result]),
    ];
  };
  const old = await put('old');
  bucket.passDays(31);
  const young = await put('young');
  assert.deepEqual(await unneeded(bucket), old.sort());
  const survey = await surveyBucket({ objects: bucket.objects, oldMs: monthMs });
  await deleteContents(bucket.objects, survey.unneeded, () => undefined);
  assert.deepEqual(bucket.keys, young.sort());
});

test('a young run keeps old results and old blobs that it shares with an old run', async () => {
  const bucket = new SampleBucket();
  const [shared, own] = [resultOf('shared', ['shared bytes']), resultOf('own', ['own bytes'])];
  await bucket.putBlob('shared bytes');
  const gone = [
    await bucket.putBlob('own bytes'),
    await bucket.putResult(own),
    await bucket.putRun('old', [shared, own]),
  ];
  await bucket.putResult(shared);
  bucket.passDays(31);
  await bucket.putRun('young', [shared]);
  assert.deepEqual(await unneeded(bucket), gone.sort());
});

test('a young result keeps its old blobs, without any run', async () => {
  const bucket = new SampleBucket();
  await bucket.putBlob('bytes');
  bucket.passDays(31);
  await bucket.putResult(resultOf('young', ['bytes']));
  assert.deepEqual(await unneeded(bucket), []);
});

test('a blob without a result stays for a day, however little counts as old', async () => {
  const bucket = new SampleBucket();
  const blob = await bucket.putBlob('on its way');
  bucket.passDays(0.9);
  assert.deepEqual(await unneeded(bucket, 0), []);
  bucket.passDays(0.2);
  assert.deepEqual(await unneeded(bucket, 0), [blob]);
});

test('a lease goes when it has not been rewritten for a day', async () => {
  const bucket = new SampleBucket();
  const dead = await bucket.putLease('dead');
  bucket.passDays(2);
  await bucket.putLease('alive');
  assert.deepEqual(await unneeded(bucket), [dead]);
});

test('a result that nobody would take keeps no blob, and goes when it is old', async () => {
  const bucket = new SampleBucket();
  const [named, other] = [resultOf('named', ['bytes']), resultOf('other', ['bytes'])];
  const blob = await bucket.putBlob('bytes');
  bucket.passDays(31);
  const lie = entryObject(named.key); // A good signature, over another key.
  await bucket.putResult(other);
  const sealed = bucket.objects.kept.get(entryObject(other.key))!.content;
  await bucket.objects.put(lie, sealed);
  await bucket.objects.delete(entryObject(other.key));
  assert.deepEqual(await unneeded(bucket), [blob]);
  bucket.passDays(31);
  assert.deepEqual(await unneeded(bucket), [blob, lie].sort());
});

test('with no age at all, what was written in this very second is old, whichever parts of it a server tells', async () => {
  const bucket = new SampleBucket();
  bucket.passDays(700 / dayMs);
  const result = await bucket.putResult(resultOf('new', []));
  const { objects } = bucket;
  const head = objects.head.bind(objects);
  objects.head = async (key) => {
    const facts = await head(key);
    return facts && { ...facts, modifiedAtMs: facts.modifiedAtMs - (facts.modifiedAtMs % 1000) };
  };
  assert.deepEqual(await unneeded(bucket, 0), [result]);
  assert.deepEqual(await unneeded(bucket, 1000), []);
});

test('a run that is no run keeps nothing', async () => {
  const bucket = new SampleBucket();
  const result = resultOf('result', ['bytes']);
  const gone = [await bucket.putBlob('bytes'), await bucket.putResult(result)];
  bucket.passDays(31);
  const run = await bucket.putRun('broken', [result]);
  await bucket.objects.put(run, Buffer.from('no zstd'));
  assert.deepEqual(await unneeded(bucket), gone.sort());
});

test('looking leaves nothing in the bucket', async () => {
  const bucket = new SampleBucket();
  await surveyBucket({ objects: bucket.objects, oldMs: monthMs });
  assert.deepEqual(bucket.keys, []);
});

test('a collection that is cut off anywhere leaves nothing that names what is gone', async () => {
  for (let most = 0; most < 3; most += 1) {
    const bucket = new SampleBucket();
    const result = resultOf('old', ['bytes']);
    const inOrder = [
      await bucket.putRun('old', [result]),
      await bucket.putResult(result),
      await bucket.putBlob('bytes'),
    ];
    bucket.passDays(31);
    const survey = await surveyBucket({ objects: bucket.objects, oldMs: monthMs });
    let deleted = 0;
    const cut = deleteContents(bucket.objects, survey.unneeded, () => {
      deleted += 1;
      if (deleted > most) throw new Error('cut off');
    });
    await assert.rejects(cut, /cut off/);
    assert.deepEqual(bucket.keys, inOrder.slice(most + 1).sort());
    assert.deepEqual(await unneeded(bucket), bucket.keys); // The next one takes the rest.
  }
});
