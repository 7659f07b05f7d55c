import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../../engine/core/digest.ts';
import { faultOfResult } from '../../../engine/core/fault-of-result.ts';
import { npz, text } from '../../../engine/core/kind.ts';
import type { OutputRecord } from '../../../engine/core/store.ts';

const declared = {
  rows: npz({ points: { dtype: 'float32', shape: ['N', 2] }, count: { dtype: 'int32', shape: [] } }),
  note: text(),
};

const arrays = { points: { dtype: 'float32', shape: [7, 2] }, count: { dtype: 'int32', shape: [] } };
const digest = digestOf('x');
const common = { digest, content: digest, sizeBytes: 1, isEphemeral: false };
const rows: OutputRecord = { ...common, format: 'npz', extension: 'npz', arrays };
const note: OutputRecord = { ...common, format: 'text', extension: 'txt' };

function fault(outputs: Readonly<Record<string, OutputRecord>>): string | undefined {
  return faultOfResult(declared, { status: 'success', warnings: [], outputs, durationMs: 1 });
}

test('a result with what the rule declares fits', () => {
  assert.equal(fault({ rows, note }), undefined);
});

test('a result of another shape is told by its first fault', () => {
  const points = (change: object) => ({
    ...rows,
    arrays: { ...arrays, points: { ...arrays.points, ...change } },
  });
  const faults: [Readonly<Record<string, OutputRecord>>, string][] = [
    [{ rows }, 'it lacks the output "note"'],
    [{ rows, note, more: note }, 'it has an output "more" that the rule does not declare'],
    [{ rows, note, constructor: note }, 'it has an output "constructor" that the rule does not declare'],
    [{ rows: note, note }, 'its output "rows" is text, not npz'],
    [{ rows, note: { ...note, extension: 'html' } }, 'its output "note" has the extension "html", not "txt"'],
    [
      { rows, note: { ...note, isEphemeral: true } },
      'its output "note" is not kept, though it is not ephemeral',
    ],
    [{ rows: { ...rows, arrays: {} }, note }, 'its output "rows" lacks the array "points"'],
    [
      { rows: { ...rows, arrays: { ...arrays, more: arrays.count } }, note },
      'its output "rows" has an array "more" that is not declared',
    ],
    [
      { rows: points({ dtype: 'float64' }), note },
      'its output "rows" has array "points" of float64, not float32',
    ],
    [
      { rows: points({ shape: [7, 3] }), note },
      'its output "rows" has array "points" of shape [7, 3], not [N, 2]',
    ],
    [{ rows: points({ shape: [7] }), note }, 'its output "rows" has array "points" of shape [7], not [N, 2]'],
  ];
  for (const [outputs, expected] of faults) assert.equal(fault(outputs), expected);
});

test('bytes that are to be kept nowhere may not come as kept', () => {
  const frames = { frames: npz({ luma: { dtype: 'uint8', shape: ['N'] } }, { isEphemeral: true }) };
  const kept: OutputRecord = { ...rows, arrays: { luma: { dtype: 'uint8', shape: [1] } } };
  const result = { status: 'success', warnings: [], durationMs: 1 } as const;
  assert.equal(
    faultOfResult(frames, { ...result, outputs: { frames: kept } }),
    'its output "frames" is kept, though it is ephemeral',
  );
  assert.equal(
    faultOfResult(frames, { ...result, outputs: { frames: { ...kept, isEphemeral: true } } }),
    undefined,
  );
});
