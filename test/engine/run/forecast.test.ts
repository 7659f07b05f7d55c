import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../../engine/core/digest.ts';
import { segments } from '../../../engine/core/kind.ts';
import type { ActionResult } from '../../../engine/core/store.ts';
import { forecast } from '../../../engine/run/forecast.ts';
import type { RunSpec } from '../../../engine/run/run-progress.ts';
import { fakeNode } from '../../properties/fake-nodes.ts';

test('a store that fails is a miss to a forecast, as it is to a build', async () => {
  const fake = fakeNode('table', { reads: [] });
  const rule = { ...fake.component.loaded.rule, programs: () => [] };
  const component = { ...fake.component, loaded: { ...fake.component.loaded, rule } };
  const node = { ...fake, component, outputs: { segments: segments() } };
  const plan = { planTables: () => ({ tables: new Map([['table', node]]), added: [node] }) };
  const digest = digestOf('a table');
  const output = { digest, content: digest, sizeBytes: 1, format: 'segments', extension: 'json' };
  const result: ActionResult = {
    status: 'success',
    warnings: [],
    outputs: { segments: { ...output, isEphemeral: false } },
    durationMs: 1,
  };
  const foreseen = await forecast({ plan } as unknown as RunSpec, {
    // Of a spec it looks at the plan alone.
    actions: { get: () => result },
    blobs: { get: () => Promise.reject(new Error('EIO')) },
    programs: new Map(),
  });
  assert.equal(foreseen.isComplete, false);
  assert.equal(foreseen.actions.length, 1);
});
