import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { actionKey } from '../../engine/core/action-key.ts';
import { type Digest, digestOf } from '../../engine/core/digest.ts';
import type { ActionResult } from '../../engine/core/store.ts';
import { fakeNode } from './fake-nodes.ts';
import { seed } from './seed.ts';

function resultOf(content: string): ActionResult {
  const digest = digestOf(content);
  const output = {
    digest,
    content: digest,
    sizeBytes: 1,
    format: 'text',
    extension: 'txt',
    isEphemeral: false,
  };
  return { status: 'success', warnings: [], outputs: { text: output }, durationMs: 1 };
}

function keyOf(params: Readonly<Record<string, unknown>>, inputs: readonly string[] = []): Digest {
  const producers = inputs.map((content, index) => ({ node: fakeNode(`p${index}`, { reads: [] }), content }));
  const node = fakeNode('n', {
    reads: producers.map(({ node: producer }) => ({ node: producer, isOptional: false })),
    params,
  });
  const contents = new Map(producers.map(({ node: producer, content }) => [producer, resultOf(content)]));
  return actionKey(node, { resultOf: (producer) => contents.get(producer), programs: {} }).key;
}

const value = fc.jsonValue({ maxDepth: 2 });
const params = fc.dictionary(fc.string({ maxLength: 8 }), value, { maxKeys: 6 });

test(`any order of params gives one key (FLOW_SEED=${seed})`, () => {
  fc.assert(
    fc.property(params, fc.infiniteStream(fc.nat()), (given, numbers) => {
      const shuffled = Object.entries(given)
        .map((entry) => ({ entry, at: numbers.next().value as number }))
        .sort((a, b) => a.at - b.at)
        .map(({ entry }) => entry);
      assert.equal(keyOf(Object.fromEntries(shuffled)), keyOf(given));
    }),
    { seed, numRuns: 200 },
  );
});

test(`params or inputs that differ give keys that differ (FLOW_SEED=${seed})`, () => {
  const facts = fc.tuple(params, fc.array(fc.string({ maxLength: 4 }), { maxLength: 3 }));
  fc.assert(
    fc.property(facts, facts, ([paramsA, inputsA], [paramsB, inputsB]) => {
      const isSame = canonical([paramsA, inputsA]) === canonical([paramsB, inputsB]);
      assert.equal(keyOf(paramsA, inputsA) === keyOf(paramsB, inputsB), isSame);
    }),
    { seed, numRuns: 300 },
  );
});

/** JSON with sorted keys, written otherwise than the engine does; JSON has no negative zero. */
function canonical(given: unknown): string {
  return JSON.stringify(given, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))
      : inner,
  );
}
