import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { placeGraph } from '../../../engine/cli/graph/graph-layout.ts';
import type { GraphView } from '../../../engine/cli/graph/graph-view.ts';
import { seed } from '../../properties/seed.ts';

const box = { width: 180, height: 46 };

function viewOf(rows: readonly (readonly number[])[]): GraphView {
  const sources = rows.map((row, index) => (index === 0 ? [] : [...new Set(row.map((n) => n % index))]));
  return {
    title: 'random',
    nodes: sources.map((_, index) => ({
      name: `c${index}`,
      processor: 'any',
      rule: 'any',
      isRequired: true,
      isEnabled: true,
      inputs: [],
      outputs: [],
      params: [],
    })),
    edges: sources.flatMap((row, index) =>
      row.map((from) => ({ from: `c${from}`, to: `c${index}`, output: 'out' })),
    ),
  };
}

const randomView = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 24 })
  .map(viewOf);

test(`no two boxes overlap, and arrows go to the right and through no box (FLOW_SEED=${seed})`, () => {
  fc.assert(
    fc.property(randomView, (view) => {
      const { boxes, arrows, width, height } = placeGraph(view, box);
      for (const [index, one] of boxes.entries()) {
        assert.ok(one.x >= 0 && one.y >= 0 && one.x + box.width <= width && one.y + box.height <= height);
        for (const other of boxes.slice(index + 1))
          assert.ok(Math.abs(one.x - other.x) >= box.width || Math.abs(one.y - other.y) >= box.height);
      }
      for (const { corners } of arrows) {
        assert.equal(corners.length % 2, 0);
        for (const [index, to] of corners.slice(1).entries()) {
          const from = corners[index]!;
          assert.ok(from.x < to.x, 'to the right');
          const crossed = boxes.filter(({ x, y }) => {
            const [top, bottom] = [Math.min(from.y, to.y), Math.max(from.y, to.y)];
            return from.x < x + box.width && to.x > x && top < y + box.height && bottom > y;
          });
          assert.deepEqual(crossed, []);
        }
      }
    }),
    { seed, numRuns: 60 },
  );
});
