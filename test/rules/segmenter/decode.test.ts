import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { Segment } from '../../../engine/core/kind.ts';
import { FfmpegMedia } from '../../../engine/io/media/ffmpeg-media.ts';
import { toSeconds } from '../../../rules/segmenter/frame-times.ts';
import { mediaFolder, picture, plainDecode, x264 } from '../../engine/io/media/make-media.ts';
import { realData, realFile } from '../../real-data.ts';
import { decodeSegment, type Notes, plan } from './run-segmenter.ts';

const everyFrame = 100_000; // Samples a second: more than any film has frames.
const skip = realData === undefined ? 'no shared/data folder' : false;

/** Decodes a film by segments and holds it against a plain decode of the whole, bit by bit. */
async function checkTruth(path: string, options: { segments: number; max_sec?: number }): Promise<Segment[]> {
  const { max_sec = 1 } = options;
  const { segments } = await plan(path, { min_sec: max_sec / 2, max_sec });
  assert.ok(segments.length >= options.segments, `${segments.length} segments are too few to show anything`);
  const notes: Notes = { warnings: [], emptyReasons: [] };
  const pieces: Uint8Array[] = [];
  let size = { width: 0, height: 0 };
  for (const segment of segments) {
    const { rgb, frame_indices } = await decodeSegment(path, segment, { fps: everyFrame, ...box }, notes);
    assert.deepEqual([...frame_indices.data], [...segment.framePts.keys()]);
    assert.equal(rgb.shape[0], segment.framePts.length);
    size = { width: rgb.shape[2]!, height: rgb.shape[1]! };
    pieces.push(rgb.data);
  }
  assert.deepEqual(notes.warnings, []);
  const bySegments = Buffer.concat(pieces);
  const plain = await plainDecode(path, size);
  assert.equal(bySegments.length, plain.length);
  assert.ok(bySegments.equals(plain), `frame ${firstDifference(bySegments, plain, size)} differs`);
  return [...segments];
}

const box = { width: 64, height: 48 };

function firstDifference(a: Buffer, b: Buffer, { width, height }: { width: number; height: number }): number {
  return Math.floor(a.findIndex((byte, index) => byte !== b[index]) / (width * height * 3));
}

const openGops = x264(20, 'open-gop=1:b-adapt=0');

