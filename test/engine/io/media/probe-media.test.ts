import assert from 'node:assert/strict';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { FlowError } from '../../../../engine/core/errors.ts';
import { FfmpegMedia } from '../../../../engine/io/media/ffmpeg-media.ts';
import { realData, realFile } from '../../../real-data.ts';
import { mediaFolder, picture, x264 } from './make-media.ts';

const signal = new AbortController().signal;
const media = new FfmpegMedia();
const skip = realData === undefined ? 'no shared/data folder' : false;

async function checkRefused(path: string, expected: { code: string; says: RegExp }): Promise<void> {
  await assert.rejects(media.probe(path, signal), (error: FlowError) => {
    assert.ok(error.message.startsWith('Cannot ') && error.message.includes(path), error.message);
    assert.match(error.message, expected.says);
    assert.ok(error.fix.length > 0);
    assert.equal(error.code, expected.code);
    return true;
  });
}

test('what is no readable file is refused, with the path and the reason', async () => {
  await using folder = await mediaFolder();
  const path = folder.path('x.mp4');
  await checkRefused(path, { code: 'input_not_found', says: /no such file/ });
  await mkdir(path);
  await checkRefused(path, { code: 'input_unreadable', says: /a folder/ });
  const empty = folder.path('empty.mp4');
  await writeFile(empty, '');
  await checkRefused(empty, { code: 'input_unreadable', says: /empty/ });
  await checkRefused('/dev/null', { code: 'input_unreadable', says: /not a regular file/ });
});

test('a file without permission is input_unreadable', {
  skip: process.getuid?.() === 0 && 'root may read all',
}, async () => {
  await using folder = await mediaFolder();
  const path = folder.path('x.mp4');
  await writeFile(path, 'x');
  await chmod(path, 0);
  await checkRefused(path, { code: 'input_unreadable', says: /denied/ });
});

test('what is no media is unsupported_media', async () => {
  await using folder = await mediaFolder();
  for (const [name, content] of Object.entries({
    'a.mp4': 'no film at all\n'.repeat(100),
    'a.txt': 'text',
    'a.json': '{}',
  })) {
    await writeFile(folder.path(name), content);
    await checkRefused(folder.path(name), { code: 'unsupported_media', says: /not audio or video/ });
  }
});

test('a playlist is refused: what it names is not in its digest', async () => {
  await using folder = await mediaFolder();
  await folder.make(...picture({ seconds: 1 }), ...x264(12), 'part.ts');
  for (const [name, content] of Object.entries({
    'list.m3u8': '#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\npart.ts\n#EXT-X-ENDLIST\n',
    'list.ffconcat': 'ffconcat version 1.0\nfile part.ts\n',
  })) {
    await writeFile(folder.path(name), content);
    await checkRefused(folder.path(name), { code: 'unsupported_media', says: /not audio or video/ });
  }
});

test('a still picture and a subtitle file are no film', async () => {
  await using folder = await mediaFolder();
  await checkRefused(await folder.make(...picture(), '-frames:v', '1', 'a.png'), {
    code: 'unsupported_media',
    says: /Cannot use/,
  });
  await writeFile(folder.path('a.srt'), '1\n00:00:00,000 --> 00:00:01,000\nhi\n');
  await checkRefused(folder.path('a.srt'), { code: 'unsupported_media', says: /Cannot use/ });
});

test('names that look like options, protocols or patterns are only names', async () => {
  await using folder = await mediaFolder();
  for (const name of ['http:x.mp4', 'a %03d [x] b.mp4', "it's.mp4"]) {
    await folder.make(...picture({ seconds: 1 }), ...x264(12), 'plain.mp4');
    await (await import('node:fs/promises')).rename(folder.path('plain.mp4'), folder.path(name));
    assert.equal((await media.probe(folder.path(name), signal)).video?.width, 160);
  }
});

test('a turn and pixels that are not square give the size as shown', async () => {
  await using folder = await mediaFolder();
  await folder.make(...picture({ size: '160x90' }), '-vf', 'setsar=4/3', ...x264(12), 'f.mp4');
  const path = await folder.make('-i', 'f.mp4', '-c', 'copy', '-metadata:s:v', 'rotate=90', 'g.mp4');
  const { video } = await media.probe(path, signal);
  assert.deepEqual([video?.codedWidth, video?.codedHeight, video?.width, video?.height], [160, 90, 90, 213]);
  assert.ok(video?.rotationDeg === 90 || video?.rotationDeg === 270);
});

test('the phone film is upright', { skip }, async () => {
  const { video, audio } = await media.probe(realFile('videos/video_90.mov'), signal);
  assert.deepEqual([video?.width, video?.height, video?.rotationDeg], [320, 568, 90]);
  assert.equal(audio, undefined);
});

test('a container that does not know its length says NaN', { skip }, async () => {
  assert.ok(Number.isNaN((await media.probe(realFile('videos/no_duration.webm'), signal)).durationSec));
});

test('the first of several streams of a kind is taken', { skip }, async () => {
  const { video, audio } = await media.probe(realFile('videos/nasa_13013.mp4'), signal);
  assert.deepEqual([video?.index, audio?.index, audio?.sampleRate], [0, 1, 8000]);
});
