/** Optical flow by the model that comes with flow, of pictures whose motion is known. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { ValueOf } from '../../../engine/core/kind.ts';
import type { flow } from '../../../rules/kinds.ts';
import { coreOpticalFlow } from '../../../rules/visual/core-optical-flow.ts';
import type { Clip } from '../../decode-with-ffmpeg.ts';
import { plainModel } from '../../models/plain-model.ts';
import { runSegmented } from './run-segmented.ts';

type Flow = ValueOf<typeof flow>;
type Measure = Exclude<keyof Flow, 'times_sec'>;

const [width, height, fps] = [320, 180, 4];

/** Where in the texture the place (x, y) of a frame is, from the centre; pixels. */
type Camera = (x: number, y: number, frame: number) => readonly [number, number];

/** Waves of many lengths and directions: texture wherever the camera looks. */
function level(x: number, y: number): number {
  let sum = 128;
  for (let wave = 1; wave <= 12; wave += 1) {
    const angle = 2.4 * wave; // The golden angle: no two waves are near each other.
    const length = 10 + 7 * wave;
    sum += 11 * Math.sin((2 * Math.PI * (x * Math.cos(angle) + y * Math.sin(angle))) / length + wave);
  }
  return sum;
}

function film(camera: Camera, frames = 3): Clip {
  const rgb = new Uint8Array(frames * width * height * 3);
  for (let frame = 0, at = 0; frame < frames; frame += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1, at += 3) {
        const [fromX, fromY] = camera(x + 0.5 - width / 2, y + 0.5 - height / 2, frame);
        rgb.fill(Math.round(level(fromX, fromY)), at, at + 3);
      }
    }
  }
  return { rgb, width, height, fps };
}

interface Case {
  readonly camera: Camera;
  /** Each a second, within 5 %. */
  readonly wanted: Partial<Record<Measure, number>>;
  /** Within 3 degrees. */
  readonly directionRad?: number;
}

const cases: Record<string, Case> = {
  'a pan to the left by 5 pixels a frame': {
    camera: (x, y, frame) => [x + 5 * frame, y],
    wanted: {
      magnitude_mean: 20,
      magnitude_median: 20,
      magnitude_p95: 20,
      camera_pan: -20,
    },
    directionRad: Math.PI,
  },
  'a tilt down by 2.5 pixels a frame': {
    camera: (x, y, frame) => [x, y - 2.5 * frame],
    wanted: { magnitude_median: 10, camera_tilt: 10 },
    directionRad: Math.PI / 2,
  },
  'a zoom by 3 % a frame': {
    camera: (x, y, frame) => [x / 1.03 ** frame, y / 1.03 ** frame],
    wanted: { camera_zoom: 0.12 },
  },
  'a roll by 0.03 a frame': {
    camera: (x, y, frame) => {
      const [cos, sin] = [Math.cos(0.03 * frame), Math.sin(0.03 * frame)];
      return [cos * x + sin * y, cos * y - sin * x];
    },
    wanted: { camera_roll: 0.12 },
  },
};

for (const [what, { camera, wanted, directionRad }] of Object.entries(cases)) {
  test(`${what} is measured to 5 %`, async () => {
    await using model = await plainModel('rules/models/pyramid-lk/pyramid-lk.yaml');
    const { outputs } = await runSegmented(coreOpticalFlow, film(camera), { models: { flow: model } });
    const found = outputs.flow as Flow; // The rule's own output.
    for (const [name, value] of Object.entries(wanted)) {
      for (const one of found[name as Measure].data) {
        assert.ok(Math.abs(one - value) <= 0.05 * Math.abs(value), `${name}: ${one}, not ${value}`);
      }
    }
    for (const one of directionRad === undefined ? [] : found.direction_rad.data) {
      assert.ok(Math.cos(one - directionRad!) > Math.cos(Math.PI / 60), `direction: ${one}`);
    }
  });
}

test('two flat pictures show no motion and no camera', async () => {
  await using model = await plainModel('rules/models/pyramid-lk/pyramid-lk.yaml');
  const flat: Clip = { rgb: new Uint8Array(2 * width * height * 3).fill(90), width, height, fps };
  const { outputs } = await runSegmented(coreOpticalFlow, flat, { models: { flow: model } });
  const found = outputs.flow as Flow; // The rule's own output.
  assert.deepEqual(
    [found.magnitude_mean.data[0], found.direction_rad.data[0], found.camera_pan.data[0]],
    [0, NaN, NaN],
  );
});
