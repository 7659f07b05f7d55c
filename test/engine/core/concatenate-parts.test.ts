import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatenateParts, type Part } from '../../../engine/core/concatenate-parts.ts';
import { npz, text } from '../../../engine/core/kind.ts';
import { array, type NdArray, scalar, vector } from '../../../engine/core/nd-array.ts';

const kind = npz({
  times_sec: { dtype: 'float64', shape: ['N'], origin: 'segment_time' },
  frame_indices: { dtype: 'int32', shape: ['N'], origin: 'segment_frame' },
  points: { dtype: 'float32', shape: ['N', 2] },
  names: { dtype: 'unicode', shape: ['N'] },
  size: { dtype: 'int32', shape: [] },
});

function part(startSec: number, firstFrame: number, count: number, size = 7): Part {
  const range = Array.from({ length: count }, (_, index) => index);
  const values = {
    times_sec: vector(
      'float64',
      range.map((index) => index / 4),
    ),
    frame_indices: vector('int32', range),
    points: array('float32', new Float32Array(range.flatMap((index) => [index, -index])), [count, 2]),
    names: {
      dtype: 'unicode',
      shape: [count],
      data: range.map((index) => `${firstFrame}:${index}`),
    } as NdArray,
    size: scalar('int32', size),
  };
  return {
    origin: { startSec, durationSec: count / 4, firstFrame, frameCount: count },
    values: { rows: values },
  };
}

function join(parts: readonly Part[]): Record<string, NdArray> {
  return concatenateParts({ rows: kind }, parts).rows as Record<string, NdArray>;
}

test('parts are joined in their order, and moved by the start of their segments', () => {
  const joined = join([part(0, 0, 2), part(10, 300, 0), part(20.5, 600, 2)]);
  assert.deepEqual([...joined.times_sec!.data], [0, 0.25, 20.5, 20.75]);
  assert.deepEqual([...joined.frame_indices!.data], [0, 1, 600, 601]);
  assert.deepEqual(joined.points!.shape, [4, 2]);
  assert.deepEqual([...joined.points!.data], [0, -0, 1, -1, 0, -0, 1, -1]);
  assert.deepEqual(joined.names!.data, ['0:0', '0:1', '600:0', '600:1']);
  assert.deepEqual([...joined.size!.data], [7]);
});

test('joining leaves the parts as they were', () => {
  const second = part(10, 300, 2);
  join([part(0, 0, 1), second]);
  assert.deepEqual(second, part(10, 300, 2));
});

test('no parts at all give arrays without rows, where nothing else is needed', () => {
  const { size: _, ...arrays } = kind.arrays!;
  const joined = concatenateParts({ rows: npz(arrays) }, []).rows as Record<string, NdArray>;
  assert.deepEqual(joined.points!.shape, [0, 2]);
  assert.throws(() => join([]), /no part to take its value from/);
});

test('a scalar that differs between parts is refused', () => {
  assert.throws(() => join([part(0, 0, 1), part(1, 4, 1, 8)]), /"rows.size" differs between segments/);
});

test('rows of other shapes are refused', () => {
  const other = part(1, 4, 1);
  const rows = other.values.rows as Record<string, NdArray>;
  const wide = { ...rows, points: array('float32', new Float32Array(3), [1, 3]) };
  assert.throws(() => join([part(0, 0, 1), { ...other, values: { rows: wide } }]), /other shapes/);
});

test('an output that is no NPZ needs a merge of its own', () => {
  assert.throws(() => concatenateParts({ words: text() }, []), /must declare a merge/);
});
