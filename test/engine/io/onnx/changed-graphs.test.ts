import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Tensors, tensor } from '../../../../engine/core/tensor.ts';
import { TensorAgreement } from '../../../../engine/core/tensor-agreement.ts';
import { PlainSession } from '../../../../engine/io/inference/plain-session.ts';
import { OpenedUp } from '../../../../engine/io/models/opened-up.ts';
import { convertHalf, type TooLarge } from '../../../../engine/io/onnx/convert-half.ts';
import { EditableGraph } from '../../../../engine/io/onnx/editable-graph.ts';
import { GraphBuilder } from '../../../../engine/io/onnx/graph-builder.ts';
import { readOnnx, writeOnnx } from '../../../../engine/io/onnx/onnx-file.ts';
import { quantizeDynamic } from '../../../../engine/io/onnx/quantize-dynamic.ts';
import { quantizedTensors, quantizeStatic } from '../../../../engine/io/onnx/quantize-static.ts';
import { type Range, wholeWeights } from '../../../../engine/io/onnx/quantized-numbers.ts';
import type { DataType } from '../../../../engine/io/onnx/tensor-proto.ts';
import { modelsMirror, withoutModels } from '../../../models/plain-model.ts';

/** Numbers around zero, the same each time. */
function numbers(count: number, { seed = 1, spread = 1 } = {}): Float32Array<ArrayBuffer> {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state / 2_147_483_647 - 0.5) * spread;
  });
}

/** Every kind of node that is quantized: two convolutions, one of which has a gate behind it, and matrices. */
function tinyNet({ opset = 17n, huge = 1 } = {}): Uint8Array {
  const graph = new GraphBuilder('net');
  const picture = graph.input('x', ['N', 3, 16, 16]);
  const weights = (shape: number[], seed: number) =>
    graph.constant(
      numbers(
        shape.reduce((a, b) => a * b),
        { seed },
      ),
      shape,
    );
  const pads = [1, 1, 1, 1];
  const first = graph.node('Conv', [picture, weights([8, 3, 3, 3], 2), weights([8], 3)], { pads });
  const relu = graph.node('Relu', [first]);
  const second = graph.node('Conv', [relu, weights([8, 1, 3, 3], 4), weights([8], 5)], { pads, group: 8 });
  const gated = graph.node('Mul', [second, graph.node('Sigmoid', [second])]);
  const flat = graph.node('Flatten', [graph.node('GlobalAveragePool', [gated])]);
  const dense = graph.node('Gemm', [flat, weights([6, 8], 6), weights([6], 7)], { transB: 1 });
  const scaled = graph.node('Div', [graph.node('Mul', [dense, huge]), huge]);
  graph.output('y', graph.node('MatMul', [scaled, weights([6, 5], 8)]), ['N', 5]);
  const model = graph.model({ producer: 'a test', description: '' });
  model.opset_import[0]!.version = opset;
  return writeOnnx(model);
}

function feeds(shape: readonly number[], count: number): Tensors[] {
  const size = shape.reduce((a, b) => a * b);
  return Array.from({ length: count }, (_, at) => ({
    input: tensor('float32', numbers(size, { seed: 100 + at, spread: 2 }), shape),
  }));
}

