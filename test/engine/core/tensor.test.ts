import assert from 'node:assert/strict';
import test from 'node:test';
import { buffersOf, release, tensor } from '../../../engine/core/tensor.ts';

test('what is given back holds nothing any more, in each of its views', () => {
  const memory = new ArrayBuffer(64);
  const [scores, ids] = [new Float32Array(memory, 0, 4), new Uint8Array(memory, 32, 8)];
  release({ scores: tensor('float32', scores, [1, 4]), ids: tensor('uint8', ids, [1, 8]) });
  assert.deepEqual([scores.length, ids.length, memory.byteLength], [0, 0, 0]);
});

test('shared memory is neither handed over nor given back', () => {
  const shared = new Float32Array(new SharedArrayBuffer(16)).fill(3);
  const tensors = { shared: tensor('float32', shared, [4]) };
  assert.deepEqual(buffersOf(tensors), []);
  release(tensors);
  assert.deepEqual([...shared], [3, 3, 3, 3]);
});
