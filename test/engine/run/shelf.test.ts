import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultyBlobStore } from '../../../cache/faulty-blob-store.ts';
import { MemoryBlobStore } from '../../../cache/memory-blob-store.ts';
import { digestOf } from '../../../engine/core/digest.ts';
import type { ActionNode } from '../../../engine/core/plan.ts';
import { Shelf } from '../../../engine/run/shelf.ts';

const budgetBytes = 100;

const ignore = (): void => undefined;

function node(id: string): ActionNode {
  return { id } as ActionNode; // The shelf only tells nodes apart.
}

function filled(value: number, length = 90): { bytes: Uint8Array; digest: ReturnType<typeof digestOf> } {
  const bytes = new Uint8Array(length).fill(value);
  return { bytes, digest: digestOf(bytes) };
}

test('under pressure the oldest bytes are spilled to the store, and come back whole', async () => {
  const store = new MemoryBlobStore();
  const shelf = new Shelf(store, budgetBytes, ignore);
  const [a, b, c] = [filled(1), filled(2), filled(3)];
  const [first, second, third] = [node('a'), node('b'), node('c')];
  await shelf.put(first, 'x', a.digest, a.bytes);
  await shelf.put(second, 'x', b.digest, b.bytes);
  assert.equal(await store.has(a.digest), false, 'twice the budget is not yet full');
  await shelf.put(third, 'x', c.digest, c.bytes);
  assert.equal(await store.has(a.digest), true);
  assert.equal(await store.has(c.digest), false);
  assert.deepEqual(await shelf.get(first, 'x'), a.bytes);
  assert.deepEqual(await shelf.get(third, 'x'), c.bytes);
});

test('what was spilled is removed at the end; what the store had before stays', async () => {
  const store = new MemoryBlobStore();
  const [a, b, c] = [filled(1), filled(2), filled(3)];
  await store.put(b.digest, b.bytes);
  const shelf = new Shelf(store, 10, ignore);
  for (const [id, { digest, bytes }] of Object.entries({ a, b, c }))
    await shelf.put(node(id), 'x', digest, bytes);
  assert.equal(await store.has(a.digest), true);
  await shelf.close();
  assert.equal(await store.has(a.digest), false);
  assert.equal(await store.has(b.digest), true);
});

test('bytes that the store does not take stay in memory', async () => {
  const store = new FaultyBlobStore(new MemoryBlobStore(), {
    isHit: ({ method }) => method === 'put',
    effect: 'full',
  });
  const shelf = new Shelf(store, 10, ignore);
  const [a, b] = [filled(1), filled(2)];
  const first = node('a');
  await shelf.put(first, 'x', a.digest, a.bytes);
  await shelf.put(node('b'), 'x', b.digest, b.bytes);
  assert.deepEqual(await shelf.get(first, 'x'), a.bytes);
});

test('the shelf is full at its budget, and no longer when bytes are let go', async () => {
  const shelf = new Shelf(new MemoryBlobStore(), budgetBytes, ignore);
  const holder = node('a');
  const { bytes, digest } = filled(1, budgetBytes);
  await shelf.put(holder, 'x', digest, bytes);
  assert.equal(shelf.isFull, true);
  shelf.release(holder);
  assert.equal(shelf.isFull, false);
  assert.equal(await shelf.get(holder, 'x'), undefined);
});
