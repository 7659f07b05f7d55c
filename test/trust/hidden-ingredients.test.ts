import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Rig } from '../rig.ts';

test('an edit of a package that no lockfile vouches for runs the rule that imports it', async () => {
  using rig = new Rig({
    'node_modules/greeting/package.json':
      '{ "name": "greeting", "version": "1.0.0", "type": "module", "main": "index.js" }',
    'node_modules/greeting/index.js': "export const greeting = 'hello';\n",
    'node_modules/greeting/voice.wasm': 'loud',
    'rules/greet.ts': `import { defineRule, text } from 'flow';
import { greeting } from 'greeting';
import { z } from 'zod';

export const greet = defineRule({
  name: 'greet', version: '1', scope: 'whole', placement: 'engine',
  params: z.strictObject({}), inputs: {}, outputs: { text: text() },
  run: () => ({ text: greeting }),
});
`,
    'graphs/greet.yaml': 'schema_version: 1\ncomponents:\n  greet: { rule: greet }\n',
  });
  assert.equal((await rig.build(['//greet'])).status, 0);
  rig.replace('node_modules/greeting/index.js', 'hello', 'good day');
  assert.deepEqual((await rig.build(['//greet'])).ran, ['greet']);
  assert.equal(rig.read('out/greet/text.txt'), 'good day');
  rig.replace('node_modules/greeting/voice.wasm', 'loud', 'soft');
  assert.deepEqual((await rig.build(['//greet'])).ran, ['greet']);
});

test('a rule gets the zod that is installed in its workspace, be it of the version that flow brings', async () => {
  const own = pathToFileURL(resolve(import.meta.dirname, '../../node_modules/zod')).href;
  const { version } = JSON.parse(readFileSync(new URL(`${own}/package.json`), 'utf8')) as { version: string };
  using rig = new Rig({
    'node_modules/zod/package.json': `{ "name": "zod", "version": "${version}", "type": "module", "main": "index.js" }`,
    'node_modules/zod/index.js': `export { z } from '${own}/index.js';\nexport const owner = 'the workspace';\n`,
    'rules/owner.ts': `import { defineRule, text } from 'flow';
import { owner, z } from 'zod';

export const ownerOfZod = defineRule({
  name: 'owner', version: '1', scope: 'whole',
  params: z.strictObject({}), inputs: {}, outputs: { text: text() },
  run: () => ({ text: owner }),
});
`,
    'graphs/owner.yaml': 'schema_version: 1\ncomponents:\n  owner: { rule: owner }\n',
  });
  assert.equal((await rig.build(['//owner'])).status, 0);
  assert.equal(rig.read('out/owner/text.txt'), 'the workspace');
});

test('the ending of an input file, which a command can see, is in its key', async () => {
  using rig = new Rig({
    'in/x.txt': 'same\n',
    'in/x.json': 'same\n',
    'graphs/echo.yaml': `schema_version: 1
components:
  echo: { rule: exec, inputs: { x: file:in/x.txt }, params: { command: [sh, -c, 'echo {in.x} > out.txt'], outputs: { text: out.txt } } }
`,
  });
  await rig.build(['//echo']);
  rig.replace('graphs/echo.yaml', 'file:in/x.txt', 'file:in/x.json');
  assert.deepEqual((await rig.build(['//echo'])).ran, ['echo']);
  assert.equal(rig.read('out/echo/text.txt'), 'in/x.json\n');
});

test('a param that is no JSON is refused, since its key would not tell it from another', async () => {
  using rig = new Rig({
    'rules/words.ts': `import { defineRule, text } from 'flow';
import { z } from 'zod';

export const words = defineRule({
  name: 'words', version: '1', scope: 'whole', placement: 'engine',
  params: z.strictObject({ words: z.array(z.string()).transform((list) => new Set(list)) }),
  inputs: {}, outputs: { text: text() },
  run: ({ params }) => ({ text: [...params.words].join() }),
});
`,
    'graphs/words.yaml':
      'schema_version: 1\ncomponents:\n  words: { rule: words, params: { words: [a, b] } }\n',
  });
  const built = await rig.build(['//words']);
  assert.equal(built.status, 2, built.stderr);
  assert.match(built.stderr, /graphs\/words\.yaml:3:\d+: graph_invalid\n {2}Cannot .*a Set has no JSON form/);
});

test('a program that comes earlier in PATH than the one that was found is seen', async () => {
  using rig = new Rig({
    'late/tool': '#!/bin/sh\necho late > out.txt\n',
    'early/other': '',
    'graphs/tool.yaml': `schema_version: 1
components:
  tool: { rule: exec, params: { command: [tool], outputs: { text: out.txt } } }
`,
  });
  chmodSync(rig.path('late/tool'), 0o755);
  const env = { PATH: `${rig.path('early')}:${rig.path('late')}:${process.env.PATH}` };
  for (let tries = 0; tries < 20; tries += 1)
    if (/^up to date/.test((await rig.flow(['build', '//tool'], env)).stdout)) break;
  rig.write('early/tool', '#!/bin/sh\necho early > out.txt\n');
  chmodSync(rig.path('early/tool'), 0o755);
  await rig.flow(['build', '//tool'], env);
  assert.equal(rig.read('out/tool/text.txt'), 'early\n');
});
