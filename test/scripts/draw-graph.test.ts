import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { drawBaseline, picturePath } from '../../scripts/draw-graph.ts';

test('docs/baseline.svg shows the graph as it is: else run `node scripts/draw-graph.ts`', () => {
  assert.equal(readFileSync(picturePath, 'utf8'), drawBaseline());
});
