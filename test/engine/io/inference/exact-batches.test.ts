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
  batchesMs = [],
}: {
  off?: number;
  takesBatches?: boolean;
  slow?: number;
  breaks?: boolean;
  /** What batches take, one after the other; none after these. */
  batchesMs?: readonly number[];
} = {}) {
  const sizes: number[] = [];
  let [clockMs, batches] = [0, 0];
  const run = async ({ x }: Tensors): Promise<Tensors> => {
    const values = [...(x!.data as Float32Array)];
    sizes.push(values.length);
    if (breaks && values.length > 1) throw new Error('this graph takes one');
    clockMs += values.length === 1 ? slow : (batchesMs[batches++] ?? 0);
    const made = values.map((value) => value * 10 + (values.length > 1 ? off : 0));
    return { y: tensor('float32', Float32Array.from(made), [made.length, 1]) };
  };
  return { sizes, batches: new ExactBatches(run, { takesBatches, now: () => clockMs }) };
}

const items = (count: number, from = 0): number[] => Array.from({ length: count }, (_, at) => from + at);

async function runThrough({ batches }: ReturnType<typeof bench>, count: number, of = items): Promise<void> {
  for (let from = 0; from < count; from += 16) {
    const given = of(16, from);
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

test('a model that gives the same bits, and is quicker for it, is run in batches after a while', async () => {
  const one = bench({ slow: 1 });
  await runThrough(one, 384);
  assert.deepEqual(one.sizes.slice(-4), [4, 4, 4, 4]);
  assert.deepEqual(
    valuesOf(await one.batches.outputsOf(numbers(...items(11)))),
    items(11).map((value) => value * 10),
  );
  assert.deepEqual(one.sizes.slice(-5), [4, 4, 1, 1, 1]);
});

test('the first batches make room for those to come, and one that had to wait says nothing', async () => {
  const one = bench({ slow: 1, batchesMs: [9, 9, 9, 3, 3] });
  await runThrough(one, 320);
  assert.equal(one.sizes.at(-1), 4);
});

test('a model that is no quicker for it goes on one by one', async () => {
  const one = bench({ slow: 1, batchesMs: [1, 1, 4, 4, 1] });
  await runThrough(one, 320);
  assert.equal(one.sizes.at(-1), 1);
});

test('a batch that changes a bit is tried once, and its results are used by nobody', async () => {
  const one = bench({ off: 1e-3, slow: 1 });
  await runThrough(one, 448);
  assert.equal(one.sizes.filter((size) => size === 4).length, 1);
});

test('items that come to the same prove nothing', async () => {
  const one = bench({ slow: 1 });
  await runThrough(one, 288, () => items(16).fill(0));
  assert.deepEqual(one.sizes.slice(-2), [1, 4]);
});

test('and after ten such trials there are no more', async () => {
  const one = bench({ slow: 1 });
  await runThrough(one, 384, () => items(16).fill(0));
  assert.equal(one.sizes.filter((size) => size === 4).length, 10);
});

test('a model that fails on a batch is tried once, and nobody who asked for items hears of it', async () => {
  const one = bench({ slow: 1, breaks: true });
  await runThrough(one, 320);
  assert.equal(one.sizes.filter((size) => size === 4).length, 1);
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
