import assert from 'node:assert/strict';
import test from 'node:test';
import { type Box, intersectionOverUnion } from '../../../../engine/core/box.ts';
import { nms } from '../../../../rules/dsp/detectors/nms.ts';

const one = (name: string, score: number, box: Box, classId = 0) => ({ name, score, box, classId });
const namesOf = (found: readonly { name: string }[]) => found.map(({ name }) => name);

test('of boxes that overlap the surest stays, and boxes come the surest first', () => {
  const found = [
    one('weak', 0.4, [1, 0, 11, 10]),
    one('far', 0.5, [20, 0, 30, 10]),
    one('sure', 0.9, [0, 0, 10, 10]),
  ];
  assert.deepEqual(namesOf(nms(found, 0.5)), ['sure', 'far']);
});

test('boxes of two classes do not suppress each other', () => {
  const found = [one('cup', 0.9, [0, 0, 10, 10], 1), one('table', 0.8, [0, 0, 10, 10], 2)];
  assert.deepEqual(namesOf(nms(found, 0.1)), ['cup', 'table']);
});

test('a box that only a suppressed one covers stays', () => {
  const found = [one('a', 0.9, [0, 0, 10, 10]), one('b', 0.8, [4, 0, 14, 10]), one('c', 0.7, [8, 0, 18, 10])];
  assert.deepEqual(namesOf(nms(found, 0.4)), ['a', 'c']);
});

test('of equal ones the first stays', () => {
  const found = [one('first', 0.5, [0, 0, 1, 1]), one('second', 0.5, [0, 0, 1, 1])];
  assert.deepEqual(namesOf(nms(found, 0.9)), ['first']);
});

test('an overlap that is the threshold itself is allowed', () => {
  const found = [one('a', 0.9, [0, 0, 2, 1]), one('b', 0.8, [1, 0, 3, 1])];
  assert.equal(intersectionOverUnion(found[0]!.box, found[1]!.box), 1 / 3);
  assert.deepEqual(namesOf(nms(found, 1 / 3)), ['a', 'b']);
});

test('boxes that touch, and boxes without area, overlap by nothing', () => {
  assert.equal(intersectionOverUnion([0, 0, 1, 1], [1, 0, 2, 1]), 0);
  assert.equal(intersectionOverUnion([0, 0, 0, 0], [0, 0, 0, 0]), 0);
});
