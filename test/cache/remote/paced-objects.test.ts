import assert from 'node:assert/strict';
import test from 'node:test';
import { FaultyObjects } from '../../../cache/remote/faulty-objects.ts';
import { MemoryObjects } from '../../../cache/remote/memory-objects.ts';
import { PacedObjects } from '../../../cache/remote/paced-objects.ts';
import { readWhole } from '../../../cache/remote/read-whole.ts';

/** Lets everything run that can run now. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('so many requests are under way and no more, in the order in which they came', async () => {
  const gate = Promise.withResolvers<void>();
  const faulty = new FaultyObjects(new MemoryObjects(), {
    isHit: () => true,
    effect: { wait: gate.promise },
  });
  const objects = new PacedObjects(faulty, { atOnce: 2 });
  const keys = ['a', 'b', 'c', 'd'];
  const answers = keys.map((key) => objects.head(key));
  await settled();
  assert.deepEqual(
    faulty.calls.map(({ key }) => key),
    ['a', 'b'],
  );
  gate.resolve();
  await Promise.all(answers);
  assert.deepEqual(
    faulty.calls.map(({ key }) => key),
    keys,
  );
});

test('a get is under way until its body was read or left', async () => {
  const server = new MemoryObjects();
  await server.put('a', Buffer.from('content'));
  const objects = new PacedObjects(server, { atOnce: 1 });
  for (const leave of [false, true]) {
    const fetched = await objects.get('a');
    let isDone = false;
    const next = objects.head('a').then(() => {
      isDone = true;
    });
    await settled();
    assert.equal(isDone, false);
    for await (const _ of fetched!.body) if (leave) break;
    await next;
  }
  assert.equal(await objects.get('none'), undefined);
  assert.ok(await readWhole(objects, 'a', { mostBytes: 99 }));
});

test('a request that is stopped while it waits is not sent, and keeps nobody from his turn', async () => {
  const gate = Promise.withResolvers<void>();
  const faulty = new FaultyObjects(new MemoryObjects(), {
    isHit: ({ count }) => count === 1,
    effect: { wait: gate.promise },
  });
  const objects = new PacedObjects(faulty, { atOnce: 1 });
  const stop = new AbortController();
  const running = objects.head('a');
  const stopped = objects.get('b', { signal: stop.signal });
  const next = objects.head('c');
  stop.abort('enough');
  await assert.rejects(stopped, (reason) => reason === 'enough');
  gate.resolve();
  await Promise.all([running, next]);
  assert.deepEqual(
    faulty.calls.map(({ key }) => key),
    ['a', 'c'],
  );
});
