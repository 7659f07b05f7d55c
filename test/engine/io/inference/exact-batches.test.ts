import assert from 'node:assert/strict';
import test from 'node:test';
import type { Tensors } from '../../../../engine/core/tensor.ts';
import { tensor } from '../../../../engine/core/tensor.ts';
import { ExactBatches } from '../../../../engine/io/inference/exact-batches.ts';
import { numbers, valuesOf } from './fake-models.ts';

/** Times ten; the sizes of all runs are kept. @param off what a batch adds @param slow what an item alone takes; milliseconds */
function bench({
  off = 0,
  takesBatches = true,
  slow = 0,
  breaks = false,
  batchMs = () => 0,
}: {
  off?: number;
  takesBatches?: boolean;
  slow?: number;
  breaks?: boolean;
  /** What a batch of so many items takes, the first of all being batch 0. */
  batchMs?: (count: number, batch: number) => number;
} = {}) {
  const sizes: number[] = [];
  let [clockMs, batches] = [0, 0];
  const run = async ({ x }: Tensors): Promise<Tensors> => {
    const values = [...(x!.data as Float32Array)];
    sizes.push(values.length);
    if (breaks && values.length > 1) throw new Error('this graph takes one');
    clockMs += values.length === 1 ? slow : batchMs(values.length, batches++);
    const made = values.map((value) => value * 10 + (values.length > 1 ? off : 0));
    return { y: tensor('float32', Float32Array.from(made), [made.length, 1]) };
  };
  return { sizes, batches: new ExactBatches(run, { takesBatches, now: () => clockMs }) };
}

const items = (count: number, from = 0): number[] => Array.from({ length: count }, (_, at) => from + at);

async function runThrough(
  { batches }: ReturnType<typeof bench>,
  count: number,
  { each = 16, of = items }: { each?: number; of?: typeof items } = {},
): Promise<void> {
  for (let from = 0; from < count; from += each) {
    const given = of(each, from);
    const outputs = valuesOf(await batches.outputsOf(numbers(...given)));
    assert.deepEqual(
      outputs,
      given.map((value) => value * 10),
    );
  }
}

test('few items are run one by one', async () => {
  const one = bench();
  await runThrough(one, 256);
  assert.deepEqual(new Set(one.sizes), new Set([1]));
});

/** Enough for all trials. */
const trying = 512;

test('a model that gives the same bits, and is quicker for it, is run in batches after a while', async () => {
  const one = bench({ slow: 1, batchMs: (count) => count / 2 });
  await runThrough(one, trying);
  assert.deepEqual(one.sizes.slice(-4), [4, 4, 4, 4]);
  assert.deepEqual(
    valuesOf(await one.batches.outputsOf(numbers(...items(11)))),
    items(11).map((value) => value * 10),
  );
  assert.deepEqual(one.sizes.slice(-5), [4, 4, 1, 1, 1]);
});

test('in batches of eight where these are quicker still, and of four where there are not so many', async () => {
  const one = bench({ slow: 1, batchMs: () => 2 });
  await runThrough(one, trying);
  assert.deepEqual(one.sizes.slice(-2), [8, 8]);
  await one.batches.outputsOf(numbers(...items(13)));
  assert.deepEqual(one.sizes.slice(-3), [8, 4, 1]);
});

test('eight at once are not tried of items that take a while, since that takes memory', async () => {
  const one = bench({ slow: 20, batchMs: () => 40 });
  await runThrough(one, trying);
  assert.deepEqual(new Set(one.sizes), new Set([1, 4]));
  assert.equal(one.sizes.at(-1), 4);
});

test('who never asks for as many as eight has batches of four all the same', async () => {
  const one = bench({ slow: 1, batchMs: () => 2 });
  await runThrough(one, trying, { each: 4 });
  assert.deepEqual(new Set(one.sizes), new Set([1, 4]));
  assert.equal(one.sizes.at(-1), 4);
});

test('the first batches make room for those to come, and one that had to wait says nothing', async () => {
  const one = bench({ slow: 1, batchMs: (_, batch) => (batch < 5 ? 40 : 2) });
  await runThrough(one, trying, { each: 4 });
  assert.equal(one.sizes.at(-1), 4);
});

test('a model that is no quicker for it goes on one by one', async () => {
  const one = bench({ slow: 1, batchMs: (count, batch) => (batch < 4 ? 0 : count) });
  await runThrough(one, trying);
  assert.equal(one.sizes.at(-1), 1);
});

test('a batch that changes a bit is tried once, and its results are used by nobody', async () => {
  const one = bench({ off: 1e-3, slow: 1 });
  await runThrough(one, trying);
  assert.deepEqual(
    one.sizes.filter((size) => size > 1),
    [4, 8],
  );
});

test('items that come to the same prove nothing, and after so many trials there are no more', async () => {
  const one = bench({ slow: 1 });
  await runThrough(one, 1024, { of: () => items(16).fill(0) });
  assert.deepEqual(
    [4, 8].map((size) => one.sizes.filter((other) => other === size).length),
    [18, 18],
  );
  assert.equal(one.sizes.at(-1), 1);
});

test('a model that fails on a batch is tried once, and nobody who asked for items hears of it', async () => {
  const one = bench({ slow: 1, breaks: true });
  await runThrough(one, trying);
  assert.deepEqual(
    one.sizes.filter((size) => size > 1),
    [4, 8],
  );
});

test('a model that takes one item at a time gets no batch', async () => {
  const one = bench({ takesBatches: false, slow: 1 });
  await runThrough(one, 288);
  assert.deepEqual(new Set(one.sizes), new Set([1]));
});

test('items that take long stay alone', async () => {
  const one = bench({ slow: 60 });
  await runThrough(one, 288);
  assert.deepEqual(new Set(one.sizes), new Set([1]));
});
