import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as ort from 'onnxruntime-node';
import { parse } from 'yaml';
import { type ModelEntry, modelEntrySchema } from '../../engine/core/model-entry.ts';
import { elementCount } from '../../engine/core/nd-array.ts';
import {
  type BundledModel,
  bundledFile,
  bundledModels,
  fileFacts,
  makeModel,
} from '../../scripts/make-models.ts';
import { randomNumbers } from '../properties/random-numbers.ts';
import { joined } from './joined.ts';

for (const name of bundledModels) {
  test(`making ${name} again gives the file that is there, and its entry says so`, () => {
    const made = makeModel(name);
    assert.ok(readFileSync(bundledFile(name, 'onnx')).equals(made), 'run `node scripts/make-models.ts`');
    const [file] = entryOf(name).files;
    assert.deepEqual({ sha256: file!.sha256, bytes: file!.bytes }, fileFacts(made));
    assert.ok(made.length < 2e6);
  });

  test(`${name} gives an item the same bits whatever it shares a batch with, on any number of threads`, async () => {
    const [input] = entryOf(name).inputs;
    const shape = input!.shape.slice(1).map(Number);
    const items = variedItems({ count: 8, size: elementCount(shape) });
    const expected = await outputsOf(name, { items, shape, threads: 1 });
    for (const { from, to, threads } of batches) {
      const found = await outputsOf(name, { items: items.slice(from, to), shape, threads });
      found.forEach((bytes, at) => {
        assert.ok(bytes.equals(expected[from + at]!), `item ${at} of ${from} to ${to}, ${threads} threads`);
      });
    }
  });
}

const batches = [
  { from: 3, to: 4, threads: 1 },
  { from: 2, to: 6, threads: 1 },
  { from: 5, to: 8, threads: 1 },
  { from: 0, to: 8, threads: 2 },
  { from: 0, to: 1, threads: 3 },
];

test('the entries of the bundled models name the axes of their files', async () => {
  for (const name of bundledModels) {
    const { inputs, outputs } = entryOf(name);
    const session = await ort.InferenceSession.create(readFileSync(bundledFile(name, 'onnx')));
    const shapes = (metadata: readonly ort.InferenceSession.ValueMetadata[]) =>
      metadata.map((one) => (one.isTensor ? { name: one.name, shape: [...one.shape] } : { name: one.name }));
    assert.deepEqual(
      [shapes(session.inputMetadata), shapes(session.outputMetadata)],
      [inputs, outputs].map((tensors) => tensors.map(({ name, shape }) => ({ name, shape }))),
    );
    await session.release();
  }
});

function entryOf(name: BundledModel): ModelEntry {
  return modelEntrySchema.parse(parse(readFileSync(bundledFile(name, 'yaml'), 'utf8')));
}

/** Items that are unlike each other, of smooth and of rough stretches. */
function variedItems({ count, size }: { count: number; size: number }): Float32Array[] {
  return Array.from({ length: count }, (_, item) => {
    const random = randomNumbers(item + 1);
    return Float32Array.from(
      { length: size },
      (_, at) => 0.5 + 0.4 * Math.sin(at * (0.01 + 0.003 * item)) + 0.1 * (random() - 0.5),
    );
  });
}

/** Of each item, the bytes of all outputs one after the other. */
async function outputsOf(
  name: BundledModel,
  { items, shape, threads }: { items: readonly Float32Array[]; shape: readonly number[]; threads: number },
): Promise<Buffer[]> {
  const session = await ort.InferenceSession.create(readFileSync(bundledFile(name, 'onnx')), {
    intraOpNumThreads: threads,
    extra: { session: { intra_op: { allow_spinning: '0' } } }, // Threads that wait would take the cores from others.
    logSeverityLevel: 3,
  });
  const all = new ort.Tensor('float32', joined(items), [items.length, ...shape]);
  const fetched = await session.run({ [session.inputNames[0]!]: all });
  await session.release();
  return items.map((_, item) =>
    Buffer.concat(
      Object.values(fetched).map((output) => {
        const data = output.data as Float32Array; // As the entries say.
        const size = data.byteLength / items.length;
        return Buffer.from(data.buffer, data.byteOffset + item * size, size);
      }),
    ),
  );
}
