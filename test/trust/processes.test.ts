import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Rig } from '../rig.ts';
import { copyRule } from './text-rules.ts';
import { until } from './until.ts';

interface Command {
  readonly name: string;
  readonly script: string;
  readonly inputs?: string;
}

/** A workspace of commands, each of which writes `out.txt`. */
function commandRig(make: (rig: Rig) => readonly Command[]): Rig {
  const rig = new Rig({ 'rules/copy.ts': copyRule, 'in.txt': 'in', log: '' });
  const lines = make(rig).map(
    ({ name, script, inputs = '{}' }) =>
      `  ${name}: { rule: exec, inputs: ${inputs}, params: { command: [sh, -c, ${JSON.stringify(script)}], outputs: { text: out.txt } } }`,
  );
  rig.write('graphs/commands.yaml', `schema_version: 1\ncomponents:\n${lines.join('\n')}\n`);
  return rig;
}

function ended(child: ChildProcess): Promise<number | null> {
  child.stdout!.resume();
  child.stderr!.resume();
  return new Promise((done) => child.on('close', (code) => done(code)));
}

/** Command lines of living processes that hold a text. */
function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        return [readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return []; // It has just ended.
      }
    })
    .filter((line) => line.includes(text));
}

for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
  test(`commands and what they started end with an engine that dies of ${signal}`, {
    skip: !existsSync('/proc') && 'no /proc here',
  }, async () => {
    using rig = commandRig((r) => [
      {
        name: 'forks',
        script: `(sleep 1.5; echo orphan >> ${r.path('log')}) & echo begun >> ${r.path('log')}; sleep 30; echo x > out.txt`,
      },
    ]);
    const child = rig.start(['build', '//...']);
    const over = ended(child);
    await until(() => rig.read('log') !== '', 'the command runs');
    child.kill(signal);
    if (signal !== 'SIGKILL') {
      await delay(100);
      child.kill(signal); // The first one lets it finish what runs.
    }
    const status = await over;
    if (signal !== 'SIGKILL') assert.equal(status, 130);
    await delay(1000);
    assert.deepEqual(processesWith(rig.root), []);
    await delay(1000);
    assert.equal(rig.read('log'), 'begun\n');
  });
}

test('folders of commands that were killed with the engine are swept up by the next build', async () => {
  using rig = commandRig((r) => [
    {
      name: 'waits',
      script: `pwd >> ${r.path('log')}; test -e ${r.path('go')} || sleep 30; echo x > out.txt`,
    },
  ]);
  const child = rig.start(['build', '//...']);
  const over = ended(child);
  await until(() => rig.read('log').endsWith('\n'), 'the command runs');
  child.kill('SIGKILL');
  await over;
  const folder = rig.read('log').trim();
  assert.ok(folder.startsWith(tmpdir()) && existsSync(folder));
  rig.write('go', '');
  assert.equal((await rig.build(['//...'])).status, 0);
  assert.equal(existsSync(folder), false);
});

for (const count of [2, 4]) {
  test(`${count} builds at once execute each action once between them, and all end right`, async () => {
    using rig = commandRig((r) => [
      ...Array.from({ length: 6 }, (_, index) => ({
        name: `c${index}`,
        inputs: '{ text: file:in.txt }',
        script: `echo c${index} >> ${r.path('log')}; sleep 0.1; (cat in/text.txt; seq ${index + 1} 9000) > out.txt`,
      })),
      {
        name: 'all',
        inputs: '{ a: c0.text, b: c1.text }',
        script: `echo all >> ${r.path('log')}; cat in/a in/b > out.txt`,
      },
    ]);
    const builds = await Promise.all(
      Array.from({ length: count }, () => rig.flow(['build', '//...', '--jobs', '2'])),
    );
    for (const { status, stderr } of builds) assert.equal(status, 0, stderr);
    assert.deepEqual(rig.read('log').trim().split('\n').sort(), ['all', 'c0', 'c1', 'c2', 'c3', 'c4', 'c5']);
    assert.equal(rig.read('out/all/text.txt'), rig.read('out/c0/text.txt') + rig.read('out/c1/text.txt'));
    assert.deepEqual((await rig.build(['//...'])).ran, []);
  });
}

test('a build takes over what a killed one had begun', async () => {
  using rig = commandRig((r) => [
    {
      name: 'waits',
      script: `echo x >> ${r.path('log')}; test -e ${r.path('go')} || sleep 30; echo x > out.txt`,
    },
  ]);
  const killed = rig.start(['build', '//...']);
  const over = ended(killed);
  await until(() => rig.read('log') !== '', 'the command runs');
  const waiting = rig.build(['//...']); // It waits for the lease of the first one.
  await delay(700);
  rig.write('go', '');
  killed.kill('SIGKILL');
  await over;
  assert.equal((await waiting).status, 0);
  assert.equal(rig.read('log'), 'x\nx\n');
});

test('interrupted once, a build finishes what runs and keeps it', async () => {
  using rig = commandRig((r) => [
    { name: 'first', script: `echo first >> ${r.path('log')}; sleep 1; echo x > out.txt` },
    {
      name: 'second',
      inputs: '{ text: first.text }',
      script: `echo second >> ${r.path('log')}; echo x > out.txt`,
    },
  ]);
  const child = rig.start(['build', '//...', '--jobs', '1']);
  const over = ended(child);
  await until(() => rig.read('log') !== '', 'the command runs');
  child.kill('SIGINT');
  assert.equal(await over, 130);
  assert.equal(rig.read('log'), 'first\n');
  assert.deepEqual(readdirSync(rig.path('.flow/running')), []);
  const next = await rig.build(['//...']);
  assert.deepEqual([next.status, next.ran], [0, ['second']]);
});

test('interrupted twice, a build stops at once, and the next one begins that action anew', async () => {
  using rig = commandRig((r) => [
    {
      name: 'long',
      script: `echo x >> ${r.path('log')}; test -e ${r.path('go')} || sleep 60; echo x > out.txt`,
    },
  ]);
  const child = rig.start(['build', '//...']);
  const over = ended(child);
  await until(() => rig.read('log') !== '', 'the command runs');
  const startedMs = performance.now();
  child.kill('SIGINT');
  await delay(50);
  child.kill('SIGINT');
  assert.equal(await over, 130);
  assert.ok(performance.now() - startedMs < 20_000);
  assert.equal(existsSync(rig.path('out/long')), false);
  rig.write('go', '');
  assert.deepEqual((await rig.build(['//...'])).ran, ['long']);
});
