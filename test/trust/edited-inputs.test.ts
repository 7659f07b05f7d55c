import assert from 'node:assert/strict';
import { chmodSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Rig } from '../rig.ts';
import { buildAsUser, buildHere } from './build-here.ts';
import { chain, copyRule, imports } from './text-rules.ts';
import { until } from './until.ts';

const copyGraph = `schema_version: 1
components:
  copied: { rule: copy, inputs: { source: file:in.txt } }
`;

function copyRig(content = 'old old'): Rig {
  return new Rig({ 'rules/copy.ts': copyRule, 'graphs/copy.yaml': copyGraph, 'in.txt': content });
}

/** Long enough for every time stamp to be trusted. */
const settle = (): Promise<void> => delay(40);

test('a second build of the same has nothing to do, and knows it without reading a graph', async () => {
  using rig = copyRig();
  await settle();
  assert.equal(await buildAsUser(rig), 0);
  assert.equal(await buildAsUser(rig), 'up to date');
});

test('an edit that leaves the file with an older time is seen', async () => {
  using rig = copyRig();
  await settle();
  await buildAsUser(rig);
  rig.write('in.txt', 'new');
  utimesSync(rig.path('in.txt'), 1_000_000_000, 1_000_000_000);
  assert.equal(await buildAsUser(rig), 0);
  assert.equal(rig.read('out/copied/text.txt'), 'new');
});

test('an edit that leaves size and modification time as they were is seen', async () => {
  using rig = copyRig();
  await settle();
  await buildAsUser(rig);
  const { atime, mtime } = statSync(rig.path('in.txt'));
  rig.write('in.txt', 'new new');
  utimesSync(rig.path('in.txt'), atime, mtime);
  assert.equal(await buildAsUser(rig), 0);
  assert.equal(rig.read('out/copied/text.txt'), 'new new');
});

test('a file that was moved over the input, with the same size and time, is seen', async () => {
  using rig = copyRig();
  const time = new Date(1_500_000_000_000);
  rig.write('other.txt', 'new new');
  for (const name of ['in.txt', 'other.txt']) utimesSync(rig.path(name), time, time);
  await settle();
  await buildAsUser(rig);
  renameSync(rig.path('other.txt'), rig.path('in.txt'));
  assert.equal(await buildAsUser(rig), 0);
  assert.equal(rig.read('out/copied/text.txt'), 'new new');
});

test('an edit of the same size right after a build is seen, a hundred times out of a hundred', async () => {
  using rig = copyRig('round 000');
  for (let round = 1; round <= 100; round += 1) {
    const content = `round ${String(round).padStart(3, '0')}`;
    writeFileSync(rig.path('in.txt'), content);
    assert.equal(await buildAsUser(rig), 0, `round ${round} was taken for the one before`);
    assert.equal(rig.read('out/copied/text.txt'), content);
    if (round % 3 === 0) await buildAsUser(rig); // Now and then a build that may note that all is done.
    if (round % 5 === 0) await settle();
  }
});

const slowRule = `${imports}
import { appendFileSync } from 'node:fs';
export const slow = defineRule({
  name: 'slow', version: '1', scope: 'whole', placement: 'engine',
  params: z.strictObject({ log: z.string() }),
  inputs: { source: input(file()) },
  outputs: { text: text() },
  run: async ({ inputs, params }) => {
    appendFileSync(params.log, 'x');
    await new Promise((done) => setTimeout(done, 150));
    return { text: new TextDecoder().decode(inputs.source.read()) };
  },
});
`;

function slowRig(): Rig {
  const rig = new Rig({ 'rules/slow.ts': slowRule, 'in.txt': 'old old', log: '' });
  rig.write(
    'graphs/slow.yaml',
    `schema_version: 1
components:
  slow: { rule: slow, params: { log: ${JSON.stringify(rig.path('log'))} }, inputs: { source: file:in.txt } }
`,
  );
  return rig;
}

async function whenSlowHasBegun(rig: Rig): Promise<void> {
  await until(() => rig.read('log') !== '', 'the slow rule has begun');
}

test('an input that changes while a rule is about to read it gives no result under its old digest', async () => {
  using rig = slowRig();
  await settle();
  const building = buildHere(rig);
  await whenSlowHasBegun(rig);
  rig.write('in.txt', 'new new');
  const during = await building;
  assert.equal(during.status, 1);
  const failure = during.events.find((event) => event.type === 'action_failed');
  assert.match(failure?.error.message ?? '', /changed while the build was running/);

  rig.write('in.txt', 'old old');
  assert.equal((await buildHere(rig)).status, 0);
  assert.equal(rig.read('out/slow/text.txt'), 'old old');
});