const films: readonly { name: string; args: string[] }[] = [
  { name: 'closed GOPs with B-frames, mp4', args: [...picture(), ...x264(20), 'f.mp4'] },
  { name: 'closed GOPs with B-frames, mkv', args: [...picture(), ...x264(20), 'f.mkv'] },
  { name: 'closed GOPs with B-frames, mpegts', args: [...picture(), ...x264(20), 'f.ts'] },
  { name: 'closed GOPs with B-frames, flv', args: [...picture(), ...x264(20), 'f.flv'] },
  { name: 'open GOPs, mp4', args: [...picture(), ...openGops, 'f.mp4'] },
  { name: 'open GOPs, mkv', args: [...picture(), ...openGops, 'f.mkv'] },
  { name: 'open GOPs, mpegts', args: [...picture(), ...openGops, 'f.ts'] },
  {
    name: 'deep reordering at a low rate, mpegts',
    args: [...picture({ rate: '5', seconds: 12 }), ...x264(8), 'f.ts'],
  },
  { name: 'all frames key, mkv', args: [...picture(), ...x264(1), 'f.mkv'] },
  {
    name: 'HEVC with open GOPs',
    args: [
      ...picture(),
      '-c:v',
      'libx265',
      '-x265-params',
      'keyint=20:min-keyint=20:scenecut=0:open-gop=1:log-level=error',
      'f.mp4',
    ],
  },
  {
    name: 'VP9',
    args: [
      ...picture(),
      '-c:v',
      'libvpx-vp9',
      '-g',
      '20',
      '-deadline',
      'realtime',
      '-cpu-used',
      '8',
      'f.webm',
    ],
  },
  {
    name: 'VP9 with hidden frames',
    args: [
      ...picture(),
      '-c:v',
      'libvpx-vp9',
      '-g',
      '25',
      '-auto-alt-ref',
      '1',
      '-lag-in-frames',
      '16',
      '-b:v',
      '200k',
      '-cpu-used',
      '5',
      'f.webm',
    ],
  },
  {
    name: 'VP8',
    args: [
      ...picture(),
      '-c:v',
      'libvpx',
      '-g',
      '20',
      '-auto-alt-ref',
      '1',
      '-lag-in-frames',
      '10',
      '-cpu-used',
      '5',
      'f.webm',
    ],
  },
  {
    name: 'MPEG-4 part 2 with B-frames',
    args: [...picture(), '-c:v', 'mpeg4', '-g', '12', '-bf', '2', 'f.mp4'],
  },
  {
    name: 'MPEG-2 in a program stream',
    args: [...picture(), '-c:v', 'mpeg2video', '-g', '12', '-bf', '2', 'f.mpg'],
  },
  { name: 'MJPEG in AVI', args: [...picture(), '-c:v', 'mjpeg', 'f.avi'] },
  {
    name: 'a variable frame rate',
    args: [
      ...picture(),
      '-vf',
      "select='not(mod(n,3))+not(mod(n,7))+lt(mod(n,20),2)'",
      '-fps_mode',
      'passthrough',
      '-enc_time_base',
      '1/90000',
      ...x264(8),
      'f.mp4',
    ],
  },
  { name: 'pixels that are not square', args: [...picture(), '-vf', 'setsar=4/3', ...x264(20), 'f.mp4'] },
  { name: 'odd sizes', args: [...picture({ size: '161x91' }), '-pix_fmt', 'yuv444p', ...x264(20), 'f.mp4'] },
  { name: 'a late start', args: [...picture(), '-output_ts_offset', '3.7', ...x264(20), 'f.mkv'] },
  { name: 'ten bits', args: [...picture(), '-pix_fmt', 'yuv420p10le', ...x264(20), 'f.mp4'] },
  { name: 'fragments', args: [...picture(), ...x264(20), '-movflags', '+frag_keyframe+empty_moov', 'f.mp4'] },
  { name: 'sound beside it', args: [...picture(), '-f', 'lavfi', '-i', 'sine=d=4', ...x264(20), 'f.mp4'] },
];

for (const { name, args } of films) {
  test(`segments give the frames of the whole film: ${name}`, async () => {
    await using folder = await mediaFolder();
    await checkTruth(await folder.make(...args), { segments: 3 });
  });
}

test('segments give the frames of the whole film: turned pictures', async () => {
  await using folder = await mediaFolder();
  await folder.make(...picture(), ...x264(20), 'flat.mp4');
  const path = await folder.make('-i', 'flat.mp4', '-c', 'copy', '-metadata:s:v', 'rotate=90', 'f.mp4');
  const [first] = await checkTruth(path, { segments: 3 });
  assert.deepEqual([first!.width, first!.height], [90, 160]);
});

test('segments give the frames of the whole film: a start cut off by an edit list', async () => {
  await using folder = await mediaFolder();
  await folder.make(...picture(), ...x264(20), 'whole.mp4');
  const path = await folder.make('-ss', '0.5', '-i', 'whole.mp4', '-c', 'copy', 'f.mp4');
  const [first] = await checkTruth(path, { segments: 3 });
  assert.ok(!first!.keyframes.includes(0), 'the first frame shown is no keyframe, or the case is not tested');
});

test('the open GOPs of these tests are really open', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make(...picture(), ...openGops, 'f.mp4');
  const { segments } = await plan(path, { min_sec: 0.5, max_sec: 1 });
  const media = new FfmpegMedia();
  const signal = new AbortController().signal;
  const { video } = await media.scanPackets(path, signal);
  const packets = video!.packets;
  const keyframe = packets.findIndex((packet, index) => index > 0 && packet.isKeyframe);
  assert.ok(packets[keyframe + 1]!.pts < packets[keyframe]!.pts);
  assert.equal(segments[1]!.startPts, packets[keyframe]!.pts);
});

