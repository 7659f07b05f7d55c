import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RemoteResults } from '../../../cache/remote/remote-results.ts';
import { anybody } from '../../../cache/remote/trust.ts';
import { digestOf } from '../../../engine/core/digest.ts';
import { resultOf, SampleBucket } from './sample-bucket.ts';

test('lists of runs take no more memory than they may, and what has no room is asked for by itself', async () => {
  const bucket = new SampleBucket();
  const [old, young] = [resultOf('old', ['a text']), resultOf('young', ['a text'])];
  for (const [name, result] of Object.entries({ old, young })) {
    await bucket.putRun(name, [result]);
    await bucket.putResult(result);
  }
  const results = new RemoteResults({
    parts: [bucket.objects],
    trust: anybody,
    onRefused: assert.fail,
    onFailure: assert.ifError,
    mostHeldBytes: 1000,
  });
  assert.ok(await results.find(old.key, digestOf('old')));
  assert.ok(results.holdsAll([old.key]));
  assert.ok(await results.find(young.key, digestOf('young')));
  assert.deepEqual([results.holdsAll([old.key]), results.holdsAll([young.key])], [false, true]);
  assert.equal((await results.find(old.key, digestOf('old')))?.key, old.key);
});
