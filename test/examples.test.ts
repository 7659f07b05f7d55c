/** The examples of docs/examples/, used as their reader would. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';
import type { Manifest } from '../engine/core/manifest.ts';
import { type BuildRun, Rig } from './rig.ts';

const examples = resolve(import.meta.dirname, '../docs/examples');
const hasNumPy = spawnSync('python3', ['-c', 'import numpy']).status === 0;
const skip = hasNumPy ? false : 'no python3 with NumPy';

/** A film that is quiet but for the seconds from 4 to 6. */
function makeFilm(path: string): void {
  const sound = "aevalsrc='sin(2*PI*440*t)*(0.02+0.4*between(t,4,6))':duration=9:s=48000";
  const picture = 'testsrc2=size=160x120:rate=10:duration=9';
  const inputs = [picture, sound].flatMap((source) => ['-f', 'lavfi', '-i', source]);
  execFileSync('ffmpeg', ['-v', 'error', ...inputs, '-pix_fmt', 'yuv420p', path]);
}

function exampleRig(name: string): Rig {
  const files = globSync('**/*', { cwd: join(examples, name), withFileTypes: true }).filter((one) =>
    one.isFile(),
  );
  const paths = files.map((file) => join(file.parentPath, file.name));
  return new Rig(
    Object.fromEntries(
      paths.map((path) => [path.slice(join(examples, name).length + 1), readFileSync(path)]),
    ),
  );
}

test('the Python step finds the loud moment, and only it runs again when its script changes', {
  skip,
}, async () => {
  using rig = exampleRig('python-step');
  makeFilm(rig.path('clip.mp4'));
  const first = await rig.build(['run:clip.mp4//loud_moments']);
  assert.equal(first.status, 0, first.stderr);
  const [report] = globSync('result_store/*/*/*/loud_moments/report.json', { cwd: rig.root });
  const { moments } = JSON.parse(rig.read(report!)) as { moments: [number, number][] };
  assert.equal(moments.length, 1);
  const [start, end] = moments[0]!;
  // Momentary loudness looks back 0.4 s, at steps of 0.1 s.
  assert.ok(start >= 4 && start <= 4.4 && end >= 6 && end <= 6.4, `${start} to ${end}`);

  rig.replace('steps/loud_moments.py', 'round(usual, 2)', 'round(usual, 1)');
  assert.deepEqual((await rig.build(['run:clip.mp4//loud_moments'])).ran, ['loud_moments']);
});

const film = 'run:clip.mp4';
const captions = 'WEBVTT\n\n00:00.000 --> 00:02.000\nTwo words\n';

/** Status and reason by component. */
function toldBy(rig: Rig, built: BuildRun): Record<string, string> {
  const { components } = rig.manifest(built);
  return Object.fromEntries(
    components.map(({ name, status, error_code }) => [name, error_code ?? status] as const),
  );
}

function failuresRig(): Rig {
  const rig = exampleRig('failures');
  makeFilm(rig.path('clip.mp4'));
  return rig;
}

test('captions that are optional and wrong leave a run partial, and flow heal fills exactly its holes', async () => {
  using rig = failuresRig();
  const broken = await rig.build([film]);
  assert.equal(broken.status, 0, broken.stderr);
  const before = rig.manifest(broken);
  assert.equal(before.run.status, 'partial');
  assert.equal(toldBy(rig, broken).captions, 'rule_failed');
  assert.equal(toldBy(rig, broken).caption_words, 'skipped');
  const [skipped] = before.components.filter(({ name }) => name === 'caption_words');
  const told = broken.events.flatMap((event) =>
    event.type === 'component_finished' && event.component === 'caption_words' ? [event.reason] : [],
  );
  assert.deepEqual(told, ['captions failed']);
  assert.equal(skipped!.outputs.length, 0);

  rig.write('captions.vtt', captions);
  const healed = await rig.heal([film]);
  assert.equal(healed.status, 0, healed.stderr);
  const after = rig.manifest(healed);
  assert.equal(after.run.status, 'success');
  assert.deepEqual(healed.ran, ['caption_words', 'captions']);
  const holes = ['captions', 'caption_words'];
  const sound = (manifest: Manifest): string[] =>
    manifest.components.filter(({ name }) => !holes.includes(name)).map((one) => JSON.stringify(one));
  assert.deepEqual(sound(after), sound(before));
  assert.equal(sound(after).length + holes.length, before.components.length);
  assert.equal(after.run.created_at, before.run.created_at);
});

test('captions that are required and wrong end a run, and flow heal goes on where it ended', async () => {
  using rig = failuresRig();
  const broken = await rig.build([film, '--profile', 'required']);
  assert.equal(broken.status, 1, broken.stderr);
  assert.equal(rig.manifest(broken).run.status, 'error');
  assert.equal(toldBy(rig, broken).captions, 'rule_failed');
  assert.match(broken.stderr, /the captions do not begin with WEBVTT/);

  rig.write('captions.vtt', captions);
  const healed = await rig.heal([film, '--profile', 'required']);
  assert.equal(healed.status, 0, healed.stderr);
  assert.equal(rig.manifest(healed).run.status, 'success');
  assert.ok(healed.ran.includes('captions'));
  assert.deepEqual(
    healed.ranActions.filter((action) => broken.ranActions.includes(action)),
    [],
  );
});
