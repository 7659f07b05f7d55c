import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import test from 'node:test';
import { FaultyObjects, type ObjectFault } from '../../../cache/remote/faulty-objects.ts';
import { MemoryObjects } from '../../../cache/remote/memory-objects.ts';
import { RemoteError, type RemoteFault } from '../../../cache/remote/object-store.ts';
import { readWhole } from '../../../cache/remote/read-whole.ts';
import { RetryingObjects } from '../../../cache/remote/retrying-objects.ts';

function bench(fault: ObjectFault) {
  const pausesMs: number[] = [];
  const server = new MemoryObjects({ minPartBytes: 1, pageLength: 2 });
  const faulty = new FaultyObjects(server, fault);
  const clock = { ms: 0 };
  const objects = new RetryingObjects(faulty, {
    now: () => clock.ms,
    delay: async (ms) => void pausesMs.push(ms),
    random: () => 0.5,
  });
  return { pausesMs, server, faulty, objects, clock };
}

const faultIs =
  (fault: RemoteFault) =>
  (error: unknown): boolean =>
    error instanceof RemoteError && error.fault === fault;
const first = ({ count }: { count: number }): boolean => count === 1;
const always = (): boolean => true;
const content = Buffer.from('content');

test('what may pass is tried four times, a little later each time', async () => {
  for (const refuse of ['unavailable', 'throttled'] as const) {
    const { objects, faulty, pausesMs } = bench({ isHit: always, effect: { refuse } });
    await assert.rejects(objects.head('a'), faultIs(refuse));
    assert.equal(faulty.calls.length, 4);
    assert.deepEqual(pausesMs, [50, 100, 200]);
  }
});

test('what takes seconds to fail is tried twice', async () => {
  const isHit = (): boolean => {
    clock.ms += 5000;
    return true;
  };
  const { objects, faulty, clock } = bench({ isHit, effect: { refuse: 'unavailable' } });
  await assert.rejects(objects.head('a'), faultIs('unavailable'));
  assert.equal(faulty.calls.length, 2);
});

test('what will not pass is tried once', async () => {
  for (const refuse of ['denied', 'no_bucket', 'unsupported', 'off', 'invalid'] as const) {
    const { objects, faulty } = bench({ isHit: always, effect: { refuse } });
    await assert.rejects(objects.put('a', content), faultIs(refuse));
    assert.equal(faulty.calls.length, 1);
  }
});

test('every method outlives a failure of every third request', async () => {
  const { objects, pausesMs } = bench({
    isHit: ({ count }) => count % 3 === 1,
    effect: { refuse: 'unavailable' },
  });
  for (const key of ['a', 'b', 'c', 'd', 'e']) await objects.put(key, content);
  await objects.delete('b');
  const keys: string[] = [];
  for await (const { key } of objects.list('')) keys.push(key);
  assert.deepEqual(keys, ['a', 'c', 'd', 'e']);
  const upload = await objects.beginUpload('f');
  await objects.putPart('f', upload, 1, content);
  const parts = await objects.listParts('f', upload);
  await objects.finishUpload('f', upload, parts!);
  assert.equal((await objects.head('f'))?.sizeBytes, content.length);
  await objects.abortUpload('f', upload);
  assert.ok(pausesMs.length > 3);
});

test('no attempt follows once the signal has fired', async () => {
  const { server, faulty } = bench({ isHit: always, effect: { refuse: 'unavailable' } });
  const stop = new AbortController();
  const delay = async (): Promise<void> => stop.abort('enough');
  const objects = new RetryingObjects(faulty, { now: () => 0, delay, random: () => 0 });
  await assert.rejects(objects.get('a', { signal: stop.signal }), (reason) => reason === 'enough');
  assert.equal(faulty.calls.length, 1);
  assert.equal(server.kept.size, 0);
});

test('a body that breaks off goes on where it broke off', async () => {
  const whole = randomBytes(300_000);
  const { objects, server, faulty } = bench({ isHit: ({ count }) => count <= 2, effect: 'cut' });
  await server.put('a', whole);
  const read = await readWhole(objects, 'a', { mostBytes: 1e6 });
  assert.ok(read && 'bytes' in read && whole.equals(read.bytes));
  assert.equal(faulty.calls.length, 3);
  const ranged = await objects.get('a', { range: { from: 100, to: 200_000 } });
  const pieces: Uint8Array[] = [];
  for await (const piece of ranged!.body) pieces.push(piece);
  assert.ok(whole.subarray(100, 200_000).equals(Buffer.concat(pieces)));
});

test('a body that breaks off again and again is given up', async () => {
  const { objects, server, faulty } = bench({ isHit: always, effect: 'cut' });
  await server.put('a', randomBytes(300_000));
  await assert.rejects(readWhole(objects, 'a', { mostBytes: 1e6 }), faultIs('unavailable'));
  assert.equal(faulty.calls.length, 3);
});

test('a body is not gone on with in an object that was replaced', async () => {
  const { objects, server } = bench({ isHit: first, effect: 'cut' });
  await server.put('a', content);
  const fetched = await objects.get('a');
  await server.put('a', Buffer.from('another'));
  await assert.rejects(async () => {
    for await (const _ of fetched!.body);
  }, faultIs('unavailable'));
});

test('a conditional write that was done, but whose answer got lost, was won', async () => {
  const { objects, server } = bench({ isHit: first, effect: { lose: 'unavailable' } });
  const outcome = await objects.put('lease', content, { onlyIf: 'absent', notes: { owner: 'me' } });
  assert.deepEqual(outcome, { isWritten: true, etag: server.kept.get('lease')?.etag });
  assert.equal(server.kept.get('lease')?.notes.owner, 'me');
});

test('a conditional write over an etag, whose answer got lost, was won', async () => {
  const { objects, server } = bench({ isHit: first, effect: { lose: 'unavailable' } });
  await server.put('lease', Buffer.from('before'));
  const { etag } = server.kept.get('lease')!;
  assert.ok((await objects.put('lease', content, { onlyIf: { etag } })).isWritten);
});

test("a conditional write is not taken for won by somebody else's equal content", async () => {
  const { objects, server } = bench({ isHit: first, effect: { refuse: 'unavailable' } });
  await new RetryingObjects(server, { now: () => 0, delay: async () => {}, random: () => 0 }).put(
    'lease',
    content,
    {
      onlyIf: 'absent',
    },
  );
  assert.deepEqual(await objects.put('lease', content, { onlyIf: 'absent' }), { isWritten: false });
});

test('a refusal without a failure before is believed without asking', async () => {
  const { objects, server, faulty } = bench({ isHit: () => false, effect: 'cut' });
  await server.put('lease', content);
  assert.deepEqual(await objects.put('lease', content, { onlyIf: 'absent' }), { isWritten: false });
  assert.equal(faulty.calls.length, 1);
});

test('an upload that was finished, but whose answer got lost, is finished', async () => {
  const { objects, server } = bench({
    isHit: ({ name }) => name === 'finishUpload',
    effect: { lose: 'unavailable' },
  });
  const upload = await objects.beginUpload('a');
  const part = await objects.putPart('a', upload, 1, content);
  await objects.finishUpload('a', upload, [part]);
  assert.equal(server.kept.get('a')?.sizeBytes, content.length);
});

test('an upload that was never finished is an error', async () => {
  const { objects } = bench({
    isHit: ({ name }) => name === 'finishUpload',
    effect: { refuse: 'unavailable' },
  });
  const upload = await objects.beginUpload('a');
  const part = await objects.putPart('a', upload, 1, content);
  await assert.rejects(objects.finishUpload('a', upload, [part]), faultIs('unavailable'));
});
