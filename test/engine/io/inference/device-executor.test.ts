import assert from 'node:assert/strict';
import test from 'node:test';
import type { AssignedModel } from '../../../../engine/core/assigned-model.ts';
import { FlowError } from '../../../../engine/core/errors.ts';
import type { Tensors } from '../../../../engine/core/tensor.ts';
import { DeviceExecutor, type DeviceSetting } from '../../../../engine/io/inference/device-executor.ts';
import { badRun, outOfMemory } from '../../../../engine/io/inference/inference-errors.ts';
import { Lane } from '../../../../engine/io/inference/lane.ts';
import { assignedTo, type Behaviour, FakeBackend, fakeEntry, numbers, valuesOf } from './fake-models.ts';

const model = assignedTo(fakeEntry('times-ten'));

function bench({
  behave,
  lanes = 1,
  memoryBytes = 1000,
  ...setting
}: { behave?: Behaviour; lanes?: number; memoryBytes?: number } & Partial<
  Omit<DeviceSetting, 'lanes'>
> = {}) {
  const backends = Array.from({ length: lanes }, () => new FakeBackend(behave));
  const executor = new DeviceExecutor({
    lanes: backends.map((backend) => new Lane({ backend, atOnce: 1, memoryBytes })),
    ready: async (assigned) => ({ assigned, graphPath: undefined, sizeBytes: 100 }),
    mostItems: () => 4,
    maxDelayMs: 0,
    ...setting,
  });
  const infer = (
    feeds: Tensors,
    { run = 'run', assigned = model, signal = new AbortController().signal }: Partial<Asked> = {},
  ): Promise<Tensors> => executor.infer({ assigned, feeds, run, signal });
  return { executor, backends, infer, backend: backends[0]! };
}

interface Asked {
  readonly run: string;
  readonly assigned: AssignedModel;
  readonly signal: AbortSignal;
}

test('items of several requests go in one batch, and each gets its own', async () => {
  const gate = Promise.withResolvers<void>();
  const { infer, backend } = bench({ behave: ([first]) => (first === 0 ? gate.promise : undefined) });
  const all = [infer(numbers(0)), infer(numbers(1, 2)), infer(numbers(3), { run: 'other' })];
  gate.resolve();
  assert.deepEqual((await Promise.all(all)).map(valuesOf), [[0], [10, 20], [30]]);
  assert.deepEqual(backend.batches, ['times-ten: 0', 'times-ten: 3 1 2']);
});

test('a request with more items than a batch takes goes in several, and comes back as one', async () => {
  const { infer, backend } = bench();
  assert.deepEqual(valuesOf(await infer(numbers(1, 2, 3, 4, 5, 6))), [10, 20, 30, 40, 50, 60]);
  assert.deepEqual(backend.batches, ['times-ten: 1 2 3 4', 'times-ten: 5 6']);
});

test('several lanes work at once, each with a model of its own', async () => {
  const { infer, backends } = bench({
    lanes: 2,
    mostItems: () => 1,
    behave: () => new Promise(setImmediate),
  });
  await Promise.all([infer(numbers(1)), infer(numbers(2)), infer(numbers(3)), infer(numbers(4))]);
  for (const { events } of backends) {
    assert.equal(events.filter((event) => event === 'load times-ten').length, 1);
    assert.ok(events.length > 1);
  }
});

test('a batch that is too large for the memory is halved, and its size is remembered', async () => {
  const behave = (values: readonly number[]): void => {
    if (values.length > 2) throw outOfMemory('times-ten:1', 'cuda');
  };
  const { infer, backend } = bench({ behave });
  assert.deepEqual(valuesOf(await infer(numbers(1, 2, 3, 4))), [10, 20, 30, 40]);
  assert.deepEqual(valuesOf(await infer(numbers(5, 6, 7, 8))), [50, 60, 70, 80]);
  assert.deepEqual(
    backend.batches.map((batch) => batch.split(' ').length - 1),
    [4, 2, 2, 2, 2],
  );
});

test('one item that is too large for the memory is an error', async () => {
  const { infer } = bench({
    behave: () => {
      throw outOfMemory('times-ten:1', 'cuda');
    },
  });
  await assert.rejects(infer(numbers(1, 2)), { code: 'gpu_oom' });
});

