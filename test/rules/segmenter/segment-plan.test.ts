import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FlowError } from '../../../engine/core/errors.ts';
import { type MediaFolder, mediaFolder, picture, x264 } from '../../engine/io/media/make-media.ts';
import { realData, realFile } from '../../real-data.ts';
import { decodeSegment, type Plan, plan } from './run-segmenter.ts';

const skip = realData === undefined ? 'no shared/data folder' : false;
const limits = { min_sec: 1, max_sec: 2 };

function digests({ segments }: Plan): string[] {
  return segments.map((segment) => segment.digest);
}

/** A film of 8 s with a keyframe every 12 frames. */
async function film(
  folder: MediaFolder,
  name: string,
  options: { rate?: string; gops?: string[] } = {},
): Promise<string> {
  const { rate = '30', gops = [] } = options;
  return folder.make(...picture({ rate, seconds: 8 }), ...x264(12, ...gops), name);
}

for (const rate of ['24', '25', '30', '30000/1001', '60']) {
  test(`a film at ${rate} keeps its digests and its decoded times when it moves from mp4 to mkv and back`, async () => {
    await using folder = await mediaFolder();
    const mp4 = await film(folder, 'f.mp4', { rate });
    const mkv = await folder.make('-i', 'f.mp4', '-c', 'copy', 'g.mkv');
    const back = await folder.make('-i', 'g.mkv', '-c', 'copy', 'h.mp4');
    const original = await plan(mp4, limits);
    const moved = await plan(mkv, limits);
    assert.ok(original.segments.length > 3);
    assert.deepEqual(digests(moved), digests(original));
    assert.deepEqual(digests(await plan(back, limits)), digests(original));
    assert.deepEqual(
      moved.segments.map((part) => part.startSec),
      original.segments.map((part) => part.startSec),
    );
    const request = { fps: 7, width: 32, height: 32 };
    const [a, b] = [
      await decodeSegment(mp4, original.segments[2]!, request),
      await decodeSegment(mkv, moved.segments[2]!, request),
    ];
    assert.deepEqual(b.times_sec, a.times_sec);
    assert.deepEqual(b.frame_indices, a.frame_indices);
    assert.ok(Buffer.from(a.rgb.data).equals(Buffer.from(b.rgb.data)));
  });
}

test('sound beside the pictures, which shifts them in mkv, changes no digest of theirs', async () => {
  await using folder = await mediaFolder();
  await folder.make(
    ...picture({ rate: '30', seconds: 8 }),
    '-f',
    'lavfi',
    '-i',
    'sine=d=8',
    ...x264(12),
    'f.mp4',
  );
  const mkv = await folder.make('-i', 'f.mp4', '-c', 'copy', 'g.mkv');
  assert.deepEqual(digests(await plan(mkv, limits)), digests(await plan(folder.path('f.mp4'), limits)));
});

test('open GOPs keep their digests when they move from mp4 to mkv', async () => {
  await using folder = await mediaFolder();
  const mp4 = await film(folder, 'f.mp4', { gops: ['open-gop=1:b-adapt=0'] });
  const mkv = await folder.make('-i', 'f.mp4', '-c', 'copy', 'g.mkv');
  assert.deepEqual(digests(await plan(mkv, limits)), digests(await plan(mp4, limits)));
});

test('appending by stream copy changes only the last segments', async () => {
  await using folder = await mediaFolder();
  await film(folder, 'a.ts');
  await folder.make('-f', 'lavfi', '-i', 'mandelbrot=s=160x90:r=30', '-t', '4', ...x264(12), 'b.ts');
  const short = await folder.make('-i', 'a.ts', '-c', 'copy', 'short.mp4');
  const long = await folder.make('-i', 'concat:a.ts|b.ts', '-c', 'copy', 'long.mp4');
  const before = digests(await plan(short, limits));
  const after = digests(await plan(long, limits));
  assert.ok(after.length > before.length);
  assert.deepEqual(after.slice(0, before.length - 2), before.slice(0, -2));
});

test('films with a common intro share its segments, even if one has something before it', async () => {
  await using folder = await mediaFolder();
  const encoder = ['-pix_fmt', 'yuv420p', ...x264(12)];
  await folder.make(...picture({ rate: '30', seconds: 16 }), ...encoder, 'intro.ts');
  await folder.make('-f', 'lavfi', '-i', 'mandelbrot=s=160x90:r=30', '-t', '4', ...encoder, 'a.ts');
  await folder.make('-f', 'lavfi', '-i', 'testsrc=s=160x90:r=30', '-t', '4', ...encoder, 'b.ts');
  const first = await folder.make('-i', 'concat:intro.ts|a.ts', '-c', 'copy', 'first.mp4');
  const second = await folder.make('-i', 'concat:b.ts|intro.ts|a.ts', '-c', 'copy', 'second.mp4');
  const intro = digests(await plan(first, limits));
  const shared = digests(await plan(second, limits)).filter((digest) => intro.includes(digest));
  assert.ok(shared.length >= intro.length / 2, `${shared.length} of ${intro.length} are shared`);
});

