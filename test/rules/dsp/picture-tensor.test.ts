import assert from 'node:assert/strict';
import test from 'node:test';
import type { PictureSpec } from '../../../engine/core/model-entry.ts';
import {
  cropTensor,
  type Pictures,
  pictureTensor,
  placementOf,
  placementOfRegion,
  toFractions,
} from '../../../rules/dsp/picture-tensor.ts';

const plain: PictureSpec = {
  width: 7,
  height: 5,
  resize: 'stretch',
  fill: 0,
  colour: 'rgb',
  layout: 'nchw',
  scale: 1,
  mean: [0, 0, 0],
  std: [1, 1, 1],
};

for (const [what, spec] of Object.entries({
  'made larger': { ...plain, width: 31, height: 23 },
  'made smaller': { ...plain, width: 5, height: 3 },
  'wider and lower': { ...plain, width: 40, height: 3 },
  'in BGR, its values scaled': {
    ...plain,
    colour: 'bgr',
    scale: 1 / 255,
    mean: [0.4, 0.5, 0.6],
    std: [0.2, 0.3, 0.4],
  },
  'as luma': { ...plain, colour: 'luma', mean: [127], std: [128] },
  'with its channels last': { ...plain, layout: 'nhwc', mean: [1, 2, 3] },
  'in a letterbox': {
    ...plain,
    width: 12,
    height: 12,
    resize: 'letterbox',
    fill: 114,
    scale: 0.5,
    mean: [1, 2, 3],
  },
  'cut at its sides': { ...plain, width: 6, height: 6, resize: 'cover', short_side: 8 },
} satisfies Record<string, PictureSpec>)) {
  test(`a picture ${what} is as the definition of each pixel says`, () => {
    const pictures = noise({ count: 2, width: 16, height: 10 });
    const { shape, data } = pictureTensor(pictures, spec);
    const expected = slowTensor(pictures, spec);
    assert.deepEqual(shape, expected.shape);
    assertNear(data, expected.data);
  });
}

test('a picture of the size of the tensor goes into it level by level', () => {
  const pictures = noise({ count: 1, width: 7, height: 5 });
  const { data } = pictureTensor(pictures, { ...plain, layout: 'nhwc' });
  assert.deepEqual([...data], [...pictures.rgb]);
});

test('a picture of one colour keeps it, whatever its size', () => {
  const pictures = { rgb: new Uint8Array(3 * 37 * 11).fill(93), count: 1, width: 37, height: 11 };
  const { data } = pictureTensor(pictures, plain);
  assertNear(data, new Array(data.length).fill(93));
});

test('no pictures give a batch of none', () => {
  const { shape } = pictureTensor({ rgb: new Uint8Array(0), count: 0, width: 4, height: 4 }, plain);
  assert.deepEqual(shape, [0, 3, 5, 7]);
});

test('each way of resizing maps the corners of the tensor back into the picture', () => {
  const corners = (spec: PictureSpec) => {
    const placement = placementOf({ width: 640, height: 360 }, spec);
    return [toFractions(placement, 0, 0), toFractions(placement, spec.width, spec.height)];
  };
  const square: PictureSpec = { ...plain, width: 320, height: 320 };
  assert.deepEqual(corners(square), [
    [0, 0],
    [1, 1],
  ]);
  assert.deepEqual(corners({ ...square, resize: 'letterbox' }), [
    [0, 0],
    [1, 320 / 180],
  ]);
  assert.deepEqual(corners({ ...square, width: 180, height: 180, resize: 'cover' }), [
    [70 / 320, 0],
    [250 / 320, 1],
  ]);
});

test('a region of a picture is what the picture shows there', () => {
  const pictures = noise({ count: 2, width: 16, height: 10 });
  const placement = placementOfRegion(pictures, { left: 3, top: 2, width: 7, height: 5 }, plain);
  const { data } = cropTensor(pictures, [{ picture: 1, placement }], { ...plain, layout: 'nhwc' });
  const expected = Array.from({ length: 5 }, (_, y) => {
    const from = 3 * (160 + (y + 2) * 16 + 3);
    return [...pictures.rgb.subarray(from, from + 21)];
  });
  assertNear(data, expected.flat());
});

