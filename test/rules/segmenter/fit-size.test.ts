import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fitSize } from '../../../rules/segmenter/fit-size.ts';

function check(source: [number, number], box: [number, number], expected: [number, number]): void {
  const { width, height } = fitSize(
    { width: source[0], height: source[1] },
    { width: box[0], height: box[1] },
  );
  assert.deepEqual([width, height], expected);
}

test('pictures keep their shape', () => {
  check([1920, 1080], [320, 180], [320, 180]);
  check([640, 480], [320, 180], [240, 180]);
  check([640, 272], [320, 180], [320, 136]);
});

test('a portrait picture turns the box', () => {
  check([1080, 1920], [320, 180], [180, 320]);
  check([1920, 1080], [180, 320], [320, 180]);
});

test('nothing is enlarged', () => {
  check([100, 50], [320, 180], [100, 50]);
  check([8, 8], [320, 180], [8, 8]);
});

test('sides are even and at least two', () => {
  check([161, 91], [320, 180], [160, 90]);
  check([1, 1], [320, 180], [2, 2]);
  check([10_000, 3], [320, 180], [320, 2]);
});

test('a fitted picture is inside the box and nearly of the source’s shape', () => {
  const side = fc.integer({ min: 16, max: 4000 });
  fc.assert(
    fc.property(side, side, side, side, (width, height, boxWidth, boxHeight) => {
      const fitted = fitSize({ width, height }, { width: boxWidth, height: boxHeight });
      assert.equal((fitted.width % 2) + (fitted.height % 2), 0);
      assert.ok(Math.max(fitted.width, fitted.height) <= Math.max(boxWidth, boxHeight, 2));
      assert.ok(fitted.width <= width && fitted.height <= height);
      assert.ok(Math.abs(fitted.width - (fitted.height * width) / height) <= 2 + (2 * width) / height);
    }),
  );
});
