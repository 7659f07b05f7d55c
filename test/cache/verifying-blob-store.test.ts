import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Fault, FaultyBlobStore } from '../../cache/faulty-blob-store.ts';
import { MemoryBlobStore } from '../../cache/memory-blob-store.ts';
import { VerifyingBlobStore } from '../../cache/verifying-blob-store.ts';
import { type Digest, digestOf } from '../../engine/core/digest.ts';
import { seed } from '../properties/seed.ts';

const blob = new TextEncoder().encode('some content');
const digest = digestOf(blob);

async function check(
  fault: Fault,
): Promise<{ got: Uint8Array | undefined; again: Uint8Array | undefined; reported: Digest[] }> {
  const memory = new MemoryBlobStore();
  await memory.put(digest, blob);
  const reported: Digest[] = [];
  const store = new VerifyingBlobStore(new FaultyBlobStore(memory, fault), (found) => reported.push(found));
  return { got: await store.get(digest), again: await store.get(digest), reported };
}

for (const effect of ['flip', 'cut', 'empty'] as const) {
  test(`a blob that comes back with the fault "${effect}" is reported, deleted, and taken as absent`, async () => {
    const { got, again, reported } = await check({ isHit: ({ count }) => count === 1, effect });
    assert.deepEqual([got, again, reported], [undefined, undefined, [digest]]);
  });
}

test('a blob that is not found is not reported', async () => {
  const { got, again, reported } = await check({ isHit: ({ count }) => count === 1, effect: 'miss' });
  assert.deepEqual([got, again, reported], [undefined, blob, []]);
});

test(`a blob cut at any length or with any byte changed never verifies (FLOW_SEED=${seed})`, async () => {
  const content = fc.uint8Array({ minLength: 1, maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(content, fc.nat(), fc.integer({ min: 1, max: 255 }), async (bytes, number, mask) => {
      const at = number % bytes.length;
      const changed = bytes.slice();
      changed[at]! ^= mask;
      for (const damaged of [bytes.slice(0, at), changed]) {
        const memory = new MemoryBlobStore();
        await memory.put(digestOf(bytes), damaged);
        const store = new VerifyingBlobStore(memory, () => undefined);
        assert.equal(await store.get(digestOf(bytes)), undefined);
      }
    }),
    { seed },
  );
});