test('where a region reaches beyond the picture the tensor is filled', () => {
  const pictures = { rgb: new Uint8Array(3 * 16).fill(200), count: 1, width: 4, height: 4 };
  const spec: PictureSpec = { ...plain, width: 4, height: 4, fill: 10 };
  const placement = placementOfRegion(pictures, { left: -2, top: 0, width: 4, height: 4 }, spec);
  const { data } = cropTensor(pictures, [{ picture: 0, placement }], spec);
  assert.deepEqual([...data.subarray(0, 4)], [10, 10, 200, 200]);
});

function noise({ count, width, height }: Omit<Pictures, 'rgb'>): Pictures {
  let state = 7;
  const rgb = Uint8Array.from({ length: 3 * count * width * height }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  return { rgb, count, width, height };
}

/** Pixel by pixel from the definition: a two-dimensional tent over all pixels of the picture. */
function slowTensor(pictures: Pictures, spec: PictureSpec): { shape: number[]; data: number[] } {
  const names = { rgb: 'rgb', bgr: 'bgr', luma: 'y' }[spec.colour];
  const sizes = { n: pictures.count, c: names.length, h: spec.height, w: spec.width };
  const axes = [...spec.layout] as (keyof typeof sizes)[]; // `nchw` and `nhwc` are made of these letters.
  const shape = axes.map((axis) => sizes[axis]);
  const data = Array.from({ length: shape.reduce((product, length) => product * length) }, (_, flat) => {
    const at = { n: 0, c: 0, h: 0, w: 0 };
    for (let rest = flat, axis = 3; axis >= 0; axis -= 1) {
      at[axes[axis]!] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    const level = slowLevel(pictures, spec, { picture: at.n, name: names[at.c]!, x: at.w, y: at.h });
    return (level * spec.scale - spec.mean[at.c]!) / spec.std[at.c]!;
  });
  return { shape, data };
}

function slowLevel(
  { rgb, width, height }: Pictures,
  spec: PictureSpec,
  { picture, name, x, y }: { picture: number; name: string; x: number; y: number },
): number {
  const whole = slowPlace({ width, height }, spec);
  const across = width / whole.width;
  const down = height / whole.height;
  const centreX = (x + 0.5 - whole.left) * across;
  const centreY = (y + 0.5 - whole.top) * down;
  if (centreX < 0 || centreX > width || centreY < 0 || centreY > height) return spec.fill;
  const tent = (distance: number, step: number) => Math.max(0, 1 - Math.abs(distance) / Math.max(1, step));
  let sum = 0;
  let weights = 0;
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const weight = tent(column + 0.5 - centreX, across) * tent(row + 0.5 - centreY, down);
      const [r, g, b] = rgb.subarray(3 * ((picture * height + row) * width + column));
      sum += weight * { r: r!, g: g!, b: b!, y: 0.299 * r! + 0.587 * g! + 0.114 * b! }[name]!;
      weights += weight;
    }
  }
  return sum / weights;
}

/** For the sizes of the tests above: 16×10 into 12×12 by 0.75, and to a shorter side of 8. */
function slowPlace(
  picture: { width: number; height: number },
  { resize, width, height }: PictureSpec,
): { left: number; top: number; width: number; height: number } {
  if (resize === 'letterbox')
    return { left: 0, top: 0, width: 12, height: Math.round(picture.height * 0.75) };
  if (resize === 'cover') return { left: -3, top: -1, width: 13, height: 8 };
  return { left: 0, top: 0, width, height };
}

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  assert.equal(actual.length, expected.length);
  for (let at = 0; at < actual.length; at += 1) {
    const off = Math.abs(actual[at]! - expected[at]!);
    assert.ok(off < 1e-3, `element ${at} is ${actual[at]}, not ${expected[at]}`);
  }
}
