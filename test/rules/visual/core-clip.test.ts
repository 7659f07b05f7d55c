import assert from 'node:assert/strict';
import test from 'node:test';
import type { BoundModel } from '../../../engine/core/bound-model.ts';
import type { ValueOf } from '../../../engine/core/kind.ts';
import { tensor } from '../../../engine/core/tensor.ts';
import type { pictureEmbeddings } from '../../../rules/kinds.ts';
import { coreClip } from '../../../rules/visual/core-clip.ts';
import type { Clip } from '../../decode-with-ffmpeg.ts';
import { fakeModel } from '../../models/fake-model.ts';
import { itemsOf } from '../../models/items-of.ts';
import { runSegmented, type SegmentedOptions } from './run-segmented.ts';
import { black, hold, pan, scene, toClip } from './synthetic-clip.ts';

type Embeddings = ValueOf<typeof pictureEmbeddings>;

/** Means of three levels of a picture of 8×8: how red, green and blue it is. */
function meanColour(outputAxes: readonly number[] = []): BoundModel {
  const picture = { width: 8, height: 8 };
  return fakeModel(
    {
      task: 'image-embedding',
      inputs: [{ name: 'pixels', dtype: 'float32', shape: ['N', 3, 8, 8], picture }],
      outputs: [{ name: 'vector', dtype: 'float32', shape: ['N', 3, ...outputAxes] }],
    },
    ({ pixels }) => {
      const rows = itemsOf(pixels).flatMap((item) =>
        [0, 64, 128].map((at) => mean(item.subarray(at, at + 64))),
      );
      return { vector: tensor('float32', Float32Array.from(rows), [rows.length / 3, 3, ...outputAxes]) };
    },
  );
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

async function embed(clip: Clip, embedding: BoundModel, options: SegmentedOptions = {}): Promise<Embeddings> {
  const { outputs } = await runSegmented(coreClip, clip, { ...options, models: { embedding } });
  return outputs.embeddings as Embeddings; // The rule's own output.
}

function rowsOf({ embeddings: { data, shape } }: Embeddings): Float32Array[] {
  const [count = 0, size = 0] = shape;
  return Array.from({ length: count }, (_, row) => data.slice(row * size, (row + 1) * size));
}

const film = toClip([...hold(scene(1), 3), ...pan(scene(2), 20, 0.03)], 8);

test('each frame has a row of length 1, with its time and number', async () => {
  const found = await embed(film, meanColour());
  for (const row of rowsOf(found)) assert.ok(Math.abs(Math.hypot(...row) - 1) < 1e-6);
  assert.deepEqual(found.embeddings.shape, [23, 3]);
  assert.deepEqual([...found.frame_indices.data], [...new Array(23).keys()]);
  assert.deepEqual(
    [...found.times_sec.data],
    [...new Array(23).keys()].map((frame) => frame / 8),
  );
});

test('equal frames have equal rows, and other frames others', async () => {
  const rows = rowsOf(await embed(film, meanColour()));
  assert.deepEqual(rows[0], rows[2]);
  assert.notDeepEqual(rows[2], rows[3]);
});

test('where the film is cut into segments, and so into batches, changes nothing', async () => {
  const whole = await embed(film, meanColour());
  assert.deepEqual(await embed(film, meanColour(), { splits: [1, 7, 20] }), whole);
});

test('an output with more axes is read as one row', async () => {
  assert.deepEqual(await embed(film, meanColour([1, 1])), await embed(film, meanColour()));
});

test('a picture that gives nothing but zeros keeps its zeros', async () => {
  assert.deepEqual(rowsOf(await embed(toClip(hold(black, 1)), meanColour())), [new Float32Array(3)]);
});

test('a segment without frames is empty, and adds no rows', async () => {
  const options = { models: { embedding: meanColour() }, splits: [5, 5] };
  const { outputs, emptyReason } = await runSegmented(coreClip, film, options);
  assert.equal(emptyReason, 'no frames');
  assert.deepEqual(outputs.embeddings, await embed(film, meanColour()));
});

test('a model whose entry describes no picture is refused', async () => {
  const input = { name: 'x', dtype: 'float32' as const, shape: ['N', 3] };
  const odd = fakeModel({ task: 'image-embedding', inputs: [input], outputs: [input] }, (tensors) => tensors);
  await assert.rejects(embed(film, odd), {
    code: 'model_io_mismatch',
    message: 'Cannot use the model fake:1 for image-embedding: the entry of its input "x" has no "picture".',
  });
});