for (const name of [
  'friday.mp4',
  'bikes.mp4',
  'cursed-vfr.mp4',
  'roadtrip-vp92-10bit.webm',
  'video_90.mov',
  'video_desks.3gp',
  'no_duration.webm',
  'big_buck_bunny_0_30.webm',
  'fades.mp4',
  'webm.webm',
  'learn.mkv',
  'nasa_13013.mp4',
]) {
  test(`segments give the frames of the whole film: ${name}`, { skip }, async () => {
    await checkTruth(realFile(`videos/${name}`), { segments: 1, max_sec: 4 });
  });
}

test('the sample at t is the last frame shown at or before t', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make(...picture({ rate: '30' }), ...x264(30), 'f.mp4');
  const { segments } = await plan(path, { min_sec: 2, max_sec: 2 });
  const { frame_indices, times_sec } = await decodeSegment(path, segments[1]!, { fps: 4, ...box });
  assert.deepEqual([...frame_indices.data], [0, 7, 15, 22, 30, 37, 45, 52]);
  assert.deepEqual(
    [...times_sec.data],
    [0, 7, 15, 22, 30, 37, 45, 52].map((frame) => frame / 30),
  );
});

test('keyframes only gives the keyframes, as the whole film shows them', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make(...picture(), ...openGops, 'f.mp4');
  const { segments } = await plan(path, { min_sec: 2, max_sec: 2.5 });
  const keys = await decodeSegment(path, segments[0]!, { fps: 'keyframes', ...box });
  assert.deepEqual([...keys.frame_indices.data], segments[0]!.keyframes);
  const all = await plainDecode(path, { width: keys.rgb.shape[2]!, height: keys.rgb.shape[1]! });
  const frameBytes = keys.rgb.shape[1]! * keys.rgb.shape[2]! * 3;
  for (const [position, frame] of segments[0]!.keyframes.entries()) {
    const shown = keys.rgb.data.subarray(position * frameBytes, (position + 1) * frameBytes);
    assert.deepEqual(Buffer.from(shown), all.subarray(frame * frameBytes, (frame + 1) * frameBytes));
  }
});

test('a damaged film gives what can be decoded, and a warning', { skip }, async () => {
  const path = realFile('videos/corrupted.mp4');
  const { segments } = await plan(path);
  const notes: Notes = { warnings: [], emptyReasons: [] };
  const { rgb, frame_indices } = await decodeSegment(path, segments[0]!, { fps: everyFrame, ...box }, notes);
  assert.equal(segments[0]!.framePts.length, 50);
  assert.equal(rgb.shape[0], 49);
  assert.equal(new Set(frame_indices.data).size, 49);
  assert.match(notes.warnings.join(), /^1 of 50 frames are damaged/);
});

test('a film of which nothing can be decoded is decode_failed', { skip }, async () => {
  const path = realFile('videos/invalid-bitstream.webm');
  const { segments } = await plan(path);
  await assert.rejects(decodeSegment(path, segments[0]!, { fps: 4, ...box }), (error: Error) => {
    assert.match(error.message, /Cannot decode ".*invalid-bitstream\.webm"/);
    return (error as Error & { code: string }).code === 'decode_failed';
  });
});

test('the times of nasa_13013.mp4 are those that are listed for it', { skip }, async () => {
  const path = realFile('videos/nasa_13013.mp4');
  const listed = JSON.parse(await readFile(`${path}.stream0.all_frames_info.json`, 'utf8')) as {
    pts_time: string;
  }[];
  const { segments } = await plan(path, { min_sec: 1, max_sec: 2 });
  const timesSec = segments.flatMap(({ startPts, framePts, timeBase }) =>
    framePts.map((pts) => toSeconds(startPts + pts, timeBase).toFixed(6)),
  );
  assert.deepEqual(
    timesSec,
    listed.map((frame) => frame.pts_time),
  );
});
