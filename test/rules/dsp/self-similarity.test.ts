import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { array } from '../../../engine/core/nd-array.ts';
import { type Embeddings, meanSimilarity, visitSimilarities } from '../../../rules/dsp/self-similarity.ts';

const embeddings: fc.Arbitrary<Embeddings> = fc
  .tuple(fc.integer({ min: 0, max: 13 }), fc.integer({ min: 1, max: 5 }))
  .chain(([count, size]) =>
    fc
      .array(fc.integer({ min: -9, max: 9 }), { minLength: count * size, maxLength: count * size })
      .map((values) => array('float32', Float32Array.from(values), [count, size])),
  );

function product({ data, shape: [, size = 0] }: Embeddings, a: number, b: number): number {
  let sum = 0;
  for (let at = 0; at < size; at += 1) sum += data[a * size + at]! * data[b * size + at]!;
  return sum;
}

test('each row holds the products with all earlier samples, the last row first', () => {
  fc.assert(
    fc.property(embeddings, (film) => {
      const visited: number[] = [];
      visitSimilarities(film, (sample, similarities) => {
        visited.push(sample);
        const wanted = Array.from({ length: sample }, (_, other) => product(film, sample, other));
        assert.deepEqual([...similarities], wanted);
      });
      assert.deepEqual(visited, [...Array(film.shape[0]).keys()].reverse());
    }),
  );
});

test('the mean similarity is the mean over all pairs', () => {
  const film = array('float32', Float32Array.from([1, 0, 0.6, 0.8, 0, 1]), [3, 2]);
  assert.ok(Math.abs(meanSimilarity(film) - (0.6 + 0 + 0.8) / 3) < 1e-7);
});

test('one sample alone is similar to nothing, and equal ones wholly', () => {
  assert.ok(Number.isNaN(meanSimilarity(array('float32', Float32Array.from([1, 0]), [1, 2]))));
  const equal = array(
    'float32',
    Float32Array.from({ length: 60 }, (_, at) => [0.6, 0.8][at % 2]!),
    [30, 2],
  );
  assert.ok(Math.abs(meanSimilarity(equal) - 1) < 1e-7);
});
