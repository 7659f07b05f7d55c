import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PictureMeter, type PictureQuality } from '../../../rules/dsp/picture-quality.ts';
import { generator } from '../visual/synthetic-clip.ts';

const [width, height] = [160, 96];

type Paint = (x: number, y: number) => readonly [number, number, number];

function measure(paint: Paint, gridPx?: number): PictureQuality {
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rgb.set(paint(x, y), 3 * (y * width + x));
  }
  return new PictureMeter({ width, height, gridPx }).measure(rgb, 0);
}

const grey = (value: number): readonly [number, number, number] => [value, value, value];
/** Waves, the shorter the sharper. */
const waves =
  (length: number, height = 60): Paint =>
  (x, y) =>
    grey(128 + height * Math.sin((2 * Math.PI * x) / length) * Math.cos((2 * Math.PI * y) / length));

function noisy(paint: Paint, sigma: number): Paint {
  const random = generator(5);
  return (x, y) => {
    const normal = Math.sqrt(-2 * Math.log(random() + 1e-9)) * Math.cos(2 * Math.PI * random());
    return grey(Math.round(paint(x, y)[0] + sigma * normal));
  };
}

test('the noise that was added is measured to a tenth of it', () => {
  for (const sigma of [3, 6, 12]) {
    const { noise } = measure(noisy(waves(80), sigma));
    assert.ok(Math.abs(noise * 255 - sigma) < 0.1 * sigma, `${noise * 255} for ${sigma}`);
  }
});

test('a picture without noise measures next to none', () => {
  assert.ok(measure(waves(80)).noise * 255 < 0.5);
});

test('shorter waves are sharper, and contrast makes no difference', () => {
  assert.ok(measure(waves(8)).sharpness > 3 * measure(waves(32)).sharpness);
  const [low, high] = [measure(waves(8, 40)).sharpness, measure(waves(8, 100)).sharpness];
  assert.ok(Math.abs(low - high) < 0.1 * high, `${low} and ${high}`);
});

test('exposure, contrast and clipping follow from the levels', () => {
  const halves = measure((x) => grey(x < width / 2 ? 0 : 255));
  assert.ok(Math.abs(halves.exposure - 0.5) < 1e-6);
  assert.ok(Math.abs(halves.contrast - 0.5) < 1e-6);
  assert.equal(halves.clippedBlack, 0.5);
  assert.equal(halves.clippedWhite, 0.5);
});

test('grey has no colourfulness, and saturated colours have more than pale ones', () => {
  const colours =
    (strength: number): Paint =>
    (x) =>
      x < width / 2 ? [128 + strength, 128, 128 - strength] : [128 - strength, 128, 128 + strength];
  assert.equal(measure(waves(20)).colourfulness, 0);
  assert.ok(measure(colours(100)).colourfulness > 2 * measure(colours(30)).colourfulness);
});

test('blocks show on their own grid alone', () => {
  const blocks: Paint = (x, y) => grey(100 + 10 * ((Math.floor(x / 8) + Math.floor(y / 8)) % 2));
  assert.ok(measure(blocks, 8).blockiness > 0.9);
  assert.ok(measure(blocks, 5).blockiness < 0.3);
  assert.ok(Math.abs(measure(waves(13), 8).blockiness) < 0.1);
});

test('blockiness is NaN without a grid', () => {
  assert.ok(Number.isNaN(measure(waves(13)).blockiness));
});

test('black bars are measured on each side', () => {
  const boxed: Paint = (x, y) => (y < 12 || y >= height - 24 || x < 16 ? grey(3) : waves(20)(x, y));
  assert.deepEqual([...measure(boxed).letterbox], [12 / height, 24 / height, Math.fround(16 / width), 0]);
});

test('bars of an all black picture are NaN', () => {
  assert.ok([...measure(() => grey(0)).letterbox].every(Number.isNaN));
});

test('a picture too small for a mask of 3×3 has exposure, but no noise', () => {
  const quality = new PictureMeter({ width: 2, height: 2, gridPx: undefined }).measure(
    new Uint8Array(12).fill(255),
    0,
  );
  assert.equal(quality.exposure, 1);
  assert.ok(Number.isNaN(quality.noise) && Number.isNaN(quality.sharpness));
});
