/** The examples of docs/examples/, used as their reader would. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'node:test';
import { Rig } from './rig.ts';

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
