import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DecodeFrames, FrameView } from '../../../../engine/core/media.ts';
import { FfmpegMedia } from '../../../../engine/io/media/ffmpeg-media.ts';
import { mediaFolder, picture, plainDecode, x264 } from './make-media.ts';

const signal = new AbortController().signal;

function requestOf(path: string, views: FrameView[]): DecodeFrames {
  return { path, timeBase: [1, 12_800], startPts: 0, endPts: 1e9, onlyKeyframes: false, views };
}

const ticks = 512; // A frame's length at 25 frames a second, in an mp4 of ffmpeg.

test('one pass gives several views of any size and rate', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make(...picture(), ...x264(20), 'f.mp4');
  const views = [
    { pts: [0, 7, 31, 99].map((frame) => frame * ticks), width: 64, height: 36 },
    { pts: [...Array(100).keys()].map((frame) => frame * ticks), width: 32, height: 18 },
    { pts: [], width: 16, height: 10 },
    { pts: [98].map((frame) => frame * ticks), width: 16, height: 10 },
  ];
  const decoded = await new FfmpegMedia().decodeFrames(requestOf(path, views), signal);
  for (const [index, { pts, width, height }] of views.entries()) {
    const whole = await plainDecode(path, { width, height });
    const frameBytes = width * height * 3;
    const wanted = pts.map((tick) =>
      whole.subarray((tick / ticks) * frameBytes, (tick / ticks + 1) * frameBytes),
    );
    const { rgb, positions } = decoded.views[index]!;
    assert.ok(rgb.buffer instanceof SharedArrayBuffer);
    assert.ok(Buffer.from(rgb).equals(Buffer.concat(wanted)));
    assert.deepEqual(positions, [...pts.keys()]);
  }
});

test('the number of threads does not change a bit', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make(...picture({ size: '322x182' }), ...x264(20), 'f.mp4');
  const views = [{ pts: [...Array(100).keys()].map((frame) => frame * ticks), width: 120, height: 68 }];
  const [one, four] = await Promise.all(
    [1, 4].map((threads) => new FfmpegMedia({ threads }).decodeFrames(requestOf(path, views), signal)),
  );
  assert.ok(Buffer.from(one!.views[0]!.rgb).equals(Buffer.from(four!.views[0]!.rgb)));
});

test('frames that the film does not have are left out, with a warning', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make(...picture(), ...x264(20), 'f.mp4');
  const views = [{ pts: [0, 100, 512, 100_000], width: 16, height: 10 }];
  const { views: decoded, warnings } = await new FfmpegMedia().decodeFrames(requestOf(path, views), signal);
  assert.deepEqual(decoded[0]!.positions, [0, 2]);
  assert.match(warnings.join(), /^2 of 4 frames/);
});

test('a list of wanted frames longer than a command line works', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make(...picture({ size: '16x16', rate: '25', seconds: 1 }), ...x264(20), 'f.mp4');
  const pts = [...Array(50_000).keys()].map((index) => index * 2);
  const views = [{ pts, width: 4, height: 4 }];
  const { views: decoded } = await new FfmpegMedia().decodeFrames(requestOf(path, views), signal);
  assert.deepEqual(
    decoded[0]!.positions,
    [...Array(25).keys()].map((frame) => (frame * ticks) / 2),
  );
});

test('nothing wanted is nothing decoded', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make(...picture({ seconds: 1 }), ...x264(20), 'f.mp4');
  const decoded = await new FfmpegMedia().decodeFrames(
    requestOf(path, [{ pts: [], width: 8, height: 8 }]),
    signal,
  );
  assert.deepEqual(
    decoded.views.map((view) => [view.rgb.length, view.positions]),
    [[0, []]],
  );
});

test('an abort in the middle rejects with its reason', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make(...picture({ size: '640x360', seconds: 20 }), ...x264(20), 'f.mp4');
  const abort = new AbortController();
  const views = [{ pts: [...Array(500).keys()].map((frame) => frame * ticks), width: 640, height: 360 }];
  const decoding = new FfmpegMedia().decodeFrames(requestOf(path, views), abort.signal);
  setTimeout(() => abort.abort(new Error('enough')), 150);
  await assert.rejects(decoding, /enough/);
});
