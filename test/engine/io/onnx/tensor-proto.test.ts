import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FlowError } from '../../../../engine/core/errors.ts';
import { message } from '../../../../engine/io/onnx/onnx-messages.ts';
import {
  dataTypeOf,
  dataTypes,
  elementsOf,
  shapeOf,
  tensorProto,
} from '../../../../engine/io/onnx/tensor-proto.ts';

test('elements come back as they were, from wherever in a file they lie', () => {
  const elements = Float32Array.of(1.5, -0, Number.NaN, 3e-40);
  const tensor = tensorProto({ name: 'a', dataType: 'float32', shape: [2, 2], elements });
  const shifted = new Uint8Array(17);
  shifted.set(tensor.raw_data!, 1);
  const read = elementsOf({ ...tensor, raw_data: shifted.subarray(1) }, 'float32');
  assert.deepEqual([read, shapeOf(tensor), dataTypeOf(tensor.data_type)], [elements, [2, 2], 'float32']);
});

test('elements are the same in the field of their type as in raw bytes', () => {
  const dims = [2n];
  const float = message('TensorProto', { dims, data_type: dataTypes.float32.id, float_data: [0.5, -2] });
  const int64 = message('TensorProto', { dims, data_type: dataTypes.int64.id, int64_data: [2n ** 62n, -1n] });
  const int8 = message('TensorProto', { dims, data_type: dataTypes.int8.id, int32_data: [-128, 127] });
  assert.deepEqual(elementsOf(float, 'float32'), Float32Array.of(0.5, -2));
  assert.deepEqual(elementsOf(int64, 'int64'), BigInt64Array.of(2n ** 62n, -1n));
  assert.deepEqual(elementsOf(int8, 'int8'), Int8Array.of(-128, 127));
});

test('a tensor that is not all there is refused', () => {
  const two = { dims: [2n], data_type: dataTypes.float32.id };
  const short = message('TensorProto', { ...two, raw_data: new Uint8Array(7) });
  const elsewhere = message('TensorProto', { ...two, data_location: 1 });
  for (const tensor of [short, elsewhere]) {
    assert.throws(
      () => elementsOf(tensor, 'float32'),
      (error) => error instanceof FlowError && error.code === 'input_unreadable',
    );
  }
});
