import assert from 'node:assert/strict';
import test from 'node:test';
import { type BatchLimits, BatchQueue, type Waiting } from '../../../engine/core/batch-queue.ts';

interface Named extends Waiting {
  readonly name: string;
}

function waiting(name: string, { kind = 'k', run = 'r', items = 1, atMs = 0 } = {}): Named {
  return { name, kind, run, items, atMs };
}

const now = (limit: number, rest: Partial<BatchLimits> = {}): BatchLimits => ({
  nowMs: 0,
  maxDelayMs: 0,
  limitOf: () => limit,
  ...rest,
});

function filled(...all: readonly Named[]): BatchQueue<Named> {
  const queue = new BatchQueue<Named>();
  for (const one of all) queue.add(one);
  return queue;
}

const names = (batch: readonly Named[] | undefined): string[] | undefined => batch?.map(({ name }) => name);

test('what is of one kind goes together, the oldest first, and no more of it than the limit', () => {
  const queue = filled(waiting('a'), waiting('b'), waiting('x', { kind: 'other' }), waiting('c'));
  assert.deepEqual(names(queue.take(now(2))), ['a', 'b']);
  assert.deepEqual(names(queue.take(now(2))), ['c']);
  assert.deepEqual(names(queue.take(now(2))), ['x']);
  assert.equal(queue.take(now(2)), undefined);
  assert.equal(queue.size, 0);
});

test('runs take turns within a batch, however much one of them has asked for', () => {
  const queue = filled(...[1, 2, 3, 4].map((number) => waiting(`a${number}`, { run: 'a' })));
  queue.add(waiting('b1', { run: 'b' }));
  queue.add(waiting('b2', { run: 'b' }));
  assert.deepEqual(names(queue.take(now(3))), ['a1', 'b1', 'a2']);
  assert.deepEqual(names(queue.take(now(3))), ['b2', 'a3', 'a4']);
});

test('a run that was served long ago goes before one that was served just now, whatever their models', () => {
  const queue = filled(waiting('a1', { run: 'a' }), waiting('a2', { run: 'a' }));
  queue.add(waiting('b1', { run: 'b', kind: 'other', atMs: 5 }));
  assert.deepEqual(names(queue.take(now(1))), ['a1']);
  assert.deepEqual(names(queue.take(now(1))), ['b1']);
});

test('a batch that is not full waits as long as it may, a full one does not', () => {
  const queue = filled(waiting('a', { atMs: 10 }));
  const limits = { limitOf: () => 2, maxDelayMs: 5 };
  assert.equal(queue.take({ ...limits, nowMs: 14 }), undefined);
  assert.equal(queue.dueMs(limits), 15);
  assert.deepEqual(names(queue.take({ ...limits, nowMs: 15 })), ['a']);
  queue.add(waiting('b', { atMs: 20 }));
  queue.add(waiting('c', { atMs: 21 }));
  assert.deepEqual(names(queue.take({ ...limits, nowMs: 21 })), ['b', 'c']);
});

test('a kind that may not go now lets others go before', () => {
  const queue = filled(waiting('a', { kind: 'held' }), waiting('b'));
  const limitOf = (kind: string): number => (kind === 'held' ? 0 : 1);
  assert.deepEqual(names(queue.take(now(1, { limitOf }))), ['b']);
  assert.equal(queue.take(now(1, { limitOf })), undefined);
  assert.equal(queue.dueMs({ limitOf, maxDelayMs: 5 }), undefined);
});

test('what has more items than a batch takes goes alone rather than never', () => {
  const queue = filled(waiting('large', { items: 9 }), waiting('small'));
  assert.deepEqual(names(queue.take(now(4))), ['large']);
  assert.deepEqual(names(queue.take(now(4))), ['small']);
});

test('what nobody waits for is taken out', () => {
  const queue = filled(waiting('a'), waiting('b', { run: 's' }), waiting('c'));
  assert.deepEqual(names(queue.remove(({ name }) => name !== 'b')), ['a', 'c']);
  assert.equal(queue.size, 1);
  assert.deepEqual(names(queue.take(now(9))), ['b']);
});