test('an input that changes while the build runs, after it was read, is seen by the next build', async () => {
  using rig = new Rig({
    ...chain,
    'rules/slow.ts': slowRule,
    'rules/copy.ts': copyRule,
    'other.txt': 'other',
    log: '',
  });
  rig.write(
    'graphs/chain.yaml',
    `schema_version: 1
components:
  copied: { rule: copy, inputs: { source: file:in.txt } }
  slow: { rule: slow, params: { log: ${JSON.stringify(rig.path('log'))} }, inputs: { source: file:other.txt } }
`,
  );
  await settle();
  await buildAsUser(rig); // `copied` is in the cache from now on.
  rig.write('other.txt', 'third');
  rig.write('log', '');
  await settle();
  const building = buildAsUser(rig);
  await whenSlowHasBegun(rig);
  rig.write('in.txt', 'ABCDEFGHIJ');
  assert.equal(await building, 0);
  assert.equal(await buildAsUser(rig), 0);
  assert.equal(rig.read('out/copied/text.txt'), 'ABCDEFGHIJ');
});

test('a graph that changes while the build runs is seen by the next build', async () => {
  using rig = slowRig();
  await settle();
  const building = buildAsUser(rig);
  await whenSlowHasBegun(rig);
  rig.replace('graphs/slow.yaml', '  slow: {', '  slower: {');
  assert.equal(await building, 0);
  assert.equal(await buildAsUser(rig), 0);
  assert.equal(rig.read('out/slower/text.txt'), 'old old');
});

test('a file that comes to match a glob while the build runs is seen by the next build', async () => {
  using rig = slowRig();
  rig.write(
    'rules/slow.ts',
    slowRule
      .replaceAll('file()', 'files()')
      .replace('file,', 'files,')
      .replace('decode(inputs.source.read())', `decode(inputs.source[0].read()) + inputs.source.length`),
  );
  rig.write('texts/a.txt', 'a');
  rig.replace('graphs/slow.yaml', 'file:in.txt', 'file:texts/*.txt');
  await settle();
  const building = buildAsUser(rig);
  await whenSlowHasBegun(rig);
  rig.write('texts/b.txt', 'b');
  assert.equal(await building, 0);
  assert.equal(rig.read('out/slow/text.txt'), 'a1');
  assert.equal(await buildAsUser(rig), 0);
  assert.equal(rig.read('out/slow/text.txt'), 'a2');
});

test('a rule that changes while it is bundled or run is seen by the next build', async () => {
  using rig = slowRig();
  for (let round = 1; round <= 8; round += 1) {
    const building = buildHere(rig);
    await delay(round * 6);
    rig.write(
      'rules/slow.ts',
      slowRule
        .replace('150', '1')
        .replace(`'slow'`, `'slow'`)
        .replace('{ text: new', `{ text: '${round}' + new`),
    );
    await building;
    assert.equal((await buildHere(rig)).status, 0);
    assert.equal(rig.read('out/slow/text.txt'), `${round}old old`);
  }
});

test('a touch is not an edit: nothing runs', async () => {
  using rig = new Rig(chain);
  assert.deepEqual((await buildHere(rig)).ran, ['copied', 'large', 'short']);
  for (const name of ['in.txt', 'graphs/chain.yaml', 'rules/copy.ts', 'rules/swell.ts']) {
    utimesSync(rig.path(name), new Date(), new Date());
    assert.deepEqual((await buildHere(rig)).ran, [], `a touch of ${name} was taken for an edit`);
  }
});

test('a graph folder that is made after the last build is seen', async () => {
  using rig = new Rig({ 'rules/copy.ts': copyRule, 'in.txt': 'text' });
  rig.write('graphs/copy.yaml', copyGraph);
  await settle();
  await buildAsUser(rig);
  assert.equal(await buildAsUser(rig), 'up to date');
  rig.write(
    'profiles/default.yaml',
    'schema_version: 1\nname: default\ncomponents:\n  copied: { params: { suffix: "!" } }\n',
  );
  assert.equal(await buildAsUser(rig), 0);
  assert.equal(rig.read('out/copied/text.txt'), 'text!');
});

test('a program that changes is seen: its file is part of the key', async () => {
  using rig = new Rig({ 'tool.sh': '#!/bin/sh\necho one > out.txt\n', 'rules/copy.ts': copyRule });
  const tool = rig.path('tool.sh');
  rig.write(
    'graphs/tool.yaml',
    `schema_version: 1
components:
  made: { rule: exec, params: { command: [/bin/sh, ${JSON.stringify(tool)}], tools: [${JSON.stringify(tool)}], outputs: { text: out.txt } } }
`,
  );
  chmodSync(tool, 0o755);
  await settle();
  assert.equal(await buildAsUser(rig), 0);
  assert.equal(await buildAsUser(rig), 'up to date');
  rig.write('tool.sh', '#!/bin/sh\necho two > out.txt\n');
  assert.equal(await buildAsUser(rig), 0);
  assert.equal(rig.read('out/made/text.txt'), 'two\n');
});
