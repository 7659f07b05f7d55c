import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PacketScan } from '../../../../engine/core/media.ts';
import { FfmpegMedia } from '../../../../engine/io/media/ffmpeg-media.ts';
import { realData, realFile } from '../../../real-data.ts';
import { mediaFolder, picture, x264 } from './make-media.ts';

const signal = new AbortController().signal;
const skip = realData === undefined ? 'no shared/data folder' : false;

async function scan(path: string): Promise<PacketScan> {
  const media = new FfmpegMedia();
  return media.scanPackets(path, signal);
}

test('a copy into another container has the same packets and codec digests', async () => {
  await using folder = await mediaFolder();
  const args = [...picture(), '-f', 'lavfi', '-i', 'sine=d=4', ...x264(20), '-c:a', 'libmp3lame'];
  const mp4 = await scan(await folder.make(...args, 'f.mp4'));
  const mkv = await scan(await folder.make('-i', 'f.mp4', '-c', 'copy', 'f.mkv'));
  assert.equal(mkv.video!.codecDigest, mp4.video!.codecDigest);
  assert.deepEqual(
    mkv.video!.packets.map(({ hash, isKeyframe }) => [hash, isKeyframe]),
    mp4.video!.packets.map(({ hash, isKeyframe }) => [hash, isKeyframe]),
  );
  assert.equal(mkv.audio!.packets.length, mp4.audio!.packets.length);
});

test('another encoder setting is another codec digest', async () => {
  await using folder = await mediaFolder();
  const plain = await scan(await folder.make(...picture(), ...x264(20), 'a.mp4'));
  const wide = await scan(await folder.make(...picture({ size: '162x90' }), ...x264(20), 'b.mp4'));
  const ranged = await scan(
    await folder.make(
      '-i',
      'a.mp4',
      '-c',
      'copy',
      '-bsf:v',
      'h264_metadata=video_full_range_flag=1',
      'c.mp4',
    ),
  );
  assert.equal(new Set([plain, wide, ranged].map((found) => found.video!.codecDigest)).size, 3);
});

test('packets come in decoding order, with all keyframes', async () => {
  await using folder = await mediaFolder();
  const { video } = await scan(await folder.make(...picture(), ...x264(20), 'f.mp4'));
  const { packets, timeBase } = video!;
  assert.equal(packets.length, 100);
  assert.deepEqual(
    [...packets.keys()].filter((index) => packets[index]!.isKeyframe),
    [0, 20, 40, 60, 80],
  );
  assert.ok(
    packets.some((packet, index) => index > 0 && packet.pts < packets[index - 1]!.pts),
    'no B-frames',
  );
  const times = packets.map((packet) => (packet.pts * timeBase[0]) / timeBase[1]).sort((a, b) => a - b);
  assert.deepEqual(
    times.map((time) => Math.round((time - times[0]!) * 25)),
    [...Array(100).keys()],
  );
});

test('what an edit list cuts off is hidden', async () => {
  await using folder = await mediaFolder();
  await folder.make(...picture(), ...x264(20), 'whole.mp4');
  const { video } = await scan(await folder.make('-ss', '0.5', '-i', 'whole.mp4', '-c', 'copy', 'f.mp4'));
  const hidden = video!.packets.filter((packet) => packet.isHidden);
  assert.ok(hidden.length >= 10 && hidden[0]!.isKeyframe);
});

test('what comes before the first keyframe is left out', async () => {
  await using folder = await mediaFolder();
  await folder.make(...picture(), ...x264(20), 'whole.ts');
  const { video } = await scan(
    await folder.make('-i', 'whole.ts', '-c', 'copy', '-bsf:v', 'noise=drop=lt(n\\,7)', '-copyinkf', 'f.ts'),
  );
  assert.equal(video!.packets[0]!.isKeyframe, true);
  assert.equal(video!.packets.filter((packet) => !packet.isHidden).length, 80);
});

test('the reference pictures that VP9 hides in packets of their own are hidden', { skip }, async () => {
  const { video } = await scan(realFile('videos/roadtrip-vp92-10bit.webm'));
  const shown = new Set(video!.packets.filter((packet) => !packet.isHidden).map((packet) => packet.pts));
  assert.deepEqual([video!.packets.length, shown.size], [80, 72]);
});

test('the scan stops when it is told to', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make(...picture(), ...x264(20), 'f.mp4');
  await assert.rejects(new FfmpegMedia().scanPackets(path, AbortSignal.abort(new Error('stop'))), /stop/);
});
