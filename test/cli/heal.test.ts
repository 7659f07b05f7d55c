/** `flow heal` where nobody knows beforehand whether what is kept would come out as it did. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { digestOf } from '../../engine/core/digest.ts';
import type { Rig } from '../rig.ts';
import { onlyRun } from '../trust/run-on-disk.ts';
import { imports } from '../trust/text-rules.ts';
import { textRun, textTargets } from '../trust/text-run.ts';

const joins = 'params: { command: [sh, -c, "cat in/* > out.txt"], outputs: { text: out.txt } }';

/** Tells whether it got more than its source. */
const tellRule = `${imports}
export const tell = defineRule({
  name: 'tell', version: '1', scope: 'whole', placement: 'engine',
  params: z.strictObject({}),
  inputs: { source: input(text()), more: input(bytes(), { isOptional: true }) },
  outputs: { text: text() },
  run: ({ inputs }) => ({ text: inputs.more === undefined ? 'nothing' : 'something' }),
});
`;

/**
 * `counted` fails until there is something in `words`; it reads `joined`, which reads `copied` and a file. `told` does
 * without it.
 */
async function partial(): Promise<Rig> {
  const rig = textRun({
    'rules/tell.ts': tellRule,
    words: '',
    more: 'more',
    'graphs/texts.yaml': `schema_version: 1
components:
  copied: { processor: first, rule: copy, inputs: { source: video } }
  joined: { processor: first, rule: exec, inputs: { text: copied.text, more: file:more }, ${joins} }
  shouted: { processor: first, rule: upper, inputs: { source: copied.text } }
  counted: { processor: second, rule: exec, required: false, inputs: { text: joined.text, words: file:words }, params: { command: [sh, -c, "test -s in/words* && cp in/text* out.txt"], outputs: { text: out.txt } } }
  told: { processor: second, rule: tell, inputs: { source: copied.text, more: counted.text } }
stages:
  texts: { components: [copied, joined, shouted, counted, told] }
`,
  });
  const { status, stderr } = await rig.build(textTargets);
  assert.equal(status, 0, stderr);
  assert.equal(onlyRun(rig).manifest.run.status, 'partial');
  rig.write('words', 'some');
  return rig;
}

test('with a lost cache, what is kept and would come out otherwise stays as it is, and the healing fails', async () => {
  using rig = await partial();
  const { delivered, manifest } = onlyRun(rig);
  rmSync(rig.cacheDir, { recursive: true });
  rig.write('more', 'less');
  const { status, stderr } = await rig.heal(textTargets);
  assert.equal(status, 1, stderr);
  assert.match(stderr, /Cannot heal this run: "joined" would not be what it was when the run was built/);
  const after = onlyRun(rig);
  assert.deepEqual(after.delivered, delivered);
  assert.deepEqual(after.manifest.components.slice(0, 3), manifest.components.slice(0, 3));
  assert.equal(after.manifest.run.status, 'error');
});

test('with a lost cache, what is kept and comes out as it did is no hindrance', async () => {
  using rig = await partial();
  rmSync(rig.cacheDir, { recursive: true });
  const { status, stderr } = await rig.heal(textTargets);
  assert.equal(status, 0, stderr);
  assert.equal(onlyRun(rig).manifest.run.status, 'success');
});

test('what did without the hole is made again with what fills it', async () => {
  using rig = await partial();
  const told = (): string | undefined => onlyRun(rig).delivered['told/text.txt'];
  assert.equal(told(), digestOf(new TextEncoder().encode('nothing')));
  const { status, stderr } = await rig.heal(textTargets);
  assert.equal(status, 0, stderr);
  assert.equal(told(), digestOf(new TextEncoder().encode('something')));
});

test('a run is not healed where a rule has changed of what no hole needs', async () => {
  using rig = await partial();
  rmSync(rig.cacheDir, { recursive: true });
  rig.replace('rules/upper.ts', 'toUpperCase()', 'toLowerCase()');
  const { status, stderr } = await rig.heal(textTargets);
  assert.equal(status, 2, stderr);
  assert.match(stderr, /"shouted" would not be what it was/);
});
