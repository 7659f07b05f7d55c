import assert from 'node:assert/strict';
import test from 'node:test';
import { tensor } from '../../../../engine/core/tensor.ts';
import { OutputRoom } from '../../../../engine/io/inference/output-room.ts';

const outputs = {
  scores: tensor('float32', new Float32Array(5), [1, 5]),
  ids: tensor('int64', new BigInt64Array(3), [1, 3]),
  mask: tensor('uint8', new Uint8Array(7), [1, 7]),
};

test('each output has a place of its kind and size, which starts at 64 bytes of a page', () => {
  const places = Object.values(new OutputRoom().like(outputs));
  assert.deepEqual(
    places.map(({ dtype, shape, data }) => [dtype, shape, data.length, data.byteOffset]),
    [
      ['float32', [1, 5], 5, 0],
      ['int64', [1, 3], 3, 64],
      ['uint8', [1, 7], 7, 128],
    ],
  );
  assert.equal(new Set(places.map(({ data }) => data.buffer)).size, 1);
});

test('the same memory is used again, and more of it where more is needed', () => {
  const room = new OutputRoom();
  const first = room.like(outputs)['mask']!.data.buffer;
  assert.equal(room.like({ mask: outputs.mask })['mask']!.data.buffer, first);
  const large = { scores: tensor('float32', new Float32Array(100_000), [1, 100_000]) };
  assert.equal(room.like(large)['scores']!.data.length, 100_000);
});
