import assert from 'node:assert/strict';
import test from 'node:test';
import {
  levelCharacters,
  type MatrixData,
  similarityMatrix,
} from '../../../rules/report/similarity-matrix.ts';
import { framesLooking, nothing } from './report-parts.ts';

function matrixOf(rows: readonly (readonly number[])[]): MatrixData {
  return similarityMatrix(nothing, framesLooking(rows), rows.length).data!;
}

function cosineAt({ cells, low }: MatrixData, row: number, column: number): number {
  return low + (levelCharacters.indexOf(cells[(row * (row + 1)) / 2 + column]!) / 63) * (1 - low);
}

test('a cell is the cosine of its two frames, to a level of 64', () => {
  const matrix = matrixOf([
    [1, 0],
    [0, 1],
    [1, 1],
  ]);
  assert.deepEqual(matrix.edgesSec, [0, 1, 2, 3]);
  assert.equal(cosineAt(matrix, 2, 2), 1);
  assert.equal(cosineAt(matrix, 1, 0), 0);
  assert.ok(Math.abs(cosineAt(matrix, 2, 0) - Math.SQRT1_2) < 0.01);
});

test('a still film is not made to look varied: its scale reaches down to 0.8 at least', () => {
  assert.equal(
    matrixOf([
      [1, 0],
      [1, 0.001],
    ]).low,
    0.8,
  );
});

test('an hour has 200 columns, each the mean of its frames, and no frame is left out', () => {
  const rows = Array.from({ length: 3600 }, (_, at) => (at < 1800 ? [1, 0] : [0, 1]));
  const matrix = matrixOf(rows);
  assert.equal(matrix.edgesSec.length, 201);
  assert.equal(matrix.edgesSec.at(-1), 3600);
  assert.deepEqual(
    [cosineAt(matrix, 99, 0), cosineAt(matrix, 100, 99), cosineAt(matrix, 199, 100)],
    [1, 0, 1],
  );
});

test('without numbers to compare there is no drawing, but a line', () => {
  const { data, markup } = similarityMatrix(nothing, framesLooking([[1, 0]]), 1);
  assert.equal(data, undefined);
  assert.match(markup.text, /one frame alone/);
});
