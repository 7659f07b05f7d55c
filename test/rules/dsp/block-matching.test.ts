import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BlockMatcher } from '../../../rules/dsp/block-matching.ts';
import { type Plane, plane } from '../../../rules/dsp/luma.ts';

const size = { width: 64, height: 36 };

/** A smooth landscape of sines; `from` says which part of it is seen. */
function landscape(from: { x: number; y: number }, change = (value: number): number => value): Plane {
  const picture = plane(size.width, size.height);
  for (let y = 0; y < size.height; y += 1) {
    for (let x = 0; x < size.width; x += 1) {
      const [u, v] = [x + from.x, y + from.y];
      const value = 128 + 40 * Math.sin(u * 0.7 + v * 0.2) + 40 * Math.sin(v * 0.5 - u * 0.13 + 1);
      picture.data[y * size.width + x] = change(value);
    }
  }
  return picture;
}

function shareOf(previous: Plane, current: Plane): number {
  return new BlockMatcher(size).unexplainedShare(previous, current);
}

test('a picture explains itself', () => {
  assert.equal(shareOf(landscape({ x: 0, y: 0 }), landscape({ x: 0, y: 0 })), 0);
});

test('motion within reach explains all but the border that comes in', () => {
  fc.assert(
    fc.property(fc.integer({ min: -6, max: 6 }), fc.integer({ min: -4, max: 4 }), (x, y) => {
      assert.ok(shareOf(landscape({ x: 0, y: 0 }), landscape({ x, y })) < 0.2);
    }),
  );
});

test('light that goes up or down explains itself', () => {
  const before = landscape({ x: 0, y: 0 });
  assert.ok(
    shareOf(
      before,
      landscape({ x: 0, y: 0 }, (value) => value * 0.6),
    ) < 0.02,
  );
  assert.ok(
    shareOf(
      before,
      landscape({ x: 0, y: 0 }, (value) => value * 0.7 + 60),
    ) < 0.02,
  );
});

test('another picture is not explained', () => {
  const other = plane(size.width, size.height);
  for (let at = 0; at < other.data.length; at += 1)
    other.data[at] = (Math.imul(at + 7, 2654435761) >>> 24) & 255;
  assert.ok(shareOf(landscape({ x: 0, y: 0 }), other) > 0.6);
});

test('the share is from 0 to 1 for pictures of any size and content', () => {
  const planes = fc
    .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }))
    .chain(([width, height]) => {
      const data = fc.uint8Array({ minLength: width * height, maxLength: width * height });
      return fc.tuple(data, data).map(
        ([a, b]) =>
          [
            { data: a, width, height },
            { data: b, width, height },
          ] as const,
      );
    });
  fc.assert(
    fc.property(planes, ([a, b]) => {
      const share = new BlockMatcher(a).unexplainedShare(a, b);
      assert.ok(share >= 0 && share <= 1);
    }),
  );
});

test('a matcher that was used before gives the same share', () => {
  const [a, b, c] = [landscape({ x: 0, y: 0 }), landscape({ x: 5, y: 2 }), landscape({ x: 30, y: 9 })];
  const used = new BlockMatcher(size);
  used.unexplainedShare(c, a);
  assert.equal(used.unexplainedShare(a, b), shareOf(a, b));
});
