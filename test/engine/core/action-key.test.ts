import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionKey } from '../../../engine/core/action-key.ts';
import { type Digest, digestOf } from '../../../engine/core/digest.ts';
import type { ActionResult } from '../../../engine/core/store.ts';
import { fakeNode } from '../../properties/fake-nodes.ts';

/** An artifact whose arrays are the same, and whose meta says another version of its rule. */
function madeBy(version: string): ActionResult {
  const output = {
    digest: digestOf(`arrays and ${version}`),
    content: digestOf('arrays'),
    sizeBytes: 1,
    format: 'npz',
    extension: 'npz',
    isEphemeral: false,
  };
  return { status: 'success', warnings: [], outputs: { text: output }, durationMs: 1 };
}

function keyOf(version: string, { readsMeta }: { readsMeta: boolean }): Digest {
  const producer = fakeNode('p', { reads: [] });
  const node = fakeNode('n', { reads: [{ node: producer, isOptional: false, readsMeta }] });
  return actionKey(node, { resultOf: () => madeBy(version), programs: {} }).key;
}

test('another meta of the same arrays gives a new key to those alone who read the meta', () => {
  assert.equal(keyOf('1', { readsMeta: false }), keyOf('2', { readsMeta: false }));
  assert.notEqual(keyOf('1', { readsMeta: true }), keyOf('2', { readsMeta: true }));
});
