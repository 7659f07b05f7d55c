import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type EntryContent, sealEntry } from '../../../cache/remote/entry.ts';
import { FaultyObjects } from '../../../cache/remote/faulty-objects.ts';
import { blobObject, entryObject, runObject } from '../../../cache/remote/layout.ts';
import { readEntry } from '../../../cache/remote/read-entry.ts';
import { readRunIndex } from '../../../cache/remote/read-run-index.ts';
import { encodeRunIndex } from '../../../cache/remote/run-index.ts';
import { anybody } from '../../../cache/remote/trust.ts';
import { type Digest, digestOf } from '../../../engine/core/digest.ts';
import { BlobsRig } from './blobs-rig.ts';
import { CacheMachine } from './cache-machine.ts';
import { dayMs } from './sample-bucket.ts';

const run = digestOf('run');
const inAWeek = (): number => Date.now() + 8 * dayMs;

/** Two results that the first machine has made and sent, and the second has taken without their bytes. */
async function shareRun(rig: BlobsRig): Promise<EntryContent[]> {
  await using one = new CacheMachine(rig, 'one');
  await using two = new CacheMachine(rig, 'two');
  const made = [await one.make('a', ['text of a']), await one.make('b', ['text of b'])];
  one.cache.offerRun(run, keysOf(made));
  await one.cache.drain();
  for (const result of made) await two.take(result);
  two.cache.offerRun(run, keysOf(made));
  await two.cache.drain();
  return made;
}

function keysOf(results: readonly EntryContent[]): Digest[] {
  return results.map(({ key }) => key);
}

async function listed(rig: BlobsRig): Promise<Digest[]> {
  const index = await readRunIndex(rig.bucket, run);
  assert.ok(index && !('refusal' in index));
  return [...index.keys()];
}

test('a machine that has taken results without their bytes finds, a week later, that they are still there', async () => {
  using rig = new BlobsRig();
  const made = await shareRun(rig);
  await using two = new CacheMachine(rig, 'two', { nowMs: inAWeek });
  two.cache.offerRun(run, keysOf(made));
  await two.cache.drain();
  assert.deepEqual(two.skipped, []);
  assert.deepEqual(await listed(rig), keysOf(made));
});

test('what nobody can send any more does not make the list of its run shorter', async () => {
  using rig = new BlobsRig();
  const made = await shareRun(rig);
  rig.bucket.kept.delete(blobObject(digestOf('text of a')));
  await using two = new CacheMachine(rig, 'two', { nowMs: inAWeek });
  two.cache.offerRun(run, keysOf(made));
  await two.cache.drain();
  assert.deepEqual(two.skipped, ['its bytes are not in the local cache any more']);
  assert.deepEqual(await listed(rig), keysOf(made));
});

test('who makes sure that a run is there makes its list whole', async () => {
  using rig = new BlobsRig();
  const made = await shareRun(rig);
  const [first] = made.map((result) => sealEntry(result, undefined));
  await rig.bucket.put(runObject(run), encodeRunIndex(run, [first!]));
  await using one = new CacheMachine(rig, 'one');
  assert.deepEqual(await one.cache.ensure(keysOf(made), run), { present: 2, unsigned: 0 });
  await one.cache.drain();
  assert.deepEqual(await listed(rig), keysOf(made));
});

test('a run that is there is not sent again, in whatever order its results were known', async () => {
  using rig = new BlobsRig();
  const objects = rig.faulty();
  await using one = new CacheMachine(rig, 'one', { objects });
  const keys = keysOf([await one.make('a', ['text of a']), await one.make('b', ['text of b'])]);
  one.cache.offerRun(run, keys);
  await one.cache.drain();
  const before = objects.calls.length;
  one.cache.offerRun(run, keys.toReversed());
  await one.cache.drain();
  assert.equal(objects.calls.length, before);
});

test('a result that could not be sent under its lease is not written over that of the next holder', async () => {
  using rig = new BlobsRig();
  const action = 'a';
  let isDown = true;
  const isHit = ({ name, key }: { name: string; key: string }): boolean =>
    isDown && name === 'put' && key.startsWith('v1/ac/');
  const objects = new FaultyObjects(rig.bucket, { isHit, effect: { refuse: 'unavailable' } });
  await using one = new CacheMachine(rig, 'one', { objects });
  await using two = new CacheMachine(rig, 'two');
  const { key } = await one.make(action, ['of the first']);
  assert.equal(await one.cache.acquire(key), 'held');
  one.cache.offer(key, key);
  one.cache.release(key);
  while ((await two.cache.acquire(key)) !== 'held') await setImmediate();
  await two.make(action, ['of the second']);
  two.cache.offer(key, key);
  await two.cache.drain();
  isDown = false;
  await one.cache.drain();
  const opened = await readEntry(rig.bucket, key, anybody);
  assert.ok(opened && 'entry' in opened);
  assert.equal(opened.entry.result.outputs.output_0?.digest, digestOf('of the second'));
});

test('a lease that is wanted again is not given back before what was made then has been sent', async () => {
  using rig = new BlobsRig();
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  await using two = new CacheMachine(rig, 'two');
  const made = [await two.make('a', ['text of a']), await two.make('b', ['text of b'])];
  const behindGates = made.reduce(
    (objects, { key }, index) =>
      new FaultyObjects(objects, {
        isHit: (call) => call.name === 'put' && call.key === entryObject(key),
        effect: { wait: gates[index]!.promise },
      }),
    rig.faulty(),
  );
  await using one = new CacheMachine(rig, 'one', { objects: behindGates });
  const lease = digestOf('the frames of a run');
  for (const [index, action] of ['a', 'b'].entries()) {
    assert.equal(await one.cache.acquire(lease), 'held');
    await one.make(action, [`text of ${action}`]);
    one.cache.offer(made[index]!.key, lease);
    one.cache.release(lease);
  }
  gates[0]!.resolve();
  while (!rig.bucket.kept.has(entryObject(made[0]!.key))) await setImmediate();
  for (let turn = 0; turn < 20; turn += 1) await setImmediate();
  assert.equal(await two.cache.acquire(lease), 'taken');
  gates[1]!.resolve();
  while ((await two.cache.acquire(lease)) !== 'held') await setImmediate();
  assert.ok(rig.bucket.kept.has(entryObject(made[1]!.key)));
});
