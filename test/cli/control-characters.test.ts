/** Names of files and texts of rules are a stranger's: none of them may steer the terminal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rig } from '../rig.ts';
import { imports } from '../trust/text-rules.ts';

const talker = `${imports}
export const talker = defineRule({
  name: 'talker', version: '1', scope: 'whole', placement: 'engine',
  params: z.strictObject({}),
  inputs: { source: input(file()) },
  outputs: { text: text() },
  run: ({ warn, empty }) => {
    warn('red \\x1b[31m and a bell \\x07');
    empty('cleared \\x1b[2J\\x9b2J');
    return { text: '' };
  },
});
`;

test('what a rule and the name of a file say cannot move the cursor, whichever command tells it', async () => {
  using rig = new Rig({
    'flow.yaml': 'schema_version: 1\nstage: only\n',
    'clip\x1b[2J\x07.mp4': 'no film',
    'rules/talker.ts': talker,
    'graphs/only.yaml': `schema_version: 1
components:
  talker: { processor: text, rule: talker, inputs: { source: video } }
stages:
  only: { components: [talker] }
`,
  });
  const run = 'run:*.mp4';
  for (const args of [['build', run, '--explain'], ['plan', run], ['why', run], ['heal', run], ['runs']]) {
    const { status, stdout, stderr } = await rig.flow(args);
    assert.equal(status, 0, stderr);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    assert.doesNotMatch(stdout + stderr, /[\0-\x08\x0b-\x1f\x7f-\x9f]/, args.join(' '));
  }
});
