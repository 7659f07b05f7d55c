import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxAgreement, type FoundBox } from '../../../engine/core/box-agreement.ts';

function found(frame: number, left: number, classId = 0): FoundBox {
  return { frame, classId, box: [left, 0, left + 1, 1] };
}

test('boxes that share half of what they cover are pairs, each at most once, the most alike first', () => {
  const expected = [found(0, 0), found(0, 5)];
  const result = boxAgreement(expected, [found(0, 0.2), found(0, 0.1), found(0, 5.6)]);
  assert.deepEqual([result.expected, result.found, result.recall, result.precision], [2, 3, 1 / 2, 1 / 3]);
  assert.ok(Math.abs(result.meanIou - 0.9 / 1.1) < 1e-12);
});

test('a box in another frame or of another class is no pair', () => {
  assert.equal(boxAgreement([found(0, 0)], [found(1, 0), found(0, 0, 1)]).recall, 0);
});

test('where nothing is found there is no share', () => {
  const { recall, precision, meanIou } = boxAgreement([], []);
  assert.deepEqual([recall, precision, meanIou], [Number.NaN, Number.NaN, Number.NaN]);
});
