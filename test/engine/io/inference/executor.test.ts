import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { parse } from 'yaml';
import type { AssignedModel } from '../../../../engine/core/assigned-model.ts';
import type { BoundModel } from '../../../../engine/core/bound-model.ts';
import { FlowError } from '../../../../engine/core/errors.ts';
import { type ModelEntry, modelEntrySchema } from '../../../../engine/core/model-entry.ts';
import { type Tensors, tensor } from '../../../../engine/core/tensor.ts';
import { Executor } from '../../../../engine/io/inference/executor.ts';
import type { LaneAnswer, LaneRequest } from '../../../../engine/io/inference/lane-messages.ts';
import { boundModels } from '../../../../engine/io/inference/line.ts';
import { OrtBackend } from '../../../../engine/io/inference/ort-backend.ts';
import { GraphBuilder } from '../../../../engine/io/onnx/graph-builder.ts';
import { writeOnnx } from '../../../../engine/io/onnx/onnx-file.ts';
import { fileInMirror, modelsMirror, plainModel, withoutModels } from '../../../models/plain-model.ts';
import { assignedTo, FakeBackend, fakeEntry, numbers, valuesOf } from './fake-models.ts';

const folder = mkdtempSync(join(tmpdir(), 'flow-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const embedding = 'rules/models/osnet/osnet-x0-25.yaml';
const detection = 'rules/models/yunet/yunet.yaml';

function entryAt(path: string): ModelEntry {
  return modelEntrySchema.parse(parse(readFileSync(path, 'utf8')));
}

/** Numbers between -1 and 1 that look like noise, the same for the same seed. */
function noise(entry: ModelEntry, { items, seed }: { items: number; seed: number }): Tensors {
  const [{ name, shape }] = entry.inputs as [ModelEntry['inputs'][number]];
  const size = shape.slice(1).reduce<number>((product, axis) => product * Number(axis), 1);
  const data = Float32Array.from({ length: items * size }, (_, at) => Math.sin(seed + at * 12.9898));
  return { [name]: tensor('float32', data, [items, ...shape.slice(1).map(Number)]) };
}

function textOf(tensors: Tensors): string {
  return JSON.stringify(
    Object.entries(tensors).map(([name, { dtype, shape, data }]) => [
      name,
      dtype,
      shape,
      [...data].map(String),
    ]),
  );
}

function openExecutor({ graphPath, cores = 2 }: { graphPath?: string; cores?: number } = {}): Executor {
  return new Executor({
    open: async ({ entry }) => graphPath ?? fileInMirror(entry)!,
    cores,
    memoryBytes: 2 ** 30,
    warn: assert.fail,
    server: () => assert.fail('there is none'),
  });
}

/** As an action has it. */
function connected(executor: Executor, assigned: AssignedModel, run = 'run'): BoundModel & Disposable {
  const line = executor.connect({ models: [assigned], run });
  const { slot, model } = assigned;
  const bound = boundModels({ port: line.port, entries: { [slot]: model.entry } })[slot]!;
  return { ...bound, [Symbol.dispose]: () => line[Symbol.dispose]() };
}

test('an executor that is closed in the middle of a run takes nobody with it', async () => {
  const entry = entryAt('rules/models/pyramid-lk/pyramid-lk.yaml');
  for (let round = 0; round < 6; round += 1) {
    const executor = openExecutor({ graphPath: 'rules/models/pyramid-lk/pyramid-lk.onnx' });
    using line = connected(executor, assignedTo(entry));
    await line.infer(noise(entry, { items: 1, seed: round })); // It is loaded.
    const given = line.infer(noise(entry, { items: 16, seed: round }));
    given.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 20 + 10 * round));
    await executor[Symbol.asyncDispose]();
  }
});

test('a load or a run that is given up in its middle takes nobody with it, and the next one finds a new thread', async () => {
  const entry = entryAt('rules/models/pyramid-lk/pyramid-lk.yaml');
  await using backend = new OrtBackend('cpu');
  const outputs = async (signal: AbortSignal): Promise<string> => {
    const model = await backend.load({ entry, graphPath: 'rules/models/pyramid-lk/pyramid-lk.onnx' }, signal);
    return textOf(await model.run(noise(entry, { items: 16, seed: 1 }), signal));
  };
  const startedMs = performance.now();
  const expected = await outputs(new AbortController().signal);
  const tookMs = performance.now() - startedMs;
  const shares = [0.1, 0.2, 0.3, 0.4, 0.6];
  for (const share of shares)
    await outputs(AbortSignal.timeout(Math.ceil(share * tookMs))).catch(() => undefined);
  assert.equal(await outputs(new AbortController().signal), expected);
});

