import assert from 'node:assert/strict';
import test from 'node:test';
import { BreakingObjects } from '../../../cache/remote/breaking-objects.ts';
import { CircuitBreaker } from '../../../cache/remote/circuit-breaker.ts';
import { FaultyObjects, type ObjectFault } from '../../../cache/remote/faulty-objects.ts';
import { MemoryObjects } from '../../../cache/remote/memory-objects.ts';
import { RemoteError } from '../../../cache/remote/object-store.ts';
import { readWhole } from '../../../cache/remote/read-whole.ts';

function bench(fault: ObjectFault) {
  const clock = { ms: 0 };
  const server = new MemoryObjects();
  const faulty = new FaultyObjects(server, fault);
  const breaker = new CircuitBreaker({ now: () => clock.ms });
  return { clock, server, faulty, breaker, objects: new BreakingObjects(faulty, breaker) };
}

const isOff = (error: unknown): boolean => error instanceof RemoteError && error.fault === 'off';
const always = (): boolean => true;

test('while the circuit is open nothing is sent', async () => {
  const { objects, faulty, clock } = bench({
    isHit: ({ count }) => count === 1,
    effect: { refuse: 'denied' },
  });
  await assert.rejects(
    objects.head('a'),
    (error) => error instanceof RemoteError && error.fault === 'denied',
  );
  await assert.rejects(objects.head('a'), isOff);
  await assert.rejects(readWhole(objects, 'a', { mostBytes: 1 }), isOff);
  await assert.rejects(async () => {
    for await (const _ of objects.list(''));
  }, isOff);
  assert.equal(faulty.calls.length, 1);
  clock.ms = 30_000;
  assert.equal(await objects.head('a'), undefined);
});

test('bodies that all break off open the circuit, though each of them begins', async () => {
  const { objects, server, faulty } = bench({ isHit: always, effect: 'cut' });
  await server.put('a', Buffer.from('content'));
  for (let count = 1; count <= 5; count += 1)
    await assert.rejects(readWhole(objects, 'a', { mostBytes: 99 }), /unavailable/);
  await assert.rejects(readWhole(objects, 'a', { mostBytes: 99 }), isOff);
  assert.equal(faulty.calls.length, 5);
});

test('a probe whose body nobody reads closes the circuit all the same', async () => {
  const { objects, server, clock } = bench({
    isHit: ({ count }) => count === 1,
    effect: { refuse: 'no_bucket' },
  });
  await server.put('a', Buffer.from('content'));
  await assert.rejects(objects.head('a'));
  clock.ms = 30_000;
  await objects.get('a');
  assert.ok(await objects.head('a'));
});

test('a transfer that its caller has stopped is no failure of the server', async () => {
  const { objects, breaker } = bench({ isHit: () => false, effect: 'cut' });
  for (let count = 0; count < 9; count += 1)
    await assert.rejects(objects.get('a', { signal: AbortSignal.abort() }));
  assert.equal(breaker.reason, undefined);
});
