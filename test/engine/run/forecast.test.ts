import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryBlobStore } from '../../../cache/memory-blob-store.ts';
import type { Component } from '../../../engine/core/component.ts';
import { digestOf } from '../../../engine/core/digest.ts';
import { segments } from '../../../engine/core/kind.ts';
import { Plan } from '../../../engine/core/plan.ts';
import type { ActionResult } from '../../../engine/core/store.ts';
import { forecast } from '../../../engine/run/forecast.ts';
import type { RunSpec } from '../../../engine/run/run-progress.ts';
import { fakeNode } from '../../properties/fake-nodes.ts';

test('a store that fails is a miss to a forecast, as it is to a build', async () => {
  const fake = fakeNode('table', { reads: [] });
  const rule = { ...fake.component.loaded.rule, programs: () => [] };
  const component = { ...fake.component, loaded: { ...fake.component.loaded, rule } };
  const node = { ...fake, component, outputs: { segments: segments() } };
  const planTables = () => ({ tables: new Map([['table', node]]), added: [node] });
  const plan = { narrowedTo: () => ({ planTables }) };
  const digest = digestOf('a table');
  const output = { digest, content: digest, sizeBytes: 1, format: 'segments', extension: 'json' };
  const result: ActionResult = {
    status: 'success',
    warnings: [],
    outputs: { segments: { ...output, isEphemeral: false } },
    durationMs: 1,
  };
  const spec = { plan, components: [component] } as unknown as RunSpec; // It looks at no more of it.
  const foreseen = await forecast(spec, {
    actions: { get: () => result },
    blobs: { get: () => Promise.reject(new Error('EIO')) },
    programs: new Map(),
  });
  assert.equal(foreseen.isComplete, false);
  assert.equal(foreseen.actions.length, 1);
});

test('a forecast can be made again, and leaves the plan to the build', async () => {
  const fake = fakeNode('one', { reads: [] });
  const rule = { ...fake.component.loaded.rule, scope: 'whole', programs: () => [] };
  const loaded = { ...fake.component.loaded, rule };
  const component = { ...fake.component, loaded, inputs: [], outputs: fake.outputs } as unknown as Component; // As much of one as plans look at.
  const plan = new Plan({ scope: fake.scope, components: [component], sourceOf: () => ({ files: [] }) });
  const spec = { plan, components: [component] } as unknown as RunSpec; // It looks at no more of it.
  const none = { actions: { get: () => undefined }, blobs: new MemoryBlobStore(), programs: new Map() };
  for (let time = 1; time <= 2; time += 1)
    assert.equal((await forecast(spec, none)).actions.length, 1, `forecast ${time}`);
  assert.deepEqual(plan.planTables().added, []);
  assert.equal(plan.planRest(new Map()).added.length, 1);
});
