import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Rig } from '../rig.ts';

const drawRule = `import { defineRule, npz, scalar } from 'flow';
import { z } from 'zod';

export const draw = defineRule({
  name: 'draw',
  version: '1',
  scope: 'whole',
  placement: 'engine',
  isDeterministic: false,
  params: z.strictObject({}),
  inputs: {},
  outputs: { lot: npz({ number: { dtype: 'float64', shape: [] } }, { isEphemeral: true }) },
  run: () => ({ lot: { number: scalar('float64', Math.random()) } }),
});
`;

const tellRule = `import { defineRule, input, npz, text } from 'flow';
import { z } from 'zod';

export const tell = defineRule({
  name: 'tell',
  version: '1',
  scope: 'whole',
  placement: 'engine',
  params: z.strictObject({ word: z.string() }),
  inputs: { lot: input(npz({ number: { dtype: 'float64', shape: [] } }, { isEphemeral: true })) },
  outputs: { text: text() },
  run: ({ inputs, params }) => ({ text: params.word + ' ' + inputs.lot.number.data[0] }),
});
`;

test('a rule that says it may differ and does so gives its consumers a new key, and what they made is found again', async () => {
  using rig = new Rig({
    'rules/draw.ts': drawRule,
    'rules/tell.ts': tellRule,
    'graphs/lots.yaml': `schema_version: 1
components:
  draw: { rule: draw }
  tell: { rule: tell, inputs: { lot: draw.lot }, params: { word: first } }
`,
  });
  assert.equal((await rig.build(['//tell'])).status, 0);
  const first = rig.read('out/tell/text.txt');
  rig.replace('graphs/lots.yaml', 'word: first', 'word: second');
  const changed = await rig.build(['//tell']);
  assert.equal(changed.status, 0, changed.stderr);
  assert.deepEqual(changed.ran, ['tell']);
  assert.deepEqual(changed.regenerated, ['//draw'], 'its bytes were gone');
  const second = rig.read('out/tell/text.txt');
  assert.notEqual(second.split(' ')[1], first.split(' ')[1]);
  const again = await rig.build(['//tell']);
  assert.deepEqual([again.ran, again.regenerated], [[], []]);
  assert.equal(rig.read('out/tell/text.txt'), second);
});

test('of two bad videos with the same content each is told by its own name', async () => {
  using rig = new Rig();
  for (const name of ['a.mp4', 'b.mp4']) writeFileSync(rig.path(name), 'This is no video.\n'.repeat(50));
  const built = await rig.build([
    `run:${rig.path('a.mp4')}//segment_plan`,
    `run:${rig.path('b.mp4')}//segment_plan`,
  ]);
  assert.equal(built.status, 1);
  const errors = built.events.filter((event) => event.type === 'action_failed');
  assert.equal(errors.length, 2);
  for (const { run, error } of errors)
    assert.ok(error.message.includes(run.includes('a.mp4') ? 'a.mp4' : 'b.mp4'), `${run}: ${error.message}`);
});