test('a lane that is told to end in the middle of a request leaves the rest of its items', async () => {
  const entry = entryAt('rules/models/pyramid-lk/pyramid-lk.yaml');
  const lane = new Worker(resolve('engine/io/inference/ort-lane.ts'));
  const answers: LaneAnswer[] = [];
  lane.on('message', (answer: LaneAnswer) => answers.push(answer));
  const graphPath = 'rules/models/pyramid-lk/pyramid-lk.onnx';
  const requests: LaneRequest[] = [
    { id: 1, type: 'load', model: 1, entry, graphPath, device: 'cpu' },
    { id: 2, type: 'run', model: 1, feeds: noise(entry, { items: 64, seed: 1 }) },
    { type: 'end' },
  ];
  for (const request of requests) lane.postMessage(request);
  await once(lane, 'exit');
  assert.deepEqual(
    answers.map(({ id, error }) => [id, error?.code]),
    [
      [1, undefined],
      [2, 'cancelled'],
    ],
  );
});

describe('real models', { skip: withoutModels, concurrency: false }, () => {
  for (const path of [embedding, detection])
    test(`${path}: what the executor gives is what ONNX Runtime gives, bit for bit, whoever asks with it`, async () => {
      const entry = entryAt(path);
      await using plain = await plainModel(path);
      await using executor = openExecutor();
      const seeds = [1, 2, 3, 4];
      const expected = await Promise.all(
        seeds.map(async (seed) => textOf(await plain.infer(noise(entry, { items: 2, seed })))),
      );
      const lines = seeds.map((seed) => connected(executor, assignedTo(entry), `run ${seed % 2}`));
      const found = await Promise.all(
        lines.map((line, index) => line.infer(noise(entry, { items: 2, seed: seeds[index]! }))),
      );
      assert.deepEqual(found.map(textOf), expected);
      for (const line of lines) line[Symbol.dispose]();
    });

  test('a model that its entry does not describe is refused, with tensor, expected and found', async () => {
    const entry = entryAt(embedding);
    const [input] = entry.inputs;
    const [output] = entry.outputs;
    const wrong: readonly [Partial<ModelEntry>, RegExp][] = [
      [{ inputs: [{ ...input!, name: 'pixels' }] }, /the input "pixels", the model has "input"/],
      [
        { inputs: [{ ...input!, shape: ['N', 3, 224, 224] }] },
        /"input" is float32 \[batch, 3, 256, 128\], and .*224/,
      ],
      [{ outputs: [{ ...output!, dtype: 'int32' }] }, /"output" is float32 .*int32/],
    ];
    await using executor = openExecutor();
    for (const [changes, message] of wrong) {
      const changed = { ...entry, ...changes };
      using line = connected(executor, assignedTo(changed));
      await assert.rejects(
        line.infer(noise(changed, { items: 1, seed: 1 })),
        refusal('model_io_mismatch', message),
      );
    }
    using line = connected(executor, assignedTo(entry));
    assert.ok(await line.infer(noise(entry, { items: 1, seed: 1 })));
  });

  test('a device that is not there is an error, and no other is taken', async () => {
    const entry = entryAt(embedding);
    await using executor = openExecutor();
    using line = connected(executor, assignedTo(entry, { device: 'cuda' }));
    await assert.rejects(
      line.infer(noise(entry, { items: 1, seed: 1 })),
      refusal('dependency_missing', /on cuda/),
    );
  });

  const bad: readonly [string, (path: string) => void, RegExp][] = [
    ['of no bytes', (path) => writeFileSync(path, ''), /the file is empty/],
    ['of text', (path) => writeFileSync(path, 'no model at all'), /it is no ONNX file/],
    [
      'that breaks off in the middle',
      (path) => {
        writeFileSync(path, readFileSync(join(modelsMirror, 'osnet_x0_25_msmt17.onnx')));
        truncateSync(path, 400_000);
      },
      /it is no ONNX file, or not a whole one/,
    ],
    [
      'that is another one',
      (path) => writeFileSync(path, readFileSync(join(modelsMirror, 'yolox_nano.onnx'))),
      /"images"/,
    ],
  ];
  for (const [what, make, message] of bad)
    test(`a file ${what} is refused for good, and the executor lives on`, async () => {
      const entry = entryAt(embedding);
      const graphPath = join(folder, `${what.replaceAll(' ', '-')}.onnx`);
      make(graphPath);
      await using executor = openExecutor({ graphPath });
      using line = connected(executor, assignedTo(entry));
      const feeds = (): Tensors => noise(entry, { items: 1, seed: 1 });
      await assert.rejects(line.infer(feeds()), refusal('model_io_mismatch', message));
      writeFileSync(graphPath, readFileSync(join(modelsMirror, 'osnet_x0_25_msmt17.onnx')));
      assert.ok(await line.infer(feeds()));
    });

  test('an action that ends takes what it asked for with it', async () => {
    const entry = entryAt(embedding);
    await using executor = openExecutor({ cores: 1 });
    const gone = connected(executor, assignedTo(entry));
    void gone.infer(noise(entry, { items: 64, seed: 1 })); // Nobody will hear of it.
    gone[Symbol.dispose]();
    using line = connected(executor, assignedTo(entry));
    assert.ok(await line.infer(noise(entry, { items: 1, seed: 2 })));
  });
});