test('turning a film changes its digests', async () => {
  await using folder = await mediaFolder();
  const flat = await film(folder, 'f.mp4');
  const turned = await folder.make('-i', 'f.mp4', '-c', 'copy', '-metadata:s:v', 'rotate=180', 'g.mp4');
  const unturned = new Set(digests(await plan(flat, limits)));
  assert.ok(digests(await plan(turned, limits)).every((digest) => !unturned.has(digest)));
});

test('sound alone has no segments, and the metadata says so', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make('-f', 'lavfi', '-i', 'sine=d=2:r=16000', 'f.wav');
  const { metadata, segments, audio } = await plan(path);
  assert.deepEqual(segments, []);
  assert.deepEqual(
    [metadata.has_video, metadata.has_audio, metadata.width, metadata.fps],
    [false, true, null, null],
  );
  assert.ok(Math.abs(metadata.duration_sec - 2) < 0.1);
  assert.deepEqual([audio?.sample_rate, audio?.channels], [16000, 1]);
});

test('a cover picture is not a film', async () => {
  await using folder = await mediaFolder();
  await folder.make(...picture({ seconds: 1 }), '-frames:v', '1', 'cover.png');
  await folder.make('-f', 'lavfi', '-i', 'sine=d=1', 'f.mp3');
  const path = await folder.make(
    '-i',
    'f.mp3',
    '-i',
    'cover.png',
    '-map',
    '0',
    '-map',
    '1',
    '-c:v',
    'copy',
    '-disposition:v',
    'attached_pic',
    'g.mp3',
  );
  assert.equal((await plan(path)).metadata.has_video, false);
});

test('a minimum above the maximum is refused', async () => {
  await assert.rejects(plan('none', { min_sec: 5, max_sec: 4 }), /is above max_sec/);
});

interface Expected {
  readonly frames: number;
  readonly size: [number, number];
  readonly hasAudio: boolean;
  readonly isVfr?: boolean;
  readonly fps?: number;
}

const films: Record<string, Expected> = {
  'friday.mp4': { frames: 185, size: [640, 480], hasAudio: true, fps: 30 },
  'learn.mkv': { frames: 61, size: [640, 480], hasAudio: false, fps: 30 },
  'bottle-detection.mp4': { frames: 1189, size: [640, 360], hasAudio: false, fps: 29.833333 },
  'car-detection.mp4': { frames: 377, size: [768, 432], hasAudio: true, fps: 12.5 },
  'one-by-one-person-detection.mp4': { frames: 1394, size: [768, 432], hasAudio: false, fps: 10 },
  'big_buck_bunny_0_30.webm': { frames: 720, size: [1280, 720], hasAudio: true, fps: 24 },
  'nasa_13013.mp4': { frames: 325, size: [320, 180], hasAudio: true, fps: 25 },
  'bikes.mp4': { frames: 250, size: [640, 272], hasAudio: false, fps: 25 },
  'auto-editor-example.mp4': { frames: 1272, size: [1280, 720], hasAudio: true, fps: 30 },
  'flower.mp4': { frames: 150, size: [960, 540], hasAudio: true, fps: 29.97003 },
  'fades.mp4': { frames: 250, size: [480, 320], hasAudio: false, fps: 25 },
  'video_desks.3gp': { frames: 71, size: [384, 288], hasAudio: true, isVfr: true },
  'cursed-vfr.mp4': { frames: 63, size: [3026, 1386], hasAudio: false, isVfr: true },
  'roadtrip-vp92-10bit.webm': { frames: 72, size: [426, 240], hasAudio: false, fps: 23.976024 },
  'video_90.mov': { frames: 3, size: [320, 568], hasAudio: false, fps: 30 },
  'no_duration.webm': { frames: 74, size: [1280, 720], hasAudio: true },
  'webm.webm': { frames: 1, size: [8, 8], hasAudio: false },
  'corrupted.mp4': { frames: 50, size: [1280, 720], hasAudio: false, fps: 10 },
};

for (const [name, expected] of Object.entries(films)) {
  test(`${name} is described as it is`, { skip }, async () => {
    const { metadata, segments } = await plan(realFile(`videos/${name}`));
    assert.deepEqual(
      { frames: metadata.frame_count, size: [metadata.width, metadata.height], hasAudio: metadata.has_audio },
      { frames: expected.frames, size: expected.size, hasAudio: expected.hasAudio },
    );
    if (expected.fps !== undefined) assert.deepEqual([metadata.fps, metadata.is_vfr], [expected.fps, false]);
    if (expected.isVfr !== undefined) assert.equal(metadata.is_vfr, expected.isVfr);
    assert.equal(
      segments.reduce((sum, part) => sum + part.framePts.length, 0),
      expected.frames,
    );
    assert.ok(segments.every((part) => part.durationSec > 0));
  });
}

test('a container without streams is unsupported_media and says so', { skip }, async () => {
  await assert.rejects(plan(realFile('videos/Mpeg4.mp4')), (error: FlowError) => {
    assert.match(error.message, /^Cannot use ".*Mpeg4\.mp4": it holds no streams\.$/);
    return error.code === 'unsupported_media';
  });
});
