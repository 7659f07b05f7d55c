import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FfmpegMedia } from '../../../../engine/io/media/ffmpeg-media.ts';
import { ffmpegVersion } from '../../../../engine/io/media/ffmpeg-program.ts';
import { mediaFolder, picture, x264 } from './make-media.ts';

const signal = new AbortController().signal;

async function without<T>(names: string[], run: () => Promise<T>): Promise<T> {
  for (const name of names) process.env[name] = '/no/such/program';
  try {
    return await run();
  } finally {
    for (const name of names) delete process.env[name];
  }
}

test('the version is one word, the same each time', async () => {
  const version = await ffmpegVersion();
  assert.match(version, /^\S+$/);
  assert.equal(await ffmpegVersion(), version);
});

test('without ffmpeg, the error names it and says how to get it', async () => {
  const missing = { code: 'config_invalid', message: /"\/no\/such\/program"/, fix: /apt-get install ffmpeg/ };
  await without(['FLOW_FFMPEG'], () => assert.rejects(ffmpegVersion(), missing));
  await using folder = await mediaFolder();
  const path = await folder.make(...picture({ seconds: 1 }), ...x264(12), 'f.mp4');
  await without(['FLOW_FFPROBE'], () => assert.rejects(new FfmpegMedia().probe(path, signal), missing));
  const sound = await folder.make('-f', 'lavfi', '-i', 'sine=d=1', 'f.wav');
  const deaf = (): void => undefined;
  await without(['FLOW_FFMPEG'], () =>
    assert.rejects(new FfmpegMedia().measureLoudness({ path: sound }, deaf, signal), missing),
  );
});
