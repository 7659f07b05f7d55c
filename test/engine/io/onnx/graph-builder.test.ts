import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as ort from 'onnxruntime-node';
import { GraphBuilder } from '../../../../engine/io/onnx/graph-builder.ts';
import { readOnnx, writeOnnx } from '../../../../engine/io/onnx/onnx-file.ts';

/** y = 2 · (x, clipped to 0 and 1) of the columns [1, 3). */
function exampleGraph(): GraphBuilder {
  const g = new GraphBuilder('example');
  const x = g.input('x', ['N', 4]);
  const middle = g.node('Slice', [x, g.integers(1), g.integers(3), g.integers(1)]);
  g.output('y', g.node('Mul', [g.node('Clip', [middle, 0, 1]), 2]), ['N', 2]);
  return g;
}

const about = { producer: 'test', description: 'an example' };

test('a graph that was built runs', async () => {
  const session = await ort.InferenceSession.create(writeOnnx(exampleGraph().model(about)));
  const x = new ort.Tensor('float32', Float32Array.of(9, 0.25, -1, 9, 9, 3, 0.5, 9), [2, 4]);
  const { y } = await session.run({ x });
  assert.deepEqual([y!.data, y!.dims], [Float32Array.of(0.5, 0, 2, 1), [2, 2]]);
  await session.release();
});

test('the same calls give the same bytes', () => {
  const bytes = () => writeOnnx(exampleGraph().model(about));
  assert.deepEqual(bytes(), bytes());
});

test('a number is written once, however often it is used', () => {
  const g = new GraphBuilder('numbers');
  const x = g.input('x', ['N']);
  g.output('y', g.node('Mul', [g.node('Mul', [x, 3]), 3]), ['N']);
  assert.equal(g.model(about).graph!.initializer.length, 1);
});

test('attributes keep their types: whole numbers are integers unless they are said to be floats', () => {
  const g = new GraphBuilder('attributes');
  const x = g.input('x', ['N', 1]);
  g.node('LeakyRelu', [x], { alpha: { float: 1 } });
  g.node('Conv', [x], { pads: [1, 2], auto_pad: 'NOTSET', group: 1 });
  const [relu, conv] = readOnnx(writeOnnx(g.model(about))).graph!.node;
  assert.deepEqual(
    [...relu!.attribute, ...conv!.attribute].map(({ f, i, ints, s }) => f ?? i ?? s?.toString() ?? ints),
    [1, [1n, 2n], 'NOTSET', 1n],
  );
  assert.throws(() => g.node('LeakyRelu', [x], { alpha: 0.1 }), /0\.1 is no integer/);
});
