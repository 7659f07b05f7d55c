import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sources } from '../../../engine/cli/explain/cause-text.ts';
import { explanationText } from '../../../engine/cli/explain/explanation-text.ts';
import { digestOf } from '../../../engine/core/digest.ts';
import type { Explanation } from '../../../engine/core/explain.ts';
import type { Segment } from '../../../engine/core/kind.ts';
import { fakeNode } from '../../properties/fake-nodes.ts';

const nothing = {} as Sources; // Where there are no causes nobody looks at it.

function explanation(told: Partial<Explanation> & { segment?: number }): Explanation {
  const { segment, ...rest } = told;
  const node = fakeNode('cuts', { reads: [] });
  const at = segment === undefined ? undefined : ({ index: segment } as Segment); // All that is looked at of it.
  const same = {
    key: digestOf('key'),
    since: undefined,
    before: undefined,
    causes: [],
    eviction: undefined,
  };
  return {
    ...same,
    node: { ...node, segment: at, phase: at ? 'run' : 'merge' },
    verdict: 'to_run',
    reason: 'first',
    ...rest,
  };
}

test('segments with another verdict or for another reason are not told together, though none has a cause', () => {
  const since = {
    key: digestOf('key'),
    request: '',
    atMs: 0,
    outcome: 'cached',
    durationMs: 1,
  } as const;
  const lines = explanationText(
    [
      explanation({ segment: 0, verdict: 'cached', since }),
      explanation({ segment: 1, verdict: 'cached', since }),
      explanation({ segment: 2, verdict: 'to_run', reason: 'lost' }),
      explanation({ segment: 3 }),
      explanation({}),
    ],
    nothing,
  );
  assert.deepEqual(
    lines.map((line) => line.replace(/ since .*/, '')),
    [
      '  segments 0–1: cached (local)',
      '  segment 2: would run: its result was stored and is gone',
      '  segment 3: would run: never built here',
      '  merge of its segments: would run: never built here',
    ],
  );
});
