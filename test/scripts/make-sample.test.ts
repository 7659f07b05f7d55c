import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { promisify } from 'node:util';
import { makeSample } from '../../scripts/make_sample.ts';
import { decodeAudio, ffmpeg } from '../../scripts/sample/ffmpeg.ts';
import { measureLoudness } from '../../scripts/sample/sound.ts';
import { type FilmFolder, sampleFilm } from '../sample-film.ts';

const run = promisify(execFile);

let film: FilmFolder;
let luma: Uint8Array[];
let samples: Float32Array;

before(async () => {
  film = await sampleFilm();
  luma = await decodeLuma('sample.mp4', small);
  samples = await decodeAudio(['-i', join(film.dir, 'sample.mp4')]);
});

test('the film has as many frames as the truth says', () => {
  assert.equal(luma.length, film.truth.film.frames);
  assert.equal(samples.length, film.truth.film.duration_sec * film.truth.film.sample_rate);
});

test('the pictures change most at the hard cuts and at the edges of the flash', () => {
  const hard = film.truth.cuts.filter(({ type }) => type === 'hard').map(({ frame }) => frame);
  const flashes = film.truth.flashes.flatMap(({ start_frame, end_frame }) => [start_frame, end_frame]);
  const expected = [...hard, ...flashes].sort((a, b) => a - b);
  const changes = luma.map((picture, index) => difference(picture, luma[index - 1] ?? picture));
  const largest = [...changes.keys()].sort((a, b) => changes[b]! - changes[a]!).slice(0, expected.length);
  assert.deepEqual(
    largest.sort((a, b) => a - b),
    expected,
  );
});

test('motion inside a shot changes the picture less than half as much as the least hard cut', () => {
  const cuts = film.truth.cuts.filter(({ type }) => type === 'hard');
  const least = Math.min(...cuts.map(({ frame }) => difference(luma[frame]!, luma[frame - 1]!)));
  for (const frame of framesInsideShots()) {
    assert(difference(luma[frame]!, luma[frame - 1]!) < least / 2, `frame ${frame}`);
  }
});

test('the similar pair has one brightness and yet a cut', () => {
  const cut = film.truth.cuts.find(({ remark }) => remark !== undefined)!;
  assert(Math.abs(mean(luma[cut.frame]!) - mean(luma[cut.frame - 1]!)) < 5);
  assert(difference(luma[cut.frame]!, luma[cut.frame - 1]!) > 50);
});

test('the fades begin, darken and end at their frames', () => {
  const out = cutOf('fade_out');
  const into = cutOf('fade_in');
  const brightness = luma.map(mean);
  assert(Math.abs(brightness[out.start]! - brightness[out.start - 1]!) < 1);
  assertMonotone(brightness.slice(out.start, out.end + 1), -1);
  assert.deepEqual(new Set(brightness.slice(out.end, into.start + 1)), new Set([0]));
  assert(brightness[out.end - 1]! > 0 && brightness[into.start + 1]! > 0);
  assertMonotone(brightness.slice(into.start, into.end + 1), 1);
  assert(Math.abs(brightness[into.end]! - brightness[into.end + 1]!) < 1.5);
});

test('the dissolve is halfway at its middle', () => {
  const { start, end, frame } = cutOf('dissolve');
  const brightness = luma.map(mean);
  assertMonotone(brightness.slice(start, end + 1), 1);
  assert(Math.abs(brightness[frame]! - (brightness[start]! + brightness[end]!) / 2) < 3);
});

test('the flash is white, and the same shot goes on after it', () => {
  for (const { start_frame, end_frame } of film.truth.flashes) {
    assert(luma.slice(start_frame, end_frame).every((picture) => mean(picture) > 250));
    assert(difference(luma[start_frame - 1]!, luma[end_frame]!) < 10);
  }
});

test('each text appears at its first frame and is gone at its end', () => {
  for (const { string, start_frame, end_frame } of film.truth.text) {
    const white = (frame: number): number => luma[frame]!.filter((value) => value > 200).length;
    assert(white(start_frame) > white(start_frame - 1) + 50, string);
    assert(white(end_frame - 1) > white(end_frame) + 50, string);
  }
});

