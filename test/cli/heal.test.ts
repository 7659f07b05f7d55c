/** `flow heal` where nobody knows beforehand whether what is kept would come out as it did. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import type { Rig } from '../rig.ts';
import { onlyRun } from '../trust/run-on-disk.ts';
import { textRun, textTargets } from '../trust/text-run.ts';

const joins = 'params: { command: [sh, -c, "cat in/* > out.txt"], outputs: { text: out.txt } }';

/** `counted` fails until there is something in `words`; it reads `joined`, which reads `copied` and a file. */
async function partial(): Promise<Rig> {
  const rig = textRun({
    words: '',
    more: 'more',
    'graphs/texts.yaml': `schema_version: 1
components:
  copied: { processor: first, rule: copy, inputs: { source: video } }
  joined: { processor: first, rule: exec, inputs: { text: copied.text, more: file:more }, ${joins} }
  shouted: { processor: first, rule: upper, inputs: { source: copied.text } }
  counted: { processor: second, rule: exec, required: false, inputs: { text: joined.text, words: file:words }, params: { command: [sh, -c, "test -s in/words* && cp in/text* out.txt"], outputs: { text: out.txt } } }
stages:
  texts: { components: [copied, joined, shouted, counted] }
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

test('a run is not healed where a rule has changed of what no hole needs', async () => {
  using rig = await partial();
  rmSync(rig.cacheDir, { recursive: true });
  rig.replace('rules/upper.ts', 'toUpperCase()', 'toLowerCase()');
  const { status, stderr } = await rig.heal(textTargets);
  assert.equal(status, 2, stderr);
  assert.match(stderr, /"shouted" would not be what it was/);
});
