import assert from 'node:assert/strict';
import test from 'node:test';
import type { BoundModel } from '../../../engine/core/bound-model.ts';
import { type Tensors, tensor } from '../../../engine/core/tensor.ts';
import { inferInChunks } from '../../../rules/dsp/infer-in-chunks.ts';
import { fakeModel } from '../../models/fake-model.ts';

const one = { name: 'x', dtype: 'float32' as const, shape: ['N'] };

function model(answer: (tensors: Tensors) => Tensors) {
  return fakeModel({ task: 'any', inputs: [one], outputs: [one] }, answer);
}

const { signal } = new AbortController();

function numbers(first: number, end: number): Tensors {
  const values = Float32Array.from({ length: end - first }, (_, at) => first + at);
  return { x: tensor('float32', values, [values.length]) };
}

test('every item is inferred once, in order, however many there are', async () => {
  for (const count of [0, 1, 31, 32, 33, 100]) {
    const seen: number[] = [];
    const chunks = inferInChunks(
      model((tensors) => tensors),
      { count, prepare: numbers, signal },
    );
    for await (const { first, end, outputs } of chunks) {
      assert.equal(outputs.x!.data.length, end - first);
      seen.push(...(outputs.x!.data as Float32Array));
    }
    assert.deepEqual(seen, [...new Array(count).keys()]);
  }
});

test('a chunk is prepared while the model works on the one before, and no more than one', async () => {
  const steps: string[] = [];
  const slow: BoundModel = {
    ...model((tensors) => tensors),
    async infer(tensors) {
      await new Promise(setImmediate);
      steps.push(`inferred ${tensors.x!.data[0]}`);
      return tensors;
    },
  };
  const prepare = (first: number, end: number) => {
    steps.push(`prepared ${first}`);
    return numbers(first, end);
  };
  for await (const { first } of inferInChunks(slow, { count: 96, prepare, signal }))
    steps.push(`used ${first}`);
  const order = ['prepared 32', 'inferred 0', 'used 0', 'prepared 64'].map((step) => steps.indexOf(step));
  assert.deepEqual(
    order,
    order.toSorted((a, b) => a - b),
    steps.join(', '),
  );
});

test('a model that fails ahead of time is heard of, once', async () => {
  let calls = 0;
  const failing = model((tensors) => {
    calls += 1;
    if (calls === 2) throw new Error('broken');
    return tensors;
  });
  const seen: number[] = [];
  await assert.rejects(async () => {
    for await (const { first } of inferInChunks(failing, { count: 96, prepare: numbers, signal })) {
      await new Promise(setImmediate); // Time for a failure that nobody waits for to end the process.
      seen.push(first);
    }
  }, /broken/);
  assert.deepEqual(seen, [0]);
});

test('nothing more is inferred once it is cancelled', async () => {
  const controller = new AbortController();
  let calls = 0;
  const fake = model((tensors) => {
    calls += 1;
    return tensors;
  });
  const chunks = inferInChunks(fake, { count: 320, prepare: numbers, signal: controller.signal });
  await assert.rejects(async () => {
    for await (const _ of chunks) controller.abort();
  });
  assert.equal(calls, 2);
});

test('the outputs of a chunk are given back when the next one is taken', async () => {
  const chunks = inferInChunks(
    model((tensors) => tensors),
    { count: 64, prepare: numbers, signal },
  );
  const first = (await chunks.next()).value!.outputs.x!;
  assert.equal(first.data.length, 32);
  const second = (await chunks.next()).value!.outputs.x!;
  assert.deepEqual([first.data.length, second.data[0]], [0, 32]);
});
