import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tensor } from '../../../engine/core/tensor.ts';
import { TensorAgreement } from '../../../engine/core/tensor-agreement.ts';

function agreementOf(...pairs: readonly (readonly [number[], number[]])[]): TensorAgreement['result'] {
  const agreement = new TensorAgreement();
  for (const [a, b] of pairs)
    agreement.add(
      tensor('float32', Float32Array.from(a), [1, a.length]),
      tensor('float32', Float32Array.from(b), [1, b.length]),
    );
  return agreement.result;
}

test('a cosine does not see a length, the errors do', () => {
  assert.deepEqual(
    agreementOf([
      [3, 4],
      [6, 8],
    ]),
    {
      items: 1,
      meanCosine: 1,
      minCosine: 1,
      maxAbsError: 4,
      relativeError: 1,
    },
  );
});

test('the least cosine is that of the worst item', () => {
  const { items, meanCosine, minCosine } = agreementOf(
    [
      [1, 0],
      [1, 0],
    ],
    [
      [1, 0],
      [0, 1],
    ],
  );
  assert.deepEqual([items, meanCosine, minCosine], [2, 0.5, 0]);
});

test('zeros agree with zeros and with nothing else', () => {
  assert.equal(
    agreementOf([
      [0, 0],
      [0, 0],
    ]).minCosine,
    1,
  );
  assert.equal(
    agreementOf([
      [0, 0],
      [1, 0],
    ]).minCosine,
    0,
  );
});
