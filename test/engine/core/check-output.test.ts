import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { checkOutputs } from '../../../engine/core/check-output.ts';
import { FlowError } from '../../../engine/core/errors.ts';
import { bytes, file, json, npz, text } from '../../../engine/core/kind.ts';
import { array, vector } from '../../../engine/core/nd-array.ts';
import type { Outputs, Values } from '../../../engine/core/rule.ts';

const rows = npz({
  points: { dtype: 'float32', shape: ['N', 2], isFinite: true },
  gaps: { dtype: 'float32', shape: ['N'] },
  names: { dtype: 'unicode', shape: ['N'] },
});
const good = {
  points: array('float32', new Float32Array([1, 2, 3, 4]), [2, 2]),
  gaps: vector('float32', [Number.NaN, Number.POSITIVE_INFINITY]),
  names: { dtype: 'unicode', shape: [2], data: ['a', 'b'] },
};

/** The reason why values are refused; undefined if they are not. */
function refusal(outputs: Outputs, values: unknown): string | undefined {
  try {
    checkOutputs('some/rule', outputs, values as Values);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof FlowError && error.code === 'output_invalid' && error.blame === 'rule');
    return error.message.replace('Cannot keep the result of rule "some/rule": ', '');
  }
}

test('values that are what was declared pass', () => {
  assert.equal(
    refusal({ rows, words: text(), raw: bytes() }, { rows: good, words: '', raw: new Uint8Array() }),
    undefined,
  );
});

test('arrays without rows pass', () => {
  const none = {
    points: array('float32', new Float32Array(), [0, 2]),
    gaps: vector('float32', []),
    names: { dtype: 'unicode', shape: [0], data: [] },
  };
  assert.equal(refusal({ rows }, { rows: none }), undefined);
});

test('a value that differs from its declaration is refused with the place of the difference', () => {
  const cases: [unknown, string][] = [
    [
      { ...good, gaps: vector('float32', [1]) },
      'array "gaps", which has shape [1], where axis 0 (N) should be 2',
    ],
    [{ ...good, gaps: { ...good.gaps, shape: [3] } }, 'has 2 elements in shape [3]'],
    [{ ...good, names: { ...good.names, data: ['a', 7] } }, 'holds elements that are not unicode'],
    [
      { ...good, points: { ...good.points, data: new Float32Array([1, 2, Number.NEGATIVE_INFINITY, 4]) } },
      'holds -Infinity at element 2',
    ],
    [{ ...good, points: { ...good.points, data: [1, 2, 3, 4] } }, 'holds elements that are not float32'],
    [{ ...good, points: { ...good.points, shape: [4] } }, 'has shape [4], not [N, 2]'],
    ['text', 'is not a set of arrays'],
    [null, 'is missing'],
  ];
  for (const [value, reason] of cases) {
    const message = refusal({ rows }, { rows: value });
    assert.ok(message?.includes(reason), `${message} does not say: ${reason}`);
  }
});

test('a document is held against its schema, and null is a value where the schema has it', () => {
  const settings = json(z.strictObject({ sizes: z.array(z.number().int()) }));
  assert.equal(refusal({ settings }, { settings: { sizes: [1, 2] } }), undefined);
  assert.match(refusal({ settings }, { settings: { sizes: [1, 2.5] } }) ?? '', /at "sizes.1"/);
  assert.match(refusal({ settings }, { settings: null }) ?? '', /does not fit/);
  assert.equal(refusal({ maybe: json(z.null()) }, { maybe: null }), undefined);
});

test('a rule cannot give a source file', () => {
  assert.match(refusal({ source: file() }, { source: { path: '/etc/passwd' } }) ?? '', /only an input/);
});
