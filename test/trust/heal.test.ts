import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rig } from '../rig.ts';
import { onlyRun } from './run-on-disk.ts';
import { textRun, textTargets } from './text-run.ts';

/** `counted` is optional and fails until there is something in the file `words`; `again` needs it. */
function holeyRig(): Rig {
  const rig = textRun({ words: '' });
  rig.write(
    'graphs/texts.yaml',
    `schema_version: 1
components:
  copied: { processor: first, rule: copy, inputs: { source: video } }
  large: { processor: first, rule: swell, inputs: { source: copied.text } }
  counted: { processor: second, rule: exec, required: false, inputs: { words: file:words, text: copied.text }, params: { command: [sh, -c, "test -s in/words* && cat in/words* > out.txt"], outputs: { text: out.txt } } }
  again: { processor: second, rule: exec, required: false, inputs: { text: counted.text }, params: { command: [sh, -c, "cat in/text* > out.txt"], outputs: { text: out.txt } } }
stages:
  texts: { components: [copied, large, counted, again] }
`,
  );
  return rig;
}

test('a run without holes is told so by flow heal, and is not touched', async () => {
  using rig = holeyRig();
  rig.write('words', 'some');
  assert.equal((await rig.build(textTargets)).status, 0);
  const { manifest, journal } = onlyRun(rig);
  const healed = await rig.heal(textTargets);
  assert.equal(healed.status, 0);
  assert.match(healed.stderr, /run:clip\.mp4 has no holes/);
  assert.deepEqual(healed.ran, []);
  assert.deepEqual(onlyRun(rig).manifest, manifest);
  assert.deepEqual(onlyRun(rig).journal, journal);
});

test('a run whose sound part would come out otherwise today is not healed', async () => {
  using rig = holeyRig();
  const built = await rig.build(textTargets);
  assert.equal(built.status, 0, built.stderr);
  const { manifest, delivered } = onlyRun(rig);
  assert.equal(manifest.run.status, 'partial');
  rig.write('words', 'some');
  rig.replace('rules/copy.ts', '+ params.suffix', "+ '!' + params.suffix");
  const healed = await rig.heal(textTargets);
  assert.equal(healed.status, 2, healed.stderr);
  assert.match(healed.stderr, /"copied" would not be what it was when the run was built/);
  assert.match(healed.stderr, /flow build run:clip\.mp4/);
  assert.deepEqual([onlyRun(rig).manifest, onlyRun(rig).delivered], [manifest, delivered]);
});

test('a healed run is whole in its manifest and in its state', async () => {
  using rig = holeyRig();
  await rig.build(textTargets);
  rig.write('words', 'some');
  assert.deepEqual((await rig.heal(textTargets)).ran, ['again', 'counted']);
  const run = onlyRun(rig);
  await run.assertWhole(run.delivered, 'healed');
  assert.equal(Object.keys(run.delivered).length, 4);
});

test('a run that was never built cannot be healed', async () => {
  using rig = holeyRig();
  const { status, stderr } = await rig.heal(textTargets);
  assert.equal(status, 2);
  assert.match(stderr, /Cannot heal this run: it was not built/);
});
