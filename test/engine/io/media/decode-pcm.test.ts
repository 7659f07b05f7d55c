import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { encodeArtifact } from '../../../../engine/core/artifact-codec.ts';
import { npz } from '../../../../engine/core/kind.ts';
import { array } from '../../../../engine/core/nd-array.ts';
import { type NpzArrays, readNpz } from '../../../../engine/core/npz.ts';
import { FfmpegMedia } from '../../../../engine/io/media/ffmpeg-media.ts';
import { mediaFolder } from './make-media.ts';

const media = new FfmpegMedia();
const signal = new AbortController().signal;
const ramp = ['-f', 'lavfi', '-i', 'aevalsrc=mod(n\\,1000)/1000:s=8000:d=40', '-c:a', 'pcm_f32le'];

function assertRamp(samples: ArrayLike<number>): void {
  assert.equal(samples.length, 40 * 8000);
  for (let at = 0; at < samples.length; at += 1) assert.equal(samples[at], Math.fround((at % 1000) / 1000));
}

test('sound is whole, sample by sample, though the header says that it is shorter', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make(...ramp, 'f.mkv');
  const file = await readFile(path);
  const duration = file.indexOf(Buffer.from([0x44, 0x89, 0x88])) + 3; // Matroska's Duration: a double of ms.
  assert.equal(Math.round(file.readDoubleBE(duration)), 40_000);
  file.writeDoubleBE(1000, duration);
  await writeFile(path, file);
  assert.equal((await media.probe(path, signal)).durationSec, 1);
  const { samples } = await media.decodePcm({ path, sampleRate: 8000, channels: 1 }, signal);
  assertRamp(samples);
});

test('decoded sound becomes an artifact in the memory where it lies', async () => {
  await using folder = await mediaFolder();
  const path = await folder.make(...ramp, 'f.wav');
  const { samples } = await media.decodePcm({ path, sampleRate: 8000, channels: 1 }, signal);
  const kind = npz({ samples: { dtype: 'float32', shape: ['N', 1] } }, { isEphemeral: true });
  const value: NpzArrays = { samples: array('float32', samples, [samples.length, 1]) };
  const { bytes } = encodeArtifact(kind, value, {});
  assert.equal(bytes.buffer, samples.buffer);
  assertRamp(readNpz(bytes).samples!.data as Float32Array);
});
