import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rig } from '../rig.ts';
import { buildHere } from './build-here.ts';
import { chain, imports } from './text-rules.ts';

async function builtRig(files: Readonly<Record<string, string>> = chain): Promise<Rig> {
  const rig = new Rig(files);
  assert.equal((await buildHere(rig)).status, 0);
  return rig;
}

test('a producer that reruns with other code and gives the same output leaves its consumers alone', async () => {
  using rig = await builtRig();
  rig.replace('rules/copy.ts', '+ params.suffix', "+ params.suffix + ''.padEnd(0)");
  assert.deepEqual((await buildHere(rig)).ran, ['copied']);
});

test('a large producer that gives the same output leaves its consumers alone', async () => {
  using rig = await builtRig();
  rig.replace('rules/swell.ts', '.repeat(', ".concat('').repeat(");
  assert.deepEqual((await buildHere(rig)).ran, ['large']);
});

test('an edit whose effect ends half-way reruns nothing behind that', async () => {
  using rig = await builtRig();
  rig.write('in.txt', 'abcdefghij and more');
  assert.deepEqual((await buildHere(rig)).ran, ['copied', 'large', 'short']);
  rig.write('in.txt', 'abcdefghij and less');
  assert.deepEqual((await buildHere(rig)).ran, ['copied', 'large', 'short']);
  rig.write('in.txt', 'abcdefghij and more');
  assert.deepEqual((await buildHere(rig)).ran, []);
});

test('a comment, layout or type in a rule runs nothing', async () => {
  using rig = await builtRig();
  rig.replace(
    'rules/copy.ts',
    'export const copy',
    '/** What it does. */\n// Why.\ninterface Unused { a: 1 }\n\n\nexport const copy',
  );
  assert.deepEqual((await buildHere(rig)).ran, []);
});

const helperFiles: Readonly<Record<string, string>> = {
  'in.txt': 'text',
  'rules/shared/signs.ts': `export const mark = (text: string): string => text + '!';
export const ask = (text: string): string => text + '?';
`,
  ...Object.fromEntries(
    ['mark', 'ask', 'none'].map((name) => [
      `rules/${name}.ts`,
      `${imports}${name === 'none' ? '' : `import { ${name} as sign } from './shared/signs.ts';`}
export const rule = defineRule({
  name: '${name}', version: '1', scope: 'whole', placement: 'engine',
  params: z.strictObject({}),
  inputs: { source: input(file()) },
  outputs: { text: text() },
  run: ({ inputs }) => ({ text: ${name === 'none' ? '' : 'sign'}(new TextDecoder().decode(inputs.source.read())) }),
});
`,
    ]),
  ),
  'graphs/signs.yaml': `schema_version: 1
components:
  marked: { rule: mark, inputs: { source: file:in.txt } }
  asked: { rule: ask, inputs: { source: file:in.txt } }
  plain: { rule: none, inputs: { source: file:in.txt } }
`,
};

test('an edit of a helper runs exactly the rules that use what was edited', async () => {
  using rig = await builtRig(helperFiles);
  rig.replace('rules/shared/signs.ts', "'!'", "'!!'");
  assert.deepEqual((await buildHere(rig)).ran, ['marked']);
  assert.equal(rig.read('out/marked/text.txt'), 'text!!');
  rig.replace('rules/shared/signs.ts', "'?'", "'??'");
  assert.deepEqual((await buildHere(rig)).ran, ['asked']);
});

test('a change of params runs that component and what its change reaches', async () => {
  using rig = await builtRig();
  rig.replace(
    'graphs/chain.yaml',
    '{ source: copied.text }',
    '{ source: copied.text }, params: { times: 2 }',
  );
  assert.deepEqual((await buildHere(rig)).ran, ['large', 'short']);
  rig.replace('graphs/chain.yaml', 'source: large.text', 'source: copied.text');
  assert.deepEqual((await buildHere(rig)).ran, ['short']);
  rig.replace('graphs/chain.yaml', 'times: 2', 'times: 3');
  assert.deepEqual((await buildHere(rig)).ran, ['large']);
  rig.replace(
    'graphs/chain.yaml',
    '{ source: file:in.txt }',
    '{ source: file:in.txt }, params: { suffix: "+" }',
  );
  assert.deepEqual((await buildHere(rig)).ran, ['copied', 'large', 'short']);
});

test('params in another order, or a default that is written out, run nothing', async () => {
  using rig = await builtRig();
  rig.replace(
    'graphs/chain.yaml',
    '{ source: copied.text }',
    '{ source: copied.text }, params: { times: 1 }',
  );
  rig.replace(
    'graphs/chain.yaml',
    '{ source: file:in.txt }',
    '{ source: file:in.txt }, params: { suffix: "" }',
  );
  assert.deepEqual((await buildHere(rig)).ran, []);
});

test('going back to what was built before runs nothing', async () => {
  using rig = await builtRig();
  rig.replace('rules/head.ts', '10', '7');
  assert.deepEqual((await buildHere(rig)).ran, ['short']);
  rig.replace('rules/head.ts', '7', '10');
  assert.deepEqual((await buildHere(rig)).ran, []);
  assert.equal(rig.read('out/short/text.txt'), 'abcdefghij');
});

test('the same files in another folder share one cache', async () => {
  using rig = await builtRig();
  using other = new Rig(chain);
  assert.deepEqual((await buildHere(other, ['//...'], { cacheDir: rig.cacheDir })).ran, []);
  assert.equal(other.read('out/short/text.txt'), 'abcdefghij');
});
