import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted, durationText, sizeText } from '../../engine/cli/duration-text.ts';

test('a duration never shows sixty seconds or sixty minutes', () => {
  const texts = [0, 350, 59_994, 59_996, 125_000, 3_599_400, 3_599_600, 7_320_000].map(durationText);
  assert.deepEqual(texts, [
    '0.00 s',
    '0.35 s',
    '59.99 s',
    '1 min 00 s',
    '2 min 05 s',
    '59 min 59 s',
    '1 h 00 min',
    '2 h 02 min',
  ]);
});

test('a size has three digits at most before its unit', () => {
  assert.deepEqual([0, 812, 999, 1000, 3481, 120 * 2 ** 20, 2 ** 50].map(sizeText), [
    '0 B',
    '812 B',
    '999 B',
    '1.0 KiB',
    '3.4 KiB',
    '120 MiB',
    '1024 TiB',
  ]);
});

test('one of a thing has no plural', () => {
  assert.deepEqual(
    [0, 1, 2].map((count) => counted(count, 'action')),
    ['0 actions', '1 action', '2 actions'],
  );
});
