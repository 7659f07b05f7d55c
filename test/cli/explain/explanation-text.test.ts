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
    unsent: undefined,
    isRemote: false,
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

test('where a result is, and that it was not sent, are told and keep segments apart', () => {
  const unsent = { reason: 'it is larger than readers take', atMs: 0 };
  const lines = explanationText(
    [
      explanation({ segment: 0, verdict: 'cached', isRemote: true }),
      explanation({ segment: 1, verdict: 'cached' }),
      explanation({ segment: 2, verdict: 'cached', unsent }),
    ],
    nothing,
  );
  assert.deepEqual(
    lines.map((line) => line.replace(/ on [\d: -]+:/, ' on that day:')),
    [
      '  segment 0: cached (remote): made elsewhere from the same ingredients',
      '  segment 1: cached (local): made elsewhere from the same ingredients',
      '  segment 2: cached (local): made elsewhere from the same ingredients',
      '    was not sent to the remote cache on that day: it is larger than readers take',
    ],
  );
});
