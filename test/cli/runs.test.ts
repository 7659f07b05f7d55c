import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Manifest } from '../../engine/core/manifest.ts';
import { processIdentity } from '../../engine/io/process-identity.ts';
import { type FlowRun, Rig } from '../rig.ts';
import { FlowServer } from './flow-server.ts';
import { tinyWav } from './test-messages.ts';

const server = new FlowServer();
const rig = new Rig({ 'clip.wav': tinyWav() });
after(() => {
  server.stop();
  rig[Symbol.dispose]();
});

function flow(...args: string[]): Promise<FlowRun> {
  return server.flow({ args, cwd: rig.root, env: { FLOW_CACHE_DIR: rig.cacheDir, NO_COLOR: '1' } });
}

/** The folder of the run that was built. */
let built: string;

before(async () => {
  const { stdout, stderr, status } = await rig.flow(['build', 'run:clip.wav', '--json']);
  assert.equal(status, 0, stderr);
  built = dirname((JSON.parse(stdout) as { runs: { manifest: string }[] }).runs[0]!.manifest);
});

/** A copy of the run that was built, under other names. */
function addRun(name: string, change: (manifest: Manifest) => void): void {
  const folder = rig.path(`result_store/${name}`);
  cpSync(built, folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
  const [platform_id, video_id, run_id] = name.split('/');
  Object.assign(manifest.run, { platform_id, video_id, run_id });
  change(manifest);
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
}

test('runs are listed newest first, with a damaged manifest as a line of its own', async () => {
  addRun('local/older/r-older-1', ({ run }) =>
    Object.assign(run, { created_at: '2020-01-01T00:00:00.000Z' }),
  );
  addRun('other/failed/r-failed-1', (manifest) => {
    Object.assign(manifest.run, { status: 'error', created_at: '2021-01-01T00:00:00.000Z' });
    Object.assign(manifest.components[0]!, {
      status: 'error',
      error_code: 'rule_failed',
      error: 'Cannot run.',
    });
  });
  mkdirSync(rig.path('result_store/local/torn/r-torn-1'), { recursive: true });
  rig.write('result_store/local/torn/r-torn-1/manifest.json', '{"schema_version": 1, "run": {');

  const { stdout, status } = await flow('runs');
  const lines = stdout.trimEnd().split('\n');
  assert.equal(status, 0);
  assert.deepEqual(
    lines.map((line) => line.split(/ {2,}/)[0]),
    ['VIDEO', lines[1]!.split(' ')[0], 'failed', 'older', 'local/torn/r-torn-1'],
  );
  assert.match(lines[1]!, /^clip-[0-9a-f]{8} +r-[0-9a-f]{8} +success +(\d+)\/\1 +\d+ s ago/);
  assert.match(lines[2]!, /^failed +r-failed-1 +error +\d+\/\d+ /);
  assert.match(lines[4]!, /unreadable {2}Cannot read this manifest: it is not JSON/);
  assert.ok(lines.slice(0, 4).every((line) => line.length <= 80));
});

test('runs are chosen by platform, video and status', async () => {
  const namesOf = async (...flags: string[]): Promise<string[]> => {
    const { stdout } = await flow('runs', '--json', ...flags);
    return (JSON.parse(stdout) as { runs: { name: string }[] }).runs.map(({ name }) => name);
  };
  assert.deepEqual(await namesOf('--platform', 'other'), ['other/failed/r-failed-1']);
  assert.deepEqual(await namesOf('--status', 'error'), ['other/failed/r-failed-1']);
  assert.deepEqual(await namesOf('--video', 'older'), ['local/older/r-older-1']);
  assert.equal((await namesOf('--video', 'clip.wav')).length, 3); // All three are of this file.
  assert.equal((await flow('runs', '--status', 'fine')).status, 2);
});

test('the JSON of runs tells a damaged manifest with its error', async () => {
  const { stdout } = await flow('runs', '--json', '--video', 'torn');
  const [run] = (JSON.parse(stdout) as { runs: { error: { code: string } }[] }).runs;
  assert.equal(run!.error.code, 'config_invalid');
});

test('the results folder of flow.yaml is found, however it is written there', async () => {
  for (const text of [
    'results: elsewhere',
    '"results" : "elsewhere" # of the results',
    '{ results: elsewhere, schema_version: 1 }',
  ]) {
    using other = new Rig({ 'flow.yaml': text.includes('schema') ? text : `schema_version: 1\n${text}\n` });
    cpSync(built, other.path('elsewhere/local/clip/r-1'), { recursive: true });
    const { stdout } = await server.flow({ args: ['runs', '--json'], cwd: other.root, env: {} });
    assert.equal((JSON.parse(stdout) as { runs: unknown[] }).runs.length, 1, text);
  }
});

test('a folder without runs is said to have none, and a missing one is a usage error', async () => {
  mkdirSync(rig.path('nothing'));
  const none = await flow('runs', '--results', 'nothing');
  assert.deepEqual([none.status, none.stdout, none.stderr], [0, '', 'There are no such runs in nothing.\n']);
  assert.equal((await flow('runs', '--results', 'missing')).status, 2);
});

test('a run is shown by the beginning of its id, on one screen', async () => {
  const { stdout, status } = await flow(
    'show',
    built.split('/').at(-1)!.slice(0, 8),
    '--results',
    'result_store',
  );
  const lines = stdout.trimEnd().split('\n');
  assert.equal(status, 0);
  assert.match(lines[0]!, /^clip\.wav {2}success {2}in \d+\.\d\d s$/);
  assert.match(stdout, /\n {2}source +0\.10 s, no picture, sound, 1\.6 KiB\n/);
  assert.match(stdout, /\nsegment_plan +success +\d.*metadata, segments, audio\n/);
  assert.match(stdout, /\nvideo_pacing +empty .* no shots\n/);
  // A path stays whole, to be copied.
  assert.ok(lines.length <= 24 && lines.every((line) => line.length <= 80 || line.includes('/')), stdout);
});

test('all of a run are its rules, keys, digests and arrays, too', async () => {
  const { stdout } = await flow('show', 'run:clip.wav', '--all');
  const { components } = JSON.parse(readFileSync(join(built, 'manifest.json'), 'utf8')) as Manifest;
  for (const { rule_digest, action_key, outputs } of components) {
    assert.ok(stdout.includes(rule_digest) && stdout.includes(action_key ?? ''));
    for (const { digest, arrays = {} } of outputs)
      assert.ok([digest, ...Object.keys(arrays)].every((name) => stdout.includes(name)));
  }
});

test('errors, skipped components and warnings are shown with their reasons', async () => {
  addRun('local/bad/r-bad-1', (manifest) => {
    Object.assign(manifest.run, { status: 'error' });
    const [first, second, third] = manifest.components;
    Object.assign(first!, { status: 'error', error_code: 'decode_failed', error: 'Cannot decode "clip".' });
    Object.assign(second!, { status: 'skipped', error: 'needs segment_plan' });
    third!.warnings.push('one frame\nis \u001b[31mdamaged');
  });
  const { stdout } = await flow('show', 'r-bad-1');
  assert.match(stdout, /\nerror {4}segment_plan: decode_failed: Cannot decode "clip"\.\n/);
  assert.match(stdout, /\n\w+ +skipped .* needs segment_plan\n/);
  assert.match(stdout, /\nwarning {2}\w+: one frame is \\x1b\[31mdamaged\n/);
});

test('the models of a run are shown in a line for each component, their signatures with --all', async () => {
  const model_signature = `ms1-${'ab'.repeat(32)}`;
  const used = { slot: 'embedding', name: 'scatter-embed', version: '1', weights_digest: 'b3:12' };
  const ran = { engine: 'onnxruntime@1.30', precision: 'fp32', device: 'cpu' };
  addRun('local/models/r-models-1', ({ components }) => {
    Object.assign(components[0]!, { models_used: [{ ...used, ...ran }], model_signature });
    Object.assign(components[1]!, { models_used: ['of another\nversion'] });
  });
  const { stdout } = await flow('show', 'r-models-1');
  assert.match(stdout, /\nmodels {3}\w+: scatter-embed 1, onnxruntime@1\.30, fp32, cpu\n/);
  assert.match(stdout, /\nmodels {3}\w+: "of another\\nversion"\n/);
  assert.ok(!stdout.includes(model_signature));
  assert.match((await flow('show', 'r-models-1', '--all')).stdout, /\n {2}signature {2}ms1-(ab){32}\n/);
});

test('the JSON of a run is its manifest, with its place', async () => {
  const { stdout } = await flow('show', built, '--json');
  const { name, folder, report, live_status, ...manifest } = JSON.parse(stdout) as Manifest &
    Record<string, unknown>;
  assert.equal(live_status, 'success');
  assert.deepEqual([name, folder], [built.split('/').slice(-3).join('/'), built]);
  assert.ok(report === null || String(report).endsWith('.html'));
  assert.deepEqual(manifest, JSON.parse(readFileSync(join(built, 'manifest.json'), 'utf8')));
});

test('a run that is not there, and a torn manifest, are usage errors', async () => {
  for (const word of ['r-nothing', 'r-torn-1']) {
    const { status, stderr } = await flow('show', word);
    assert.equal(status, 2);
    assert.match(stderr, /config_invalid\n {2}Cannot /);
    assert.doesNotMatch(stderr, /\n +at /);
  }
});

/** A manifest that says `running`, and a state that says by whom. */
function addRunning(name: string, process: string, host = hostname()): void {
  addRun(name, ({ run }) => Object.assign(run, { status: 'running', finished_at: null }));
  const folder = rig.path(`state/${name}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'run_state.json'), JSON.stringify({ run: { process, host } }));
}

test('a run that is said to run is interrupted if its process lives no more', async () => {
  addRunning('local/alive/r-alive', processIdentity());
  addRunning('local/dead/r-dead', `${process.pid} 1`);
  addRunning('local/elsewhere/r-elsewhere', '1 1', 'another-machine');
  addRun('local/stateless/r-stateless', ({ run }) => Object.assign(run, { status: 'running' }));
  const { stdout } = await flow('runs', '--json');
  const { runs } = JSON.parse(stdout) as { runs: { name: string; status: string }[] };
  const statusOf = (name: string): string | undefined => runs.find((run) => run.name === name)?.status;
  assert.equal(statusOf('local/alive/r-alive'), 'running');
  assert.equal(statusOf('local/dead/r-dead'), 'interrupted');
  assert.equal(statusOf('local/elsewhere/r-elsewhere'), 'running');
  assert.equal(statusOf('local/stateless/r-stateless'), 'interrupted');
  assert.match((await flow('show', 'r-dead')).stdout, /interrupted/);
});

test('a state that is cut at any length, or gone, is no error of the list', async () => {
  const path = rig.path('state/local/alive/r-alive/run_state.json');
  const whole = readFileSync(path);
  for (let length = 0; length < whole.length; length += 5) {
    writeFileSync(path, whole.subarray(0, length));
    const { status, stdout } = await flow('runs', '--json');
    assert.equal(status, 0);
    assert.match(stdout, /"r-alive"/);
  }
});
