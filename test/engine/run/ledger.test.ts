import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { MemoryActionCache } from '../../../cache/memory-action-cache.ts';
import { MemoryBlobStore } from '../../../cache/memory-blob-store.ts';
import { type Digest, digestOf } from '../../../engine/core/digest.ts';
import type { ActionNode } from '../../../engine/core/plan.ts';
import type { CallResult } from '../../../engine/io/task.ts';
import { Ledger } from '../../../engine/run/ledger.ts';
import { Shelf } from '../../../engine/run/shelf.ts';

class SlowBlobStore extends MemoryBlobStore {
  override async put(digest: Digest, content: Uint8Array): Promise<void> {
    await setImmediate();
    return super.put(digest, content);
  }
}

function node(id: string): ActionNode {
  const text = { isEphemeral: false, format: 'text', extension: 'txt' };
  return { id, outputs: { text } } as unknown as ActionNode; // Nothing else of it is looked at.
}

function made(content: string): CallResult {
  const bytes = Buffer.from(content.repeat(20_000));
  const digest = digestOf(bytes);
  return { outputs: { text: { bytes, digest, content: digest } }, emptyReason: undefined, warnings: [] };
}

test('lasting outputs of actions that end together stay in the store, however full the shelf is', async () => {
  const blobs = new SlowBlobStore();
  const shelf = new Shelf({ store: blobs, budgetBytes: 1, keptBytes: 0, onLetGo: () => undefined });
  const actions = new MemoryActionCache();
  const onStoreTrouble = assert.ifError;
  const ledger = new Ledger({ actions, blobs, shelf, onStoreTrouble });
  const results = [made('a'), made('b'), made('c')];
  await Promise.all(results.map((result, index) => ledger.keep(node(`node ${index}`), result, 1)));
  await shelf.close();
  for (const { outputs } of results) assert.ok(await blobs.has(outputs.text!.digest));
});
