import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Summary } from '../../engine/cli/summary.ts';
import { Rig } from '../rig.ts';
import { FlowServer } from './flow-server.ts';
import { copyRule, oneComponent, tinyWav } from './test-messages.ts';

const server = new FlowServer();
after(() => server.stop());

/** What `flow … --json` prints: parsing fails unless it is exactly one document. */
async function summaryOf(
  args: readonly string[],
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<{ summary: Summary; status: number | null; root: string }> {
  using rig = new Rig({
    'rules/copy.ts': copyRule,
    'inputs/a.txt': 'hello\n',
    'graphs/own.yaml': oneComponent,
    ...files,
  });
  const env = { FLOW_CACHE_DIR: rig.cacheDir, NO_COLOR: '1' };
  const { stdout, status } = await server.flow({ args: [...args, '--json'], cwd: rig.root, env });
  return { summary: JSON.parse(stdout) as Summary, status, root: rig.root };
}

test('a build that succeeds has no errors in its JSON', async () => {
  const { summary, status, root } = await summaryOf(['build', '//one:copy']);
  assert.equal(status, 0);
  assert.equal(summary.status, 'success');
  assert.deepEqual(summary.errors, []);
  assert.deepEqual(summary.runs[0]!.outputs, [
    { component: 'one', output: 'copy', path: `${root}/out/one/copy.txt` },
  ]);
  assert.equal(summary.runs[0]!.components[0]!.bytes, 6);
});

test('an unknown flag is one document with the error', async () => {
  const { summary, status } = await summaryOf(['build', '//one', '--jbos']);
  assert.equal(status, 2);
  assert.equal(summary.status, 'error');
  assert.deepEqual(summary.runs, []);
  assert.deepEqual(
    summary.errors.map(({ code, where, fix }) => ({ code, where, fix })),
    [{ code: 'config_invalid', where: '--jbos', fix: 'Write "--jobs".' }],
  );
});

test('all errors of a graph are in one document, with their places', async () => {
  const { summary, status } = await summaryOf(['build', '//one'], {
    'graphs/own.yaml': 'schema_version: 2\ncomponents: { one: { rule: 3 } }\n',
  });
  assert.equal(status, 2);
  assert.deepEqual(
    summary.errors.map(({ where }) => where),
    ['graphs/own.yaml:1:17', 'graphs/own.yaml:2:28'],
  );
});

test('of several targets each error names its own', async () => {
  const { summary, status } = await summaryOf(
    ['build', 'run:clip.wav//segment_plan', 'run:nothing.mp4', 'run:empty.mp4//segment_plan', 'run:*.mkv'],
    { 'clip.wav': tinyWav(), 'empty.mp4': '' },
  );
  assert.equal(status, 1);
  assert.equal(summary.status, 'error');
  assert.deepEqual(
    summary.runs.map((run) => [run.target, run.status]),
    [
      ['run:clip.wav//segment_plan', 'success'],
      ['run:empty.mp4//segment_plan', 'error'],
      ['run:*.mkv', 'error'],
      ['run:nothing.mp4', 'error'],
    ],
  );
  assert.deepEqual(
    summary.errors.map(({ target, component, code }) => [target, component, code]),
    [
      ['run:empty.mp4//segment_plan', 'segment_plan', 'input_unreadable'],
      ['run:*.mkv', undefined, 'input_not_found'],
      ['run:nothing.mp4', undefined, 'input_not_found'],
    ],
  );
});

test('a build of which nothing has changed prints one document, too', async () => {
  using rig = new Rig({
    'rules/copy.ts': copyRule,
    'inputs/a.txt': 'hello\n',
    'graphs/own.yaml': oneComponent,
  });
  await rig.flow(['build', '//one', '--json']);
  const { stdout } = await rig.flow(['build', '//one', '--json']);
  const summary = JSON.parse(stdout) as Summary;
  assert.deepEqual(summary.errors, []);
  assert.equal(summary.actions.executed, 0);
});
