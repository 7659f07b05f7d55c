import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BoundModel } from '../../engine/core/bound-model.ts';
import { decodeWithFfmpeg } from '../decode-with-ffmpeg.ts';
import { randomNumbers } from '../properties/random-numbers.ts';
import { realData, realFile } from '../real-data.ts';
import { cosine, embeddingsOf } from './embeddings.ts';
import { joined } from './joined.ts';
import { draw } from './moved-pictures.ts';
import { plainModel } from './plain-model.ts';
import { waveTexture } from './wave-texture.ts';

const side = 128;

test('scatter-embed puts near-duplicates close together and other pictures apart', async () => {
  await using model = await plainModel('rules/models/scatter-embed/scatter-embed.yaml');
  const pictures = [1, 2, 3, 4].map((seed) => drawInColour(seed));
  await checkEmbeddings(model, pictures, {
    lighter: (picture) => picture.map((level) => Math.min(1, level + 0.08)),
    noisy: (picture) => withNoise(picture, 0.015),
  });
});

test('scatter-embed tells scenes of real clips apart and knows them again', {
  skip: realData ? false : 'no real clips',
}, async () => {
  await using model = await plainModel('rules/models/scatter-embed/scatter-embed.yaml');
  const clips = ['friday.mp4', 'learn.mkv', 'bottle-detection.mp4', 'flower.mp4', 'nasa_13013.mp4'];
  const pictures = clips.map((clip) => firstPicture(realFile(`videos/${clip}`)));
  await checkEmbeddings(model, pictures, {
    lighter: (picture) => picture.map((level) => Math.min(1, level + 0.08)),
    noisy: (picture) => withNoise(picture, 0.015),
    cropped: (picture) => cropped(picture, 4),
  });
});

test('scatter-embed gives a black picture a vector of length 1', async () => {
  await using model = await plainModel('rules/models/scatter-embed/scatter-embed.yaml');
  const [black] = await embeddingsOf(model, 'pictures', [new Float32Array(3 * side * side)]);
  assert.ok(Math.abs(cosine(black!, black!) - 1) < 1e-5);
});

async function checkEmbeddings(
  model: BoundModel,
  pictures: readonly Float32Array[],
  changes: Readonly<Record<string, (picture: Float32Array) => Float32Array>>,
): Promise<void> {
  const originals = await embeddingsOf(model, 'pictures', pictures);
  for (const [name, change] of Object.entries(changes)) {
    const changed = await embeddingsOf(model, 'pictures', pictures.map(change));
    changed.forEach((one, at) => {
      const likeness = cosine(one, originals[at]!);
      assert.ok(likeness > 0.95, `picture ${at}, ${name}: ${likeness}`);
    });
  }
  originals.forEach((one, at) => {
    for (const other of originals.slice(0, at)) assert.ok(cosine(one, other) < 0.9, `pictures up to ${at}`);
  });
}

/** Planes of red, green and blue; pictures of odd seeds are coarse ones. */
function drawInColour(seed: number): Float32Array {
  const fineness = seed % 2 === 0 ? 1 : 0.3;
  const planes = [0, 1, 2].map((channel) => {
    const [shape, tint] = [waveTexture(seed), waveTexture(100 * seed + channel)];
    return draw((x, y) => 0.7 * shape(x * fineness, y * fineness) + 0.3 * tint(x / 4, y / 4), {
      width: side,
      height: side,
    });
  });
  return joined(planes);
}

function firstPicture(file: string): Float32Array {
  const { rgb } = decodeWithFfmpeg(file, { fps: 1, width: side, height: side });
  const size = side * side;
  return Float32Array.from(
    { length: 3 * size },
    (_, at) => rgb[3 * (at % size) + Math.floor(at / size)]! / 255,
  );
}

/** Without its margins, as large as before. */
function cropped(picture: Float32Array, margin: number): Float32Array {
  const scale = (side - 2 * margin) / side;
  const inside = (place: number) => Math.round(margin + place * scale);
  return picture.map((_, at) => {
    const [x, y] = [at % side, Math.floor(at / side) % side];
    return picture[at - y * side - x + inside(y) * side + inside(x)]!;
  });
}

function withNoise(picture: Float32Array, deviation: number): Float32Array {
  const random = randomNumbers(11);
  // Three numbers from 0 to 1: their sum is close to normal, its variance ¼.
  return picture.map((level) => level + 2 * deviation * (random() + random() + random() - 1.5));
}