test('every click begins within a millisecond of its time', () => {
  const { film: facts, click_times_sec } = film.truth;
  for (const time of click_times_sec) {
    const at = Math.round(time * facts.sample_rate);
    const around = samples.subarray(at - facts.sample_rate / 50, at + facts.sample_rate / 50);
    const offset = around.findIndex((sample) => Math.abs(sample) > 0.15) - facts.sample_rate / 50;
    assert(
      offset >= 0 && offset < facts.sample_rate / 1000,
      `click at ${time} s is off by ${offset} samples`,
    );
  }
});

test('clicks keep the tempo for at least 15 seconds', () => {
  const { click_times_sec: times, tempo_bpm, tempo_span } = film.truth;
  for (const [index, time] of times.slice(1).entries()) assert.equal(time - times[index]!, 60 / tempo_bpm);
  assert(tempo_span.end_sec - tempo_span.start_sec >= 15);
});

test('the film is digitally silent in its silence, to 30 ms, and nowhere else', () => {
  const { silence, film: facts } = film.truth;
  const [{ start_sec, end_sec }] = silence as [(typeof silence)[number]]; // one is all that the film has
  const inside = (time: number, margin: number): boolean =>
    time > start_sec + margin && time < end_sec - margin;
  for (const time of range(0, 100 * facts.duration_sec).map((window) => window / 100)) {
    const level = rms(time, time + 0.01);
    if (inside(time, 0.03) && inside(time + 0.01, 0.03)) assert.equal(level, 0, `at ${time} s`);
    if (!inside(time, -0.05)) assert(level > 10 ** (-50 / 20), `at ${time} s`);
  }
});

test('the voice is heard from its start to its end', () => {
  const { start_sec, end_sec } = film.truth.speech;
  const before = rms(start_sec - 0.5, start_sec);
  assert(rms(start_sec, end_sec) > 5 * before);
  assert(rms(start_sec, start_sec + 0.1) > 1.5 * before);
  assert(rms(end_sec - 0.15, end_sec) > 1.5 * before);
  assert(rms(end_sec, end_sec + 0.5) < 1.05 * before);
});

test('two meters agree on the loudness, and both are near the target', async () => {
  const { integrated_lufs, integrated_lufs_loudnorm, target_lufs } = film.truth;
  assert(Math.abs(integrated_lufs - integrated_lufs_loudnorm) < 0.1);
  assert(Math.abs(integrated_lufs - target_lufs) < 0.1);
  const again = await measureLoudness(join(film.dir, 'sample-rotated.mp4'));
  assert.deepEqual(again, { ebur128Lufs: integrated_lufs, loudnormLufs: integrated_lufs_loudnorm });
});

test('key frames stand at the interval that the truth states, with B-frames between', async () => {
  const packets = await probe('sample.mp4', 'packet=pts_time,dts_time,flags');
  const keys = packets.filter((line) => line.includes('K')).map((line) => Number(line.split(',')[0]));
  assert.deepEqual(
    keys,
    keys.map((_, index) => index * film.truth.film.keyframe_interval_sec),
  );
  assert(packets.some((line) => line.split(',')[0] !== line.split(',')[1]));
});

test('the rotated film shows upright what the portrait film shows, and is stored lying', async () => {
  const upright = await decodeLuma('sample-portrait.mp4', tall);
  const rotated = await decodeLuma('sample-rotated.mp4', tall);
  assert.equal(rotated.length, upright.length);
  for (const [frame, picture] of rotated.entries())
    assert(difference(picture, upright[frame]!) < 4, `frame ${frame}`);
  assert.deepEqual(await probe('sample-rotated.mp4', 'stream=width,height'), ['512,288']);
  assert.deepEqual(await probe('sample-portrait.mp4', 'stream=width,height'), ['288,512']);
});

test('the portrait film has its hard cuts at the same frames', async () => {
  const upright = await decodeLuma('sample-portrait.mp4', tall);
  for (const { frame, type } of film.truth.cuts) {
    if (type === 'hard') assert(difference(upright[frame]!, upright[frame - 1]!) > 40, `frame ${frame}`);
  }
});