/** The square root of what it gets, written for a version of ONNX's operators. */
function rootModel(opset?: bigint): Uint8Array {
  const graph = new GraphBuilder('root');
  graph.output('y', graph.node('Sqrt', [graph.input('x', ['N', 1])]), ['N', 1]);
  const model = graph.model({ producer: 'a test', description: 'square root' });
  if (opset !== undefined) model.opset_import[0]!.version = opset;
  return writeOnnx(model);
}

describe('models that are made here', { concurrency: false }, () => {
  test('a model that gives NaN for one item is refused for that request, and goes on for others', async () => {
    const graphPath = join(folder, 'root.onnx');
    writeFileSync(graphPath, rootModel());
    await using executor = openExecutor({ graphPath, cores: 1 });
    using line = connected(executor, assignedTo(fakeEntry('root')));
    const asked = [numbers(4), numbers(9, -1), numbers(16)].map((feeds) => line.infer(feeds));
    const [first, second, third] = await Promise.allSettled(asked);
    assert.deepEqual(
      [first, third].map((one) => one!.status === 'fulfilled' && valuesOf(one!.value)),
      [[2], [4]],
    );
    assert.ok(second?.status === 'rejected');
    refusal('output_invalid', /"y" holds NaN or infinity/)(second.reason);
  });

  test('a model whose output is not one an item is refused, and the executor goes on', async () => {
    const graph = new GraphBuilder('whole');
    const x = graph.input('x', ['N', 1]);
    graph.output('y', graph.node('Reshape', [x, graph.integers(1, 1, 1)]), [1, 1, 1]);
    graph.output('z', graph.node('ReduceSum', [x], { keepdims: 0 }), []);
    const graphPath = join(folder, 'whole.onnx');
    writeFileSync(graphPath, writeOnnx(graph.model({ producer: 'a test', description: 'no items' })));
    await using executor = openExecutor({ graphPath });
    const outputs = [{ name: 'z', dtype: 'float32' as const, shape: [] }];
    using line = connected(executor, assignedTo(fakeEntry('whole', { outputs })));
    const isRefused = refusal('model_io_mismatch', /"z" is \[\], not of 1 along its first axis/);
    await assert.rejects(line.infer(numbers(1)), isRefused);
    await assert.rejects(line.infer(numbers(1, 2)), isRefused);
  });

  test('a model for operators that nobody knows yet is refused for good', async () => {
    const graphPath = join(folder, 'future.onnx');
    writeFileSync(graphPath, rootModel(999n));
    await using executor = openExecutor({ graphPath });
    using line = connected(executor, assignedTo(fakeEntry('root')));
    await assert.rejects(
      line.infer(numbers(1)),
      refusal('model_io_mismatch', /ONNX Runtime says: .*opset 999/i),
    );
  });

  test('a model that is larger than what is there for models is refused before it is loaded', async () => {
    const graphPath = join(folder, 'huge.onnx');
    writeFileSync(graphPath, '');
    truncateSync(graphPath, 2 ** 33);
    await using executor = openExecutor({ graphPath });
    using line = connected(executor, assignedTo(fakeEntry('root')));
    await assert.rejects(line.infer(numbers(1)), refusal('out_of_memory', /16384 MiB, and 512 MiB/));
  });
});

describe('what several actions share', () => {
  test('who gives up while a model is fetched does not end that for the others', async () => {
    const graphPath = join(folder, 'shared.onnx');
    writeFileSync(graphPath, rootModel());
    const fetched = Promise.withResolvers<string>();
    await using executor = new Executor({
      open: (_model, signal) => {
        signal.addEventListener('abort', () => fetched.reject(signal.reason));
        return fetched.promise;
      },
      cores: 1,
      memoryBytes: 2 ** 30,
      warn: assert.fail,
      server: () => assert.fail('there is none'),
    });
    const gone = connected(executor, assignedTo(fakeEntry('root')));
    void gone.infer(numbers(1)); // Nobody will hear of it.
    using line = connected(executor, assignedTo(fakeEntry('root')));
    const asked = line.infer(numbers(9));
    await new Promise(setImmediate);
    gone[Symbol.dispose]();
    fetched.resolve(graphPath);
    assert.deepEqual(valuesOf(await asked), [3]);
  });

  test('a server gets the items of a model that takes one at a time one by one', async () => {
    const server = new FakeBackend();
    const entry = fakeEntry('single', { inputs: [{ name: 'x', dtype: 'float32', shape: [1, 1] }] });
    await using executor = new Executor({
      open: () => assert.fail('a server has its files itself'),
      cores: 1,
      memoryBytes: 2 ** 30,
      warn: assert.fail,
      server: () => server,
    });
    using line = connected(executor, assignedTo(entry, { engine: 'triton', device: 'remote' }));
    assert.deepEqual(valuesOf(await line.infer(numbers(1, 2, 3))), [10, 20, 30]);
    assert.deepEqual(server.batches.sort(), ['single: 1', 'single: 2', 'single: 3']);
  });
});

function refusal(code: string, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof FlowError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  };
}
