import assert from 'node:assert/strict';
import test from 'node:test';
import { findingsAt, findingsText } from '../../../rules/report/findings.ts';
import { facesOf, objectsOf } from './report-parts.ts';

const box = [0, 0, 1, 1] as const;

test('things are those of the frame nearest to a time, and of that frame alone', () => {
  const objects = objectsOf(
    [1, 1.2, 2],
    [
      { sec: 1, score: 0.9, box, name: 'cat' },
      { sec: 1.2, score: 0.8, box, name: 'dog' },
      { sec: 1.2, score: 0.7, box, name: 'dog' },
    ],
  );
  const text = (sec: number) => findingsText(findingsAt({ faces: undefined, objects }, sec));
  assert.equal(text(1.05), 'cat (0.90)');
  assert.equal(text(1.3), '2 × dog (0.80, 0.70)');
  assert.equal(text(2), 'no object');
  assert.equal(text(1.6), 'not looked at for objects');
});

test('of a component that is not there nothing is said', () => {
  assert.equal(findingsText(findingsAt({ faces: undefined, objects: undefined }, 1)), '');
});

test('landmarks that the model did not see are left out, and of a mesh at most a hundred are kept', () => {
  const seen = Array.from({ length: 468 }, (_, at) => [at / 468, 0.5] as const);
  const landmarksOf = (landmarks: readonly (readonly [number, number])[]) => {
    const { faces } = findingsAt(
      { faces: facesOf([0], [{ sec: 0, score: 1, box, landmarks }]), objects: undefined },
      0,
    );
    return faces === undefined || faces === 'unseen' ? [] : faces[0]!.landmarks;
  };
  assert.deepEqual(
    landmarksOf([
      [0.5, 0.25],
      [Number.NaN, Number.NaN],
    ]),
    [0.5, 0.25],
  );
  assert.ok(landmarksOf(seen).length / 2 <= 100);
});
