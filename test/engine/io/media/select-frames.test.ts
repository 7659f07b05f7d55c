import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selectFrames } from '../../../../engine/io/media/select-frames.ts';

test('the expression is a search tree over the wanted times', () => {
  assert.equal(
    selectFrames([1, 5, 9]),
    '(if(lt(pts,5),eq(pts,1),if(lt(pts,9),eq(pts,5),eq(pts,9))))*not(lte(pts,prev_selected_pts))',
  );
});

test('nothing wanted selects nothing', () => {
  assert.equal(selectFrames([]), '(0)*not(lte(pts,prev_selected_pts))');
});
