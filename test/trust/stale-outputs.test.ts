/** A run's folder, and its state, hold what its manifest lists, whatever earlier builds have left there. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { Rig } from '../rig.ts';
import { imports } from './text-rules.ts';

function seenRule(output: string, body = 'new TextDecoder().decode(inputs.video.read())'): string {
  return `${imports}
export const seen = defineRule({
  name: 'seen', version: '1', scope: 'whole', placement: 'engine',
  params: z.strictObject({}),
  inputs: { video: input(file()) },
  outputs: { ${output}: text() },
  run: ({ inputs }) => ({ ${output}: ${body} }),
});
`;
}

function seenRig(): Rig {
  return new Rig({
    'clip.mp4': 'a film',
    'rules/seen.ts': seenRule('text'),
    'rules/other.ts': seenRule('text').replaceAll('seen', 'other'),
    'graphs/seen.yaml': `schema_version: 1
components:
  seen: { processor: eyes, rule: seen, inputs: { video: video } }
  other: { processor: ears, rule: other, inputs: { video: video }, required: false }
stages:
  both: { components: [seen, other] }
  one: { components: [seen] }
`,
  });
}

const words = ['run:clip.mp4', '--run-id', 'x', '--stage'];

async function filesOf(rig: Rig): Promise<{ results: string[]; state: string[] }> {
  const [video] = readdirSync(rig.path('result_store/local'));
  const results = readdirSync(rig.path(`result_store/local/${video}/x`), {
    recursive: true,
    encoding: 'utf8',
  });
  const { status, stdout } = await rig.flow(['validate', 'x']);
  assert.equal(status, 0, stdout);
  return { results: results.sort(), state: readdirSync(rig.path(`state/local/${video}/x`)).sort() };
}

test('a run of fewer components keeps nothing of those that it had before', async () => {
  using rig = seenRig();
  await rig.build([...words, 'both']);
  const before = await filesOf(rig);
  assert.ok(before.results.includes('other/text.txt') && before.state.includes('state_ears.json'));
  assert.equal((await rig.build([...words, 'one'])).status, 0);
  const { results, state } = await filesOf(rig);
  assert.deepEqual(results, ['manifest.json', 'seen', 'seen/text.txt']);
  assert.deepEqual(state, ['run_state.json', 'state_events.jsonl', 'state_eyes.json']);
});

test('an output that has another name now is not there under the old one', async () => {
  using rig = seenRig();
  await rig.build([...words, 'one']);
  rig.write('rules/seen.ts', seenRule('words'));
  await rig.build([...words, 'one']);
  assert.deepEqual((await filesOf(rig)).results, ['manifest.json', 'seen', 'seen/words.txt']);
});

test('what an optional component gave before it failed is gone; what a run that failed gave before is not', async () => {
  using rig = seenRig();
  await rig.build([...words, 'both']);
  rig.write(
    'rules/other.ts',
    seenRule('text', '(() => { throw new Error("no"); })()').replaceAll('seen', 'other'),
  );
  assert.equal(rig.manifest(await rig.build([...words, 'both'])).run.status, 'partial');
  assert.ok(!(await filesOf(rig)).results.includes('other/text.txt'));

  rig.write('rules/seen.ts', seenRule('text', '(() => { throw new Error("no"); })()'));
  const failed = await rig.build([...words, 'both']);
  assert.equal(rig.manifest(failed).run.status, 'error');
  const [video] = readdirSync(rig.path('result_store/local'));
  assert.ok(existsSync(rig.path(`result_store/local/${video}/x/seen/text.txt`)));
});
