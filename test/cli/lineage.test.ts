import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RunEvent } from '../../engine/cli/lineage/open-lineage.ts';
import { digestOf } from '../../engine/core/digest.ts';
import { makeFilm } from '../make-film.ts';
import { type FlowRun, Rig } from '../rig.ts';
import { FlowServer } from './flow-server.ts';

const server = new FlowServer();
const rig = new Rig();
after(() => {
  server.stop();
  rig[Symbol.dispose]();
});

const env = { FLOW_CACHE_DIR: rig.cacheDir, NO_COLOR: '1' };

function lineage(...args: string[]): Promise<FlowRun> {
  return server.flow({ args: ['lineage', ...args], cwd: rig.root, env });
}

let shots: string;

before(async () => {
  makeFilm(rig.path('film.mp4'), { seconds: 24, gopSec: 1 });
  const { stdout, stderr, status } = await rig.flow(['build', 'run:film.mp4//cut_detection', '--json']);
  assert.equal(status, 0, stderr);
  shots = join(
    dirname((JSON.parse(stdout) as { runs: { manifest: string }[] }).runs[0]!.manifest),
    'cut_detection/shots.npz',
  );
});

test('a result leads up to the video, its segments in one line', async () => {
  const { stdout, status } = await lineage(shots);
  assert.equal(status, 0);
  assert.ok(stdout.startsWith(digestOf(readFileSync(shots))));
  const lines = stdout.split('\n').map((line) => line.replace(/^[ │├└─]+/, ''));
  assert.match(
    lines.find((line) => line.startsWith('cut_detection.shots'))!,
    /^cut_detection\.shots merged {2}b3:[0-9a-f]{12}$/,
  );
  assert.ok(lines.includes('cut_detection.features  3 actions'), stdout);
  assert.ok(lines.includes('3 segments'), stdout);
  assert.match(stdout, /└─ film\.mp4 {2}b3:/);
  assert.ok(lines.every((line) => line.length <= 80));
});

test('with --all each segment has a line of its own', async () => {
  const { stdout } = await lineage(shots, '--all');
  assert.equal(stdout.match(/─ cut_detection\.features {2}b3:[0-9a-f]{64}/g)?.length, 3);
});

test('a video leads down to what was made from it, and up to nothing', async () => {
  const { stdout } = await lineage('film.mp4');
  assert.match(stdout, /\nfilm\.mp4, a source: no action has made it\n\nof which was made\n/);
  assert.match(stdout, /─ cut_detection\.[\w, ]+ merged/);
  assert.doesNotMatch(stdout, /made from/);
});

test('a long video, whose table of segments is a blob of its own, leads down to its segments, too', async () => {
  makeFilm(rig.path('long.mp4'), { seconds: 160, fps: 25 });
  assert.equal((await rig.flow(['build', 'run:long.mp4//segment_plan', '-q'])).status, 0);
  const { stdout } = await lineage('long.mp4');
  assert.match(stdout, /segment_plan\.[\w, ]+\n +└─ \d+ segments\n/);
});

test('an artifact is found by the beginning of its digest, and several are told', async () => {
  const digest = digestOf(readFileSync(shots));
  const { stdout } = await lineage(digest.slice(3, 20), '--json');
  const { artifact, upstream } = JSON.parse(stdout) as {
    artifact: string;
    upstream: { name: string; actions: unknown[] }[];
  };
  assert.equal(artifact, digest);
  assert.deepEqual(
    upstream.map(({ name, actions }) => [name, actions.length]),
    [['cut_detection.shots', 1]],
  );
  const several = await lineage('b3:');
  assert.equal(several.status, 2);
  assert.match(several.stderr, /artifacts begin so/);
});

test('OpenLineage events join: every input is a source or the output of another event', async () => {
  const { stdout } = await lineage(shots, '--openlineage');
  const events = JSON.parse(stdout) as RunEvent[];
  const made = new Set(events.flatMap(({ outputs }) => outputs.map(({ name }) => name)));
  const sources = events
    .flatMap(({ inputs }) => inputs.map(({ name }) => name))
    .filter((name) => !made.has(name));
  assert.deepEqual([...new Set(sources)], [digestOf(readFileSync(rig.path('film.mp4')))]);
  assert.equal(new Set(events.map(({ run }) => run.runId)).size, events.length);
  for (const { eventType, eventTime, run, schemaURL } of events) {
    assert.equal(eventType, 'COMPLETE');
    assert.ok(!Number.isNaN(Date.parse(eventTime)));
    assert.match(run.runId, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.match(schemaURL, /RunEvent$/);
  }
});

test('what the cache does not know is a usage error that says what to do', async () => {
  rig.write('junk.bin', 'junk');
  for (const args of [
    ['junk.bin'],
    ['b3:0123456789abcdef0'],
    ['nowhere.npz'],
    [shots, '--cache-dir', 'none'],
  ]) {
    const { status, stderr, stdout } = await lineage(...args);
    assert.deepEqual([status, stdout], [2, ''], stderr);
    assert.match(stderr, /Cannot tell the lineage: in this cache .*\n {2}Fix: .*--cache-dir/);
  }
});
