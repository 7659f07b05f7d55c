import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { decode } from 'jpeg-js';
import { jpegOf, type Picture } from '../../../rules/dsp/jpeg.ts';

type Colour = readonly [red: number, green: number, blue: number];

function pictureOf(width: number, height: number, colourAt: (x: number, y: number) => Colour): Picture {
  const pixels = Array.from({ length: width * height }, (_, at) =>
    colourAt(at % width, Math.floor(at / width)),
  );
  return { rgb: Uint8Array.from(pixels.flat()), width, height };
}

/** Of no whole number of blocks of 8×8, with slopes of all colours. */
const slopes = pictureOf(61, 43, (x, y) => [4 * x, 5 * y, 255 - 2 * (x + y)]);
const stripes = pictureOf(32, 32, (x) => (x % 2 === 0 ? [220, 40, 40] : [40, 40, 220]));

/** Largest and mean distance of the levels of a file from those of its picture. */
function distances(file: Uint8Array, { rgb, width, height }: Picture): { most: number; mean: number } {
  const decoded = decode(file, { useTArray: true, formatAsRGBA: false });
  assert.deepEqual([decoded.width, decoded.height], [width, height]);
  const each = Array.from(rgb, (level, at) => Math.abs(level - decoded.data[at]!));
  return { most: Math.max(...each), mean: each.reduce((sum, one) => sum + one, 0) / each.length };
}

test('a decoded picture is near to the original', async () => {
  const { most, mean } = distances(await jpegOf(slopes, 70), slopes);
  assert.ok(most <= 30 && mean <= 3, `${most} at most, ${mean} in the mean`);
});

test('a better quality gives a longer file that is nearer to the original', async () => {
  const [poor, good] = [await jpegOf(slopes, 20), await jpegOf(slopes, 95)];
  assert.ok(poor.length < good.length, `${poor.length} and ${good.length} bytes`);
  assert.ok(distances(good, slopes).mean < distances(poor, slopes).mean);
});

test('colours that change from pixel to pixel stay apart', async () => {
  const { mean } = distances(await jpegOf(stripes, 95), stripes);
  assert.ok(mean <= 5, `${mean} in the mean`);
});

test('a file is baseline JPEG', async () => {
  const markers = Buffer.from(await jpegOf(slopes, 70)).toString('latin1');
  assert.ok(markers.startsWith('\xff\xd8'));
  assert.ok(markers.includes('\xff\xc0') && !markers.includes('\xff\xc2'));
});

test('the same pixels give the same bytes, whatever was encoded before, also in a fresh thread', async () => {
  const file = await jpegOf(slopes, 70);
  await jpegOf(stripes, 95);
  assert.deepEqual(await jpegOf(slopes, 70), file);
  const code = `
    const { parentPort, workerData: { module, picture } } = require('node:worker_threads');
    import(module).then(({ jpegOf }) => jpegOf(picture, 70)).then((file) => parentPort.postMessage(file));`;
  const module = new URL('../../../rules/dsp/jpeg.ts', import.meta.url).href;
  const thread = new Worker(code, { eval: true, workerData: { module, picture: slopes } });
  const [other] = await once(thread, 'message');
  assert.deepEqual(other, file);
});

test('these bytes are those of every machine', async () => {
  const digest = createHash('sha256').update(await jpegOf(slopes, 70));
  assert.equal(digest.digest('hex'), '98372779b47b72e294b646cd808f258db8677517f54a474824b99dca23eccdba');
});
