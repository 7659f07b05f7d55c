import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NdArray } from '../../../engine/core/nd-array.ts';
import { vector } from '../../../engine/core/nd-array.ts';
import { shotQuality } from '../../../rules/visual/shot-quality.ts';
import { runSegmented, type SegmentedOptions } from './run-segmented.ts';
import { black, type Film, hold, scene, toClip, white } from './synthetic-clip.ts';

type Arrays = Readonly<Record<string, NdArray<'float32'>>>;

async function qualityOf(
  film: Film,
  shotStarts: readonly number[],
  options: SegmentedOptions = {},
): Promise<{ frames: Arrays; shots: Arrays; emptyReason: string | undefined }> {
  const ends = [...shotStarts.slice(1), film.length / 12].slice(0, shotStarts.length);
  const shots = {
    start_sec: vector('float64', shotStarts),
    end_sec: vector('float64', ends),
    start_frames: vector(
      'int32',
      shotStarts.map((sec) => sec * 12),
    ),
    end_frames: vector(
      'int32',
      ends.map((sec) => sec * 12),
    ),
  };
  const { outputs, emptyReason } = await runSegmented(shotQuality, toClip(film), {
    ...options,
    mergeInputs: { shots },
  });
  return { ...(outputs as unknown as { frames: Arrays; shots: Arrays }), emptyReason }; // The rule's own outputs.
}

test('each shot has the medians of its own frames', async () => {
  const film = [...hold(black, 12), ...hold(white, 9), ...hold(scene(1), 3)];
  const { shots, frames } = await qualityOf(film, [0, 1], { splits: [7, 20] });
  assert.equal(frames.exposure!.data.length, 24);
  assert.deepEqual([...shots.exposure!.data], [0, 1]);
  assert.deepEqual([...shots.clipped_black!.data], [1, 0]);
  assert.deepEqual(shots.letterbox!.shape, [2, 4]);
});

test('times and numbers of frames are those of the whole film', async () => {
  const { frames } = await qualityOf(hold(scene(1), 24), [0], { splits: [12] });
  assert.deepEqual(
    [...frames.times_sec!.data],
    Array.from({ length: 24 }, (_, index) => (index >= 12 ? 1 + (index - 12) / 12 : index / 12)),
  );
  assert.deepEqual(
    [...frames.frame_indices!.data],
    Array.from({ length: 24 }, (_, index) => index),
  );
});

test('a shot without a sampled frame has NaN', async () => {
  const { shots } = await qualityOf(hold(scene(1), 12), [0, 5, 6]);
  assert.ok(!Number.isNaN(shots.sharpness!.data[0]!));
  assert.ok(Number.isNaN(shots.sharpness!.data[1]!));
  assert.ok([...shots.letterbox!.data].slice(4).every(Number.isNaN));
});

test('blockiness is NaN unless the grid is known', async () => {
  const unknown = await qualityOf(hold(scene(1), 2), [0]);
  assert.ok([...unknown.frames.blockiness!.data].every(Number.isNaN));
  const known = await qualityOf(hold(scene(1), 2), [0], { params: { block_grid_px: 8 } });
  assert.ok([...known.frames.blockiness!.data].every((value) => value >= -1 && value <= 1));
});

test('without video the result is empty and says why', async () => {
  const { frames, shots, emptyReason } = await qualityOf([], []);
  assert.equal(emptyReason, 'no video stream');
  assert.equal(frames.exposure!.data.length, 0);
  assert.deepEqual(shots.letterbox!.shape, [0, 4]);
});