test('the silent film has the same video packets and no audio', async () => {
  const digest = async (name: string): Promise<string> => {
    const copy = ['-map', '0:v', '-c', 'copy', '-f', 'md5', '-'];
    return (await ffmpeg(['-v', 'error', '-i', join(film.dir, name), ...copy])).stdout.toString();
  };
  assert.equal(await digest('sample-silent.mp4'), await digest('sample.mp4'));
  await assert.rejects(decodeAudio(['-i', join(film.dir, 'sample-silent.mp4')]));
});

test('a second making gives the same bytes, leaves other files alone, and a third does nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'flow-make-sample-'));
  try {
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await writeFile(join(folder, 'truth.json'), JSON.stringify(film.truth)); // right, but its films are not there
    assert.equal((await makeSample(folder)).isNew, true);
    for (const name of ['truth.json', ...film.truth.variants.map(({ file }) => file)]) {
      assert((await readFile(join(folder, name))).equals(await readFile(join(film.dir, name))), name);
    }
    assert.equal(await readFile(join(folder, 'notes.txt'), 'utf8'), 'mine');
    assert.equal((await makeSample(folder)).isNew, false);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('without ffmpeg or fontconfig the script says what to install', async () => {
  await checkMissing({ present: 'fc-match' }, 'Install ffmpeg 5.1 or later');
  await checkMissing({ present: 'ffmpeg' }, 'Install the packages fontconfig and fonts-dejavu-core');
});

async function checkMissing({ present }: { present: string }, expected: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'flow-make-sample-'));
  try {
    const found = await run('/bin/sh', ['-c', `command -v ${present}`]);
    await symlink(found.stdout.trim(), join(folder, present));
    const script = join(import.meta.dirname, '../../scripts/make_sample.ts');
    const made = run(process.execPath, [script, '--out', join(folder, 'film')], { env: { PATH: folder } });
    await assert.rejects(made, ({ code, stderr }) => code === 1 && stderr.includes(expected));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const small = { width: 160, height: 90 };
const tall = { width: 90, height: 160 };

/** Pictures of the film as shown upright, luma alone in full range, shrunk to the given size. */
async function decodeLuma(name: string, { width, height }: typeof small): Promise<Uint8Array[]> {
  const shrink = ['-vf', `scale=${width}:${height}:flags=area`, '-pix_fmt', 'gray', '-f', 'rawvideo', '-'];
  const { stdout } = await ffmpeg(['-v', 'error', '-i', join(film.dir, name), ...shrink]);
  const pixels = width * height;
  return Array.from({ length: stdout.length / pixels }, (_, frame) =>
    stdout.subarray(frame * pixels, (frame + 1) * pixels),
  );
}

async function probe(name: string, entries: string): Promise<string[]> {
  const args = ['-v', 'error', '-select_streams', 'v', '-show_entries', entries, '-of', 'csv=p=0'];
  const { stdout } = await run('ffprobe', [...args, join(film.dir, name)]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().replace(/,$/, ''));
}

/** Frames whose predecessor belongs to the same shot, without flashes and their ends. */
function framesInsideShots(): number[] {
  const { shots, flashes } = film.truth;
  return shots
    .flatMap(({ start_frame, end_frame }) => range(start_frame + 1, end_frame))
    .filter((frame) =>
      flashes.every(({ start_frame, end_frame }) => frame < start_frame || frame > end_frame),
    );
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

function cutOf(type: string): { frame: number; start: number; end: number } {
  const { film: facts, cuts } = film.truth;
  const { frame, start_sec, end_sec } = cuts.find((cut) => cut.type === type)!;
  return { frame, start: Math.round(start_sec! * facts.fps), end: Math.round(end_sec! * facts.fps) };
}

function assertMonotone(values: readonly number[], sign: 1 | -1): void {
  for (const [index, value] of values.slice(1).entries())
    assert((value - values[index]!) * sign > 0, `step ${index}`);
}

/** Mean of the absolute differences of two pictures, 0 to 255. */
function difference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, index) => sum + Math.abs(value - b[index]!), 0) / a.length;
}

function mean(picture: Uint8Array): number {
  return picture.reduce((sum, value) => sum + value, 0) / picture.length;
}

function rms(fromS: number, toS: number): number {
  const { sample_rate } = film.truth.film;
  const part = samples.subarray(Math.round(fromS * sample_rate), Math.round(toS * sample_rate));
  return Math.sqrt(part.reduce((sum, sample) => sum + sample * sample, 0) / part.length);
}
