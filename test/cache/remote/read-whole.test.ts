import assert from 'node:assert/strict';
import test from 'node:test';
import { FaultyObjects } from '../../../cache/remote/faulty-objects.ts';
import { MemoryObjects } from '../../../cache/remote/memory-objects.ts';
import { readWhole } from '../../../cache/remote/read-whole.ts';

test('an object is read whole up to the limit, and refused beyond it', async () => {
  const server = new MemoryObjects();
  await server.put('a', Buffer.from('content'), { notes: { by: 'me' } });
  const read = await readWhole(server, 'a', { mostBytes: 7 });
  assert.ok(read && 'bytes' in read);
  assert.equal(Buffer.from(read.bytes).toString(), 'content');
  assert.deepEqual(read.notes, { by: 'me' });
  assert.deepEqual(await readWhole(server, 'a', { mostBytes: 6 }), {
    refusal: 'has 7 bytes, more than 6',
  });
  assert.equal(await readWhole(server, 'none', { mostBytes: 6 }), undefined);
});

test('an object that is larger than it claims is refused when the limit is reached', async () => {
  const server = new MemoryObjects();
  await server.put('a', Buffer.from('x'));
  const lying = new FaultyObjects(server, { isHit: () => true, effect: { swap: Buffer.alloc(1000) } });
  assert.deepEqual(await readWhole(lying, 'a', { mostBytes: 99 }), {
    refusal: 'has 1000 bytes, more than 99',
  });
});
