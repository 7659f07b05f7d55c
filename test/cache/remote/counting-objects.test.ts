import assert from 'node:assert/strict';
import test from 'node:test';
import { CountingObjects } from '../../../cache/remote/counting-objects.ts';
import { FaultyObjects } from '../../../cache/remote/faulty-objects.ts';
import { MemoryObjects } from '../../../cache/remote/memory-objects.ts';
import { readWhole } from '../../../cache/remote/read-whole.ts';

test('requests, bytes of both ways and failures are counted', async () => {
  const faulty = new FaultyObjects(new MemoryObjects({ pageLength: 1 }), {
    isHit: ({ name, count }) => name === 'head' || count === 4,
    effect: { refuse: 'throttled' },
  });
  const objects = new CountingObjects(faulty);
  await objects.put('a', Buffer.alloc(10));
  await objects.put('b', Buffer.alloc(20));
  await readWhole(objects, 'b', { mostBytes: 99 });
  await assert.rejects(objects.put('c', Buffer.alloc(5)));
  await assert.rejects(objects.head('a'));
  for await (const _ of objects.list(''));
  assert.deepEqual(objects.counts, {
    requests: 7,
    byName: { put: 3, get: 1, head: 1, listPage: 2 },
    sentBytes: 35,
    receivedBytes: 20,
    failures: { throttled: 2 },
  });
});

test('a body that breaks off is a failure, and what came of it is counted', async () => {
  const server = new MemoryObjects();
  await server.put('a', Buffer.alloc(10));
  const objects = new CountingObjects(new FaultyObjects(server, { isHit: () => true, effect: 'cut' }));
  await assert.rejects(readWhole(objects, 'a', { mostBytes: 99 }));
  assert.equal(objects.counts.receivedBytes, 5);
  assert.deepEqual(objects.counts.failures, { unavailable: 1 });
});
