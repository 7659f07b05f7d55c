import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timeText } from '../../../rules/report/time-text.ts';

test('a time is written as a clock shows it', () => {
  assert.equal(timeText(0), '0:00');
  assert.equal(timeText(7.26, 1), '0:07.3');
  assert.equal(timeText(125.4, 1), '2:05.4');
  assert.equal(timeText(3723), '1:02:03');
});

test('what rounds up to a minute is a minute', () => {
  assert.equal(timeText(59.96, 1), '1:00.0');
  assert.equal(timeText(3599.7), '1:00:00');
});
