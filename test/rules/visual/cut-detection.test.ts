import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ValueOf } from '../../../engine/core/kind.ts';
import type { cuts, shots } from '../../../rules/kinds.ts';
import { cutDetection } from '../../../rules/visual/cut-detection.ts';
import type { motion } from '../../../rules/visual/motion.ts';
import type { Clip } from '../../decode-with-ffmpeg.ts';
import { runSegmented } from './run-segmented.ts';
import { black, type Film, hold, mix, pan, scene, toClip, white } from './synthetic-clip.ts';

const [first, second, third] = [scene(1), scene(2), scene(3)];

interface Found {
  readonly cuts: ValueOf<typeof cuts>;
  readonly shots: ValueOf<typeof shots>;
  readonly motion: ValueOf<typeof motion>;
}

async function detect(clip: Clip, splits: readonly number[] = []): Promise<Found> {
  const { outputs } = await runSegmented(cutDetection, clip, { splits });
  return outputs as unknown as Found; // The rule's own outputs.
}

/** Type and frame of each transition. */
async function transitionsOf(film: Film, splits: readonly number[] = []): Promise<string[]> {
  const found = await detect(toClip(film), splits);
  return found.cuts.types.data.map((type, index) => `${type}@${found.cuts.frame_indices.data[index]}`);
}

test('a hard cut is found at the first frame of the new shot', async () => {
  assert.deepEqual(await transitionsOf([...hold(first, 20), ...hold(second, 20)]), ['hard@20']);
});

test('a hard cut at the border of two segments is found once', async () => {
  assert.deepEqual(await transitionsOf([...hold(first, 20), ...hold(second, 20)], [20]), ['hard@20']);
});

test('where the film is cut into segments changes nothing', async () => {
  const film = toClip(
    [...hold(first, 12), ...mix(first, second, 12), ...pan(second, 16, 0.02), ...hold(third, 12)],
    8,
  ); // Times that are sums of eighths are exact.
  const whole = await detect(film);
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.integer({ min: 1, max: 51 }), { maxLength: 4 }), async (splits) => {
      const parts = await detect(
        film,
        splits.sort((a, b) => a - b),
      );
      assert.deepEqual(parts.cuts, whole.cuts);
      assert.deepEqual(parts.shots.start_frames, whole.shots.start_frames);
      assert.deepEqual(parts.shots.end_frames, whole.shots.end_frames);
      assert.deepEqual(parts.motion.motion_energy, whole.motion.motion_energy);
    }),
    { numRuns: 10 },
  );
});

test('a constant film of any length and colour is one shot', async () => {
  const level = fc.integer({ min: 0, max: 255 });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      level,
      level,
      level,
      async (length, red, green, blue) => {
        const found = await detect(toClip(hold(() => [red, green, blue], length)));
        assert.equal(found.cuts.times_sec.data.length, 0);
        assert.deepEqual([...found.shots.start_frames.data], [0]);
        assert.deepEqual([...found.shots.end_frames.data], [length]);
      },
    ),
    { numRuns: 20 },
  );
});

test('a film played backwards has its hard cuts at the mirrored frames', async () => {
  const film = [...hold(first, 15), ...hold(second, 22), ...hold(third, 18)];
  assert.deepEqual(await transitionsOf(film), ['hard@15', 'hard@37']);
  assert.deepEqual(await transitionsOf(film.toReversed()), ['hard@18', 'hard@40']);
});

test('shots tile the film from its first frame to its end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 4, max: 20 }), { minLength: 1, maxLength: 4 }),
      async (lengths) => {
        const clip = toClip(lengths.flatMap((length, index) => hold(scene(index), length)));
        const found = await detect(clip);
        const starts = [...found.shots.start_sec.data];
        assert.equal(starts[0], 0);
        assert.deepEqual([...found.shots.end_sec.data].slice(0, -1), starts.slice(1));
        const frames = lengths.reduce((sum, length) => sum + length, 0);
        assert.equal(found.shots.end_sec.data.at(-1), frames / clip.fps);
        assert.equal(found.shots.end_frames.data.at(-1), frames);
      },
    ),
    { numRuns: 10 },
  );
});

