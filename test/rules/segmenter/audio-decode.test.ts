import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FfmpegMedia } from '../../../engine/io/media/ffmpeg-media.ts';
import { mediaFolder, picture, x264 } from '../../engine/io/media/make-media.ts';
import { realData, realFile } from '../../real-data.ts';
import { decodeSound, type Notes, plan } from './run-segmenter.ts';

const native = { sample_rate: 'native', channels: 'native' } as const;
const skip = realData === undefined ? 'no shared/data folder' : false;

test('a film without sound is empty, with a reason and no samples', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make(...picture({ seconds: 1 }), ...x264(20), 'f.mp4');
  const notes: Notes = { warnings: [], emptyReasons: [] };
  const asked = { sample_rate: 16_000, channels: 1 };
  const { samples, sample_rate } = await decodeSound(path, await plan(path), asked, notes);
  assert.deepEqual(samples.shape, [0, 1]);
  assert.deepEqual([...sample_rate.data], [16_000]);
  assert.deepEqual(notes.emptyReasons, ['no audio stream']);
});

test('sound comes at the rate and with the channels that are asked for', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make('-f', 'lavfi', '-i', 'sine=d=1:r=44100', '-ac', '2', 'f.wav');
  const planned = await plan(path);
  const mono = await decodeSound(path, planned, { sample_rate: 16_000, channels: 1 });
  assert.ok(Math.abs(mono.samples.shape[0]! - 16_000) <= 1);
  const own = await decodeSound(path, planned, native);
  assert.deepEqual([own.samples.shape, [...own.sample_rate.data]], [[44_100, 2], [44_100]]);
});

/** A film whose sound is a single click; where it is, relative to the first picture. */
async function clickSec(args: { file: string; before?: string[] }): Promise<number> {
  await using folder = await mediaFolder();
  const click = "aevalsrc='between(t,1,1.001)':s=48000:d=2";
  await folder.make(...picture({ seconds: 2 }), ...x264(20), 'pictures.mp4');
  await folder.make('-f', 'lavfi', '-i', click, 'click.wav');
  const path = await folder.make(
    '-i',
    'pictures.mp4',
    ...(args.before ?? []),
    '-i',
    'click.wav',
    '-map',
    '0',
    '-map',
    '1',
    '-c:v',
    'copy',
    args.file,
  );
  const asked = { sample_rate: 'native', channels: 1 } as const;
  const { samples, sample_rate, start_sec } = await decodeSound(path, await plan(path), asked);
  const loudest = samples.data.reduce(
    (best, value, index) => (Math.abs(value) > Math.abs(samples.data[best]!) ? index : best),
    0,
  );
  return start_sec.data[0]! + loudest / sample_rate.data[0]!;
}

function assertNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 0.003, `${actual} is not ${expected}`);
}

for (const file of ['f.mp4', 'f.mkv', 'f.mov', 'f.ts']) {
  test(`a click of one second into the film is there: ${file}`, async () => {
    assertNear(await clickSec({ file }), 1);
  });
}

test('sound that starts late or early is where it belongs', async () => {
  assertNear(await clickSec({ file: 'f.mp4', before: ['-itsoffset', '0.5'] }), 1.5);
  assertNear(await clickSec({ file: 'f.mkv', before: ['-itsoffset', '0.5'] }), 1.5);
  assertNear(await clickSec({ file: 'f.mkv', before: ['-itsoffset', '-0.5'] }), 0.5);
});

const realFilms = [
  'friday.mp4',
  'car-detection.mp4',
  'flower.mp4',
  'big_buck_bunny_0_30.webm',
  'no_duration.webm',
  'video_desks.3gp',
];

test('what the plan tells of a sound is what its file tells', { skip }, async () => {
  for (const name of realFilms) {
    const path = realFile(`videos/${name}`);
    const { samples, start_sec } = await decodeSound(path, await plan(path), native);
    const asked = { path, sampleRate: 'native', channels: 'native' } as const;
    const read = await new FfmpegMedia().decodePcm(asked, new AbortController().signal);
    assert.deepEqual([start_sec.data[0], samples.data], [read.startSec, read.samples], name);
  }
});

test('each sound of the real films decodes to about the length of the film', { skip }, async () => {
  for (const name of realFilms) {
    const path = realFile(`videos/${name}`);
    const planned = await plan(path);
    const { samples, start_sec } = await decodeSound(path, planned, { sample_rate: 16_000, channels: 1 });
    const endSec = start_sec.data[0]! + samples.shape[0]! / 16_000;
    assert.ok(
      Math.abs(endSec - planned.metadata.duration_sec) < 0.3,
      `${name}: ${endSec} against ${planned.metadata.duration_sec}`,
    );
  }
});
