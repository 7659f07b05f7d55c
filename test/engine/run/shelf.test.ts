import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultyBlobStore } from '../../../cache/faulty-blob-store.ts';
import { MemoryBlobStore } from '../../../cache/memory-blob-store.ts';
import { digestOf } from '../../../engine/core/digest.ts';
import type { ActionNode } from '../../../engine/core/plan.ts';
import type { BlobStore } from '../../../engine/core/store.ts';
import { Shelf, type ShelfSetting } from '../../../engine/run/shelf.ts';

const budgetBytes = 100;

function shelfOver(store: BlobStore, setting: Partial<ShelfSetting> = {}): Shelf {
  return new Shelf({ store, budgetBytes, keptBytes: 0, onLetGo: () => undefined, ...setting });
}

function node(id: string): ActionNode {
  return { id } as ActionNode; // The shelf only tells nodes apart.
}

function filled(value: number, length = 90): { bytes: Uint8Array; digest: ReturnType<typeof digestOf> } {
  const bytes = new Uint8Array(length).fill(value);
  return { bytes, digest: digestOf(bytes) };
}

test('under pressure the oldest bytes are spilled to the store, and come back whole', async () => {
  const store = new MemoryBlobStore();
  const shelf = shelfOver(store);
  const [a, b, c] = [filled(1), filled(2), filled(3)];
  const [first, second, third] = [node('a'), node('b'), node('c')];
  await shelf.put(first, a.digest, a.bytes);
  await shelf.put(second, b.digest, b.bytes);
  assert.equal(await store.has(a.digest), false, 'twice the budget is not yet full');
  await shelf.put(third, c.digest, c.bytes);
  assert.equal(await store.has(a.digest), true);
  assert.equal(await store.has(c.digest), false);
  assert.deepEqual(await shelf.get(a.digest), a.bytes);
  assert.deepEqual(await shelf.get(c.digest), c.bytes);
});

test('what was spilled is removed at the end; what the store had before stays', async () => {
  const store = new MemoryBlobStore();
  const [a, b, c] = [filled(1), filled(2), filled(3)];
  await store.put(b.digest, b.bytes);
  const shelf = shelfOver(store, { budgetBytes: 10 });
  for (const [id, { digest, bytes }] of Object.entries({ a, b, c })) await shelf.put(node(id), digest, bytes);
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
  const shelf = shelfOver(store, { budgetBytes: 10 });
  const [a, b] = [filled(1), filled(2)];
  const first = node('a');
  await shelf.put(first, a.digest, a.bytes);
  await shelf.put(node('b'), b.digest, b.bytes);
  assert.deepEqual(await shelf.get(a.digest), a.bytes);
});

test('the shelf is full at its budget, and no longer when bytes are let go', async () => {
  const shelf = shelfOver(new MemoryBlobStore());
  const holder = node('a');
  const { bytes, digest } = filled(1, budgetBytes);
  await shelf.put(holder, digest, bytes);
  assert.equal(shelf.isFull, true);
  shelf.release(holder);
  assert.equal(shelf.isFull, false);
  assert.equal(await shelf.get(digest), undefined);
});

test('bytes that two actions give are there until both have let go', async () => {
  const shelf = shelfOver(new MemoryBlobStore());
  const [first, second] = [node('a'), node('b')];
  const { bytes, digest } = filled(1);
  await shelf.put(first, digest, bytes);
  shelf.share(second, digest);
  shelf.release(first);
  assert.deepEqual(await shelf.get(digest), bytes);
  shelf.release(second);
  assert.equal(await shelf.get(digest), undefined);
});

test('what nobody holds is kept as far as there is room, the newest longest, and is no longer counted as held', async () => {
  const letGo: number[] = [];
  const shelf = shelfOver(new MemoryBlobStore(), { keptBytes: 200, onLetGo: (bytes) => letGo.push(bytes) });
  const items = [filled(1), filled(2), filled(3)];
  for (const [index, { digest, bytes }] of items.entries()) {
    const holder = node(String(index));
    await shelf.put(holder, digest, bytes);
    shelf.release(holder);
    assert.equal(shelf.isFull, false);
  }
  const found = await Promise.all(items.map(({ digest }) => shelf.get(digest)));
  assert.deepEqual(
    found.map((bytes) => bytes !== undefined),
    [false, true, true],
  );
  assert.deepEqual(letGo, [90]);
});

test('what was kept is held again when somebody gives it again', async () => {
  const shelf = shelfOver(new MemoryBlobStore(), { keptBytes: 200 });
  const { digest, bytes } = filled(1, budgetBytes);
  const [before, after] = [node('a'), node('b')];
  await shelf.put(before, digest, bytes);
  shelf.release(before);
  shelf.share(after, digest);
  assert.equal(shelf.isFull, true);
  shelf.releaseAll();
  assert.equal(shelf.isFull, false);
  assert.deepEqual(await shelf.get(digest), bytes);
});
