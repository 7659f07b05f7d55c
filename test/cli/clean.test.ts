import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { processIdentity } from '../../engine/io/process-identity.ts';
import { type FlowRun, Rig } from '../rig.ts';
import { FlowServer } from './flow-server.ts';
import { tinyWav } from './test-messages.ts';

const server = new FlowServer();
const built = new Rig({ 'clip.wav': tinyWav() });
let rig: Rig;
after(() => {
  server.stop();
  built[Symbol.dispose]();
  rig[Symbol.dispose]();
});

let run: string;

before(async () => {
  const { stdout, stderr, status } = await built.flow(['build', 'run:clip.wav', '--json']);
  assert.equal(status, 0, stderr);
  const { manifest } = (JSON.parse(stdout) as { runs: { manifest: string }[] }).runs[0]!;
  run = dirname(manifest).slice(built.root.length + 1);
});

beforeEach(() => {
  rig?.[Symbol.dispose]();
  rig = new Rig();
  cpSync(built.root, rig.root, { recursive: true });
  cpSync(built.cacheDir, rig.cacheDir, { recursive: true });
});

function clean(...args: string[]): Promise<FlowRun> {
  const env = { FLOW_CACHE_DIR: rig.cacheDir, NO_COLOR: '1' };
  return server.flow({ args: ['clean', ...args], cwd: rig.root, env });
}

function has(name: string): boolean {
  return existsSync(rig.path(name));
}

test('clean removes what flow remembers, and no result; the next build runs nothing anew', async () => {
  const { stdout, status } = await clean();
  assert.equal(status, 0);
  assert.match(stdout, /^Removed:\n +[\d.]+ KiB {2}memory {3}\.flow\n[\d.]+ KiB freed\.\n$/);
  assert.ok(!has('.flow/bundles') && has(run));
  assert.deepEqual((await rig.build(['run:clip.wav'])).ran, []);
});

test('a dry run removes nothing', async () => {
  const { stdout, status } = await clean('--all', '--cache', '--dry-run');
  assert.deepEqual([status, stdout.split('\n')[0]], [0, 'Would remove:']);
  assert.ok(has(run) && has('.flow/bundles') && existsSync(join(rig.cacheDir, 'actions.db')));
});

test('results are removed only with --yes where nobody can be asked', async () => {
  const refused = await clean('--runs', 'run:clip.wav');
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /nobody can be asked/);
  assert.ok(has(run));
  const { status } = await clean('--runs', 'run:clip.wav', '--yes');
  assert.equal(status, 0);
  assert.deepEqual(
    [has(run), has('result_store/local'), has('result_store'), has('.flow/bundles')],
    [false, false, true, true],
  );
});

test('with its results the state of a run is removed, and the other run of the video stays', async () => {
  const state = run.replace('result_store', 'state');
  rig.write(`${state}/run_state.json`, '{}');
  const other = join(dirname(run), 'r-other');
  cpSync(rig.path(run), rig.path(other), { recursive: true });
  await clean('--runs', run, '--yes');
  assert.deepEqual([has(run), has(state), has(other)], [false, false, true]);
});

test('of the runs only those that ended long enough ago are removed', async () => {
  const old = 'result_store/local/old/r-old';
  cpSync(rig.path(run), rig.path(old), { recursive: true });
  const manifest = JSON.parse(readFileSync(rig.path(`${old}/manifest.json`), 'utf8')) as { run: object };
  Object.assign(manifest.run, { finished_at: '2020-01-01T00:00:00.000Z' });
  rig.write(`${old}/manifest.json`, JSON.stringify(manifest));
  await clean('--older-than', '30d', '--yes');
  assert.deepEqual([has(old), has(run)], [false, true]);
  assert.equal((await clean('--older-than', 'long')).status, 2);
});

test('a link in a run is removed, and what it leads to stays', async () => {
  rig.write('precious/film.txt', 'precious');
  symlinkSync(rig.path('precious'), rig.path(`${run}/link`));
  await clean('--all', '--yes');
  assert.deepEqual([has(run), has('precious/film.txt')], [false, true]);
});

test('a run that is reached through a link stays', async () => {
  cpSync(rig.path(run), rig.path('elsewhere/r-1'), { recursive: true });
  mkdirSync(rig.path('result_store/local'), { recursive: true });
  symlinkSync(rig.path('elsewhere'), rig.path('result_store/local/linked'));
  const { stderr } = await clean('--runs', 'result_store/local/linked/r-1', '--yes');
  await clean('--all', '--yes');
  assert.match(stderr, /local\/linked\/r-1 stays: it is reached through a link\./);
  assert.ok(has('elsewhere/r-1/manifest.json'));
});

test('a folder whose manifest is not of flow stays', async () => {
  rig.write('result_store/web/app/v1/manifest.json', '{"name": "an app", "icons": []}');
  const { stderr } = await clean('--all', '--yes');
  assert.match(stderr, /web\/app\/v1 stays: its manifest\.json is damaged, or not of a run\./);
  assert.ok(has('result_store/web/app/v1/manifest.json'));
});

test('of a cache only what is of flow is removed, and what is no cache is refused', async () => {
  mkdirSync(join(rig.cacheDir, 'models'));
  await clean('--cache', '--yes');
  assert.deepEqual(readdirSync(rig.cacheDir), ['models']);
  rig.write('documents/thesis.txt', 'precious');
  const refused = await clean('--cache', '--yes', '--cache-dir', 'documents');
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /does not look like one of flow/);
  assert.ok(has('documents/thesis.txt') && has('.flow/bundles') && has(run));
});

test('nothing is removed while a build is running', async () => {
  rig.write(`.flow/running/${processIdentity()}`, '[]');
  const { status, stderr } = await clean('--all', '--yes');
  assert.equal(status, 2);
  assert.match(stderr, new RegExp(`a build is running here \\(process ${process.pid}\\)`));
  assert.ok(has(run) && has('.flow/bundles'));
});

test('an empty workspace has nothing to remove', async () => {
  rig.remove('.flow');
  assert.equal((await clean()).stdout, 'There is nothing to remove.\n');
});

test('working copies of runs in a bucket stay: only --all removes them, and none that waits to be published', async () => {
  rig.write('flow.yaml', 'schema_version: 1\nresults: s3://team/videos\n');
  const mark = '.flow/storage/0123456789abcdef/marks/local/clip/r-1.json';
  rig.write(mark, '{"pendingSince":"1 0"}');
  await clean();
  await clean('--all', '--yes');
  assert.ok(has(mark));
  rig.write(mark, '{"version":"1"}');
  await clean();
  assert.ok(has(mark));
  await clean('--all', '--yes');
  assert.ok(!has(mark));
});
