import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest, suggestion } from '../../../engine/core/nearest.ts';

test('the candidate with the fewest wrong letters is meant, whatever the case', () => {
  assert.equal(nearest('core_clop', ['core_flow', 'core_clip']), 'core_clip');
  assert.equal(nearest('Decode', ['decode', 'depth']), 'decode');
  assert.equal(nearest('fp', ['fps', 'width']), 'fps');
});

test('a word that is like none of the candidates suggests none', () => {
  assert.equal(nearest('zebra', ['decode', 'shots']), undefined);
  assert.equal(nearest('a', ['b', 'c']), undefined);
  assert.equal(nearest('x', []), undefined);
});

test('a suggestion names the near one, else a list that stays short', () => {
  assert.equal(suggestion('decod', ['decode', 'shots']), 'Write "decode".');
  assert.equal(suggestion('zebra', ['one', 'two']), 'Use one of: one, two.');
  assert.equal(suggestion('zebra', []), 'Remove it.');
  const many = Array.from({ length: 20 }, (_, index) => `candidate${index}`);
  assert.match(suggestion('zebra', many), /candidate11, and 8 more\.$/);
});