/** A folder with a model, and what is asked of both forms of it. */
class Bench implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'flow-test-'));
  readonly path = join(this.#folder, 'model.onnx');
  readonly #items: readonly Tensors[];

  constructor(model: Uint8Array, items: readonly Tensors[], inputName: string) {
    writeFileSync(this.path, model);
    this.#items = items.map(({ input }) => ({ [inputName]: input! }));
  }

  graph(): EditableGraph {
    return new EditableGraph(readOnnx(readFileSync(this.path)), 'change the model');
  }

  async ranges(): Promise<Map<string, Range>> {
    const names = quantizedTensors(this.graph());
    using opened = await OpenedUp.create(this.path, 'test', ({ inputs }) =>
      names.filter((name) => !inputs.includes(name)),
    );
    await using session = await PlainSession.open(opened.path);
    const ranges = new Map<string, Range>();
    for (const item of this.#items) {
      const values = { ...item, ...(await session.run(item)) };
      for (const name of names) {
        const { min, max } = ranges.get(name) ?? { min: 0, max: 0 };
        const data = values[name]!.data as Float32Array;
        ranges.set(name, {
          min: data.reduce((a, b) => Math.min(a, b), min),
          max: data.reduce((a, b) => Math.max(a, b), max),
        });
      }
    }
    return ranges;
  }

  async half(): Promise<{ bytes: Uint8Array; tooLarge: TooLarge[] }> {
    using opened = await OpenedUp.create(this.path, 'test', ({ nodes }) =>
      nodes.flatMap(({ output }) => output),
    );
    const types = [...opened.inputs, ...opened.values].map(
      ({ name, dtype }) => [name, dtype as DataType] as const,
    );
    const graph = this.graph();
    const tooLarge = convertHalf(graph, new Map(types));
    return { bytes: writeOnnx(graph.finish()), tooLarge };
  }

  /** Least cosine between what the changed model gives and what the model gives. */
  async cosine(changed: Uint8Array): Promise<number> {
    const path = join(this.#folder, 'changed.onnx');
    writeFileSync(path, changed);
    await using own = await PlainSession.open(this.path);
    await using other = await PlainSession.open(path);
    const agreement = new TensorAgreement();
    for (const item of this.#items) {
      const [[a], [b]] = [Object.values(await own.run(item)), Object.values(await other.run(item))];
      assert.deepEqual([b!.shape, b!.dtype], [a!.shape, a!.dtype]);
      agreement.add(a!, b!);
    }
    return agreement.result.minCosine;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function tinyBench(options: Parameters<typeof tinyNet>[0] = {}): Bench {
  return new Bench(tinyNet(options), feeds([1, 3, 16, 16], 4), 'x');
}

function operators(bytes: Uint8Array): string[] {
  return readOnnx(bytes).graph!.node.map(({ op_type }) => op_type!);
}

for (const isPerChannel of [false, true])
  for (const way of ['static', 'dynamic'] as const)
    test(`a net quantized ${way}, ${isPerChannel ? 'by channel' : 'as a whole'}, gives nearly the same in whole numbers`, async () => {
      using bench = tinyBench();
      const ranges = await bench.ranges();
      const make = (): Uint8Array => {
        const graph = bench.graph();
        if (way === 'dynamic') quantizeDynamic(graph, { isPerChannel });
        else quantizeStatic(graph, { ranges, isPerChannel, isFullRange: false });
        return writeOnnx(graph.finish());
      };
      const bytes = make();
      const made = operators(bytes);
      const wanted =
        way === 'dynamic' ? ['ConvInteger', 'MatMulInteger'] : ['QuantizeLinear', 'DequantizeLinear'];
      for (const op of wanted) assert.ok(made.includes(op), made.join());
      assert.equal(made.includes('MatMul'), way === 'static');
      const cosine = await bench.cosine(bytes);
      assert.ok(cosine > 0.999, String(cosine));
      assert.deepEqual(Buffer.from(make()), Buffer.from(bytes));
    });

test('a net of 16 bits gives nearly the same, and its inputs and outputs keep their types', async () => {
  using bench = tinyBench();
  const { bytes, tooLarge } = await bench.half();
  assert.deepEqual(tooLarge, []);
  const cosine = await bench.cosine(bytes);
  assert.ok(cosine > 0.99999, String(cosine));
  assert.ok(bytes.length < 0.8 * readFileSync(bench.path).length);
});

test('a constant that 16 bits cannot hold is told, and what uses it computes with 32', async () => {
  using bench = tinyBench({ huge: 1e6 });
  const { bytes, tooLarge } = await bench.half();
  assert.deepEqual(
    tooLarge.map(({ largest }) => largest),
    [1e6],
  );
  assert.ok((await bench.cosine(bytes)) > 0.99999);
});

test('an old model is raised where that changes nothing, and refused where it would', async () => {
  using bench = tinyBench({ opset: 11n });
  const ranges = await bench.ranges();
  const graph = bench.graph();
  quantizeStatic(graph, { ranges, isPerChannel: true, isFullRange: false });
  assert.equal(graph.model.opset_import[0]!.version, 13n);
  assert.ok((await bench.cosine(writeOnnx(graph.finish()))) > 0.999);

  const net = readOnnx(tinyNet({ opset: 11n }));
  net.graph!.node.find(({ op_type }) => op_type === 'Flatten')!.op_type = 'Softmax';
  assert.throws(
    () => quantizeStatic(new EditableGraph(net, 'x'), { ranges, isPerChannel: true, isFullRange: false }),
    {
      code: 'model_io_mismatch',
      message:
        'Cannot quantize the model: it has the operators of version 11, and 13 is needed, in which Softmax means something else.',
    },
  );
});

test('a graph without weights, and one with graphs in it, are refused', () => {
  const graph = new GraphBuilder('none');
  graph.output('y', graph.node('Abs', [graph.input('x', ['N'])]), ['N']);
  const model = graph.model({ producer: 'a test', description: '' });
  assert.throws(
    () => quantizeDynamic(new EditableGraph(model, 'x'), { isPerChannel: false }),
    /has no Conv, Gemm or MatMul/,
  );
  const nested = structuredClone(model);
  nested.graph!.node[0]!.attribute = [{ name: 'body', g: model.graph! } as never]; // Its other fields are not looked at.
  assert.throws(() => new EditableGraph(nested, 'quantize the model'), /holds a graph of its own/);
});

test('weights come back to within half a step, and those of a channel of zeros stay zeros', () => {
  const weights = Float32Array.of(0, 0, 0, 0.6, -1, 0.25);
  const { values, scales } = wholeWeights(weights, { shape: [2, 3], axis: 0, most: 63 });
  assert.deepEqual([...values], [0, 0, 0, 38, -63, 16]);
  for (const [at, weight] of weights.entries()) {
    const scale = scales[Math.floor(at / 3)]!;
    assert.ok(Math.abs(values[at]! * scale - weight) <= scale / 2 + 1e-7);
  }
});

test('a published net keeps its results in whole numbers and in 16 bits', {
  skip: withoutModels,
}, async () => {
  const net = readFileSync(join(modelsMirror, 'osnet_x0_25_msmt17.onnx'));
  using bench = new Bench(net, feeds([1, 3, 256, 128], 2), 'input');
  const graph = bench.graph();
  quantizeStatic(graph, { ranges: await bench.ranges(), isPerChannel: true, isFullRange: true });
  const quantized = await bench.cosine(writeOnnx(graph.finish()));
  assert.ok(quantized >= 0.99, String(quantized));
  const half = await bench.cosine((await bench.half()).bytes);
  assert.ok(half >= 0.999, String(half));
});