test('a flash of two frames is no cut', async () => {
  assert.deepEqual(await transitionsOf([...hold(first, 20), ...hold(white, 2), ...hold(first, 20)]), []);
});

test('a pan is no cut, slow or fast', async () => {
  for (const perFrame of [0.005, 0.02, 0.06]) {
    const film = [...hold(first, 10), ...pan(first, 18, perFrame)];
    assert.deepEqual(await transitionsOf(film), [], `${perFrame} of the width a frame`);
  }
});

test('light that fades to half and comes back is no transition', async () => {
  const dim = mix(first, black, 1)[0]!;
  const film = [...hold(first, 10), ...mix(first, dim, 20), ...mix(dim, first, 20), ...hold(first, 10)];
  assert.deepEqual(await transitionsOf(film), []);
});

test('text that appears on a plain ground is no cut', async () => {
  const plain = hold(() => [40, 60, 90], 20);
  const titled = hold(
    (x, y) => (y > 0.45 && y < 0.55 && Math.floor(x * 30) % 2 === 0 ? [255, 255, 255] : [40, 60, 90]),
    20,
  );
  assert.deepEqual(await transitionsOf([...plain, ...titled, ...plain]), []);
});

test('a dissolve is one transition in its middle', async () => {
  for (const length of [5, 10, 20]) {
    const found = await transitionsOf([
      ...hold(first, 24),
      ...mix(first, second, length),
      ...hold(second, 24),
    ]);
    assert.equal(found.length, 1, `${length} frames: ${found}`);
    const [type, frame] = found[0]!.split('@');
    assert.equal(type, 'dissolve');
    assert.ok(Math.abs(Number(frame) - (24 + length / 2)) <= 2, `${length} frames: ${frame}`);
  }
});

test('a fade through black is two transitions and one change of shot', async () => {
  const film = [
    ...hold(first, 20),
    ...mix(first, black, 9),
    ...hold(black, 3),
    ...mix(black, second, 9),
    ...hold(second, 20),
  ];
  assert.deepEqual(await transitionsOf(film), ['fade_out@24', 'fade_in@36']);
  const found = await detect(toClip(film));
  assert.deepEqual([...found.shots.start_frames.data], [0, 30]);
});

test('a fade in at the start and a fade out at the end change no shot', async () => {
  const film = [
    ...hold(black, 3),
    ...mix(black, first, 12),
    ...hold(first, 20),
    ...mix(first, black, 12),
    ...hold(black, 3),
  ];
  const found = await detect(toClip(film));
  assert.deepEqual(found.cuts.types.data, ['fade_in', 'fade_out']);
  assert.deepEqual([...found.shots.start_frames.data], [0]);
});

test('a cut to black and one out of it are hard cuts, not fades', async () => {
  const film = [...hold(first, 20), ...hold(black, 12), ...hold(second, 20)];
  assert.deepEqual(await transitionsOf(film), ['hard@20', 'hard@32']);
});

test('motion is measured within shots alone', async () => {
  const found = await detect(toClip([...pan(first, 10, 0.05), ...hold(second, 10)]));
  const energy = [...found.motion.motion_energy.data];
  assert.deepEqual(
    energy.flatMap((value, index) => (Number.isNaN(value) ? [index] : [])),
    [0, 10],
  );
  assert.ok(energy.slice(1, 10).every((value) => value > 0.01));
  assert.ok(energy.slice(11).every((value) => value === 0));
});

test('one frame is one shot', async () => {
  const found = await detect(toClip(hold(first, 1)));
  assert.deepEqual([...found.shots.end_frames.data], [1]);
  assert.equal(found.cuts.times_sec.data.length, 0);
});

test('frames of one pixel are compared without harm', async () => {
  const found = await detect({ rgb: new Uint8Array(30), width: 1, height: 1, fps: 10 });
  assert.deepEqual([...found.shots.start_frames.data], [0]);
});

test('without video the result is empty and says why', async () => {
  const { outputs, emptyReason } = await runSegmented(cutDetection, toClip([]));
  assert.equal(emptyReason, 'no video stream');
  const found = outputs as unknown as Found; // The rule's own outputs.
  assert.equal(found.cuts.times_sec.data.length, 0);
  assert.equal(found.shots.start_sec.data.length, 0);
});