test('what is wrong with the items of one request fails no other, and the executor lives on', async () => {
  const gate = Promise.withResolvers<void>();
  const behave = (values: readonly number[]): Promise<void> | undefined => {
    if (values.includes(13)) throw badRun('times-ten:1', 'not for unlucky numbers');
    return values[0] === 0 ? gate.promise : undefined;
  };
  const { infer } = bench({ behave });
  const first = infer(numbers(0));
  const others = Promise.allSettled([infer(numbers(1)), infer(numbers(13)), infer(numbers(2))]);
  gate.resolve();
  await first;
  assert.deepEqual(
    (await others).map((one) => (one.status === 'fulfilled' ? valuesOf(one.value) : one.reason.code)),
    [[10], 'model_io_mismatch', [20]],
  );
  assert.deepEqual(valuesOf(await infer(numbers(7))), [70]);
});

test('a lane has one batch at a time, also while a bad one is taken apart', async () => {
  const behave = async (values: readonly number[]): Promise<void> => {
    await new Promise(setImmediate);
    if (values.includes(3)) throw badRun('times-ten:1', 'not this one');
  };
  const { infer, backend } = bench({ behave });
  await Promise.allSettled(Array.from({ length: 14 }, (_, value) => infer(numbers(value))));
  assert.equal(backend.mostAtOnce, 1);
});

test('what is cancelled while it waits is not run', async () => {
  const gate = Promise.withResolvers<void>();
  const { infer, backend } = bench({ behave: ([first]) => (first === 0 ? gate.promise : undefined) });
  const stop = new AbortController();
  const running = infer(numbers(0));
  const stopped = infer(numbers(1), { signal: stop.signal });
  const next = infer(numbers(2));
  await new Promise(setImmediate);
  stop.abort('enough');
  await assert.rejects(stopped, (reason) => reason === 'enough');
  gate.resolve();
  await Promise.all([running, next]);
  assert.deepEqual(backend.batches, ['times-ten: 0', 'times-ten: 2']);
});

test('a lane that does not come back is given up, and the next batch has a new one', async () => {
  let hangs = true;
  const { infer, backend } = bench({
    timeoutMs: 20,
    behave: () => (hangs ? new Promise(() => {}) : undefined),
  });
  await assert.rejects(infer(numbers(1)), { code: 'rule_timeout' });
  hangs = false;
  assert.deepEqual(valuesOf(await infer(numbers(2))), [20]);
  assert.equal(backend.events.filter((event) => event === 'load times-ten').length, 2);
});

test('models that were used least recently make room for others', async () => {
  const [a, b, c] = ['a', 'b', 'c'].map((name) => assignedTo(fakeEntry(name)));
  const { infer, backend } = bench({ memoryBytes: 400 }); // Two of them: 100 bytes of weights take 200.
  for (const assigned of [a, b, a, c, a, b]) await infer(numbers(1), { assigned: assigned! });
  assert.deepEqual(
    backend.events.filter((event) => event.includes('load')),
    ['load a', 'load b', 'unload b', 'load c', 'unload c', 'load b'],
  );
});

test('a model that is larger than all memory for models is an error, and others run', async () => {
  const { infer } = bench({ memoryBytes: 100 });
  await assert.rejects(infer(numbers(1)), { code: 'out_of_memory' });
});

test('tensors that are not what the entry says do not reach the device', async () => {
  const { infer, backend } = bench();
  const wrong: readonly [Tensors, RegExp][] = [
    [{}, /its input "x" is missing/],
    [{ z: numbers(1)['x']! }, /no input "z"/],
    [{ x: { dtype: 'float64', data: new Float64Array(1), shape: [1, 1] } }, /float64 \[1, 1\] was given/],
    [{ x: { dtype: 'float32', data: new Float32Array(2), shape: [1, 2] } }, /float32 \[1, 2\] was given/],
    [{ x: { dtype: 'float32', data: new Float32Array(0), shape: [0, 1] } }, /no items/],
  ];
  for (const [feeds, message] of wrong)
    await assert.rejects(
      infer(feeds),
      (error) =>
        error instanceof FlowError && error.code === 'model_io_mismatch' && message.test(error.message),
    );
  assert.deepEqual(backend.events, []);
});

test('of each batch it is told what it was of and how long it took', async () => {
  const told: unknown[] = [];
  const { infer } = bench({ onBatch: ({ model: name, lane, items }) => told.push([name, lane, items]) });
  await infer(numbers(1, 2, 3, 4, 5));
  assert.deepEqual(told, [
    ['times-ten:1', 0, 4],
    ['times-ten:1', 0, 1],
  ]);
});
