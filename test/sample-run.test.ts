/** The main job on the sample film, held against what is known of it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { NdArray } from '../engine/core/nd-array.ts';
import { readNpz } from '../engine/core/npz.ts';
import { type BuildRun, Rig } from './rig.ts';
import { sampleFilm } from './sample-film.ts';

const sampledFrameSec = 1 / 30; // cut_detection's rate in the default profile.

const rig = new Rig();
let film: Awaited<ReturnType<typeof sampleFilm>>;
let run: BuildRun;

before(async () => {
  film = await sampleFilm();
  run = await rig.build([`run:${join(film.dir, 'sample.mp4')}`, '--stage', 'baseline']);
});
after(() => rig[Symbol.dispose]());

function arrays(of: BuildRun, path: string): Record<string, NdArray> {
  const [manifest] = of.summary.runs.flatMap((one) => one.manifest ?? []);
  return readNpz(readFileSync(join(dirname(manifest!), path)));
}

function numbers(array: NdArray | undefined): number[] {
  return [...(array!.data as Float64Array)];
}

test('every component of the baseline ends in success', () => {
  assert.equal(run.status, 0, run.stderr);
  assert.equal(run.summary.runs[0]!.status, 'success');
  const statuses = rig.manifest(run).components.map(({ name, status }) => `${name} ${status}`);
  assert.ok(statuses.length >= 8);
  assert.deepEqual(
    statuses.filter((line) => !line.endsWith('success')),
    [],
  );
});

for (const name of ['sample.mp4', 'sample-portrait.mp4', 'sample-rotated.mp4']) {
  test(`every cut of ${name} is found within one sampled frame, and no false one`, async () => {
    const of = name === 'sample.mp4' ? run : await rig.build([`run:${join(film.dir, name)}//cut_detection`]);
    assert.equal(of.status, 0, of.stderr);
    const cuts = arrays(of, 'cut_detection/cuts.npz');
    const found = numbers(cuts.times_sec).map((timeSec, index) => ({
      timeSec,
      type: String(cuts.types!.data[index]),
    }));
    assert.deepEqual(
      found.map(({ type }) => type),
      film.truth.cuts.map(({ type }) => type),
    );
    for (const [index, { timeSec, type }] of found.entries()) {
      const { time_sec, start_sec = time_sec, end_sec = time_sec } = film.truth.cuts[index]!;
      const isWithin = timeSec >= start_sec - sampledFrameSec && timeSec <= end_sec + sampledFrameSec;
      assert.ok(isWithin, `${type} at ${timeSec}, truly ${start_sec} to ${end_sec}`);
    }
  });
}

test('the shots tile the film', () => {
  const { start_sec, end_sec } = arrays(run, 'cut_detection/shots.npz');
  const [starts, ends] = [numbers(start_sec), numbers(end_sec)];
  assert.equal(starts[0], 0);
  assert.ok(Math.abs(ends.at(-1)! - film.truth.film.duration_sec) < 0.05);
  assert.deepEqual(starts.slice(1), ends.slice(0, -1));
});

test('the integrated loudness is within 0.2 LU of the truth', () => {
  const [measured] = numbers(arrays(run, 'loudness_extractor/loudness.npz').integrated_lufs);
  assert.ok(
    Math.abs(measured! - film.truth.integrated_lufs) <= 0.2,
    `${measured}, truly ${film.truth.integrated_lufs}`,
  );
});

test('the silence is found within 0.1 s, and no other', () => {
  const { silence_start_sec, silence_end_sec } = arrays(run, 'loudness_extractor/loudness.npz');
  const truth = film.truth.silence;
  const starts = numbers(silence_start_sec);
  assert.equal(starts.length, truth.length, `silences start at ${starts}`);
  for (const [index, span] of truth.entries()) {
    assert.ok(
      Math.abs(starts[index]! - span.start_sec) <= 0.1,
      `starts at ${starts[index]}, truly ${span.start_sec}`,
    );
    const end = numbers(silence_end_sec)[index]!;
    assert.ok(Math.abs(end - span.end_sec) <= 0.1, `ends at ${end}, truly ${span.end_sec}`);
  }
});

test('the tempo is within 2 % of the truth, and its beats are the clicks', () => {
  const tempo = arrays(run, 'tempo_extractor/tempo.npz');
  const [bpm] = numbers(tempo.tempo_bpm);
  assert.ok(Math.abs(bpm! / film.truth.tempo_bpm - 1) <= 0.02, `${bpm} BPM, truly ${film.truth.tempo_bpm}`);
});

test('a second build is up to date, and a third with events runs nothing', async () => {
  const words = ['build', `run:${join(film.dir, 'sample.mp4')}`, '--stage', 'baseline'];
  await rig.flow(words);
  const again = await rig.flow(words);
  assert.match(again.stdout, /^up to date/);
  assert.deepEqual((await rig.build(words.slice(1))).ran, []);
});
