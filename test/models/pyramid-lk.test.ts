import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BoundModel } from '../../engine/core/bound-model.ts';
import { numbersOf } from './joined.ts';
import { draw, frame, type Motion, moved, pairOf, turn } from './moved-pictures.ts';
import { plainModel } from './plain-model.ts';
import { waveTexture } from './wave-texture.ts';

test('pyramid-lk finds translation, zoom and rotation within 0.1 pixels and 5 %', async () => {
  await using model = await plainModel('rules/models/pyramid-lk/pyramid-lk.yaml');
  const motions: Record<string, Motion> = {
    'a fraction of a pixel': turn({ dx: 0.5, dy: -0.3 }),
    'twelve pixels to the right': turn({ dx: 12.2 }),
    'up and to the left': turn({ dx: -9, dy: -7.6 }),
    'zoom in': turn({ zoom: 1.05 }),
    'zoom out': turn({ zoom: 0.95 }),
    'rotation by four degrees': turn({ degrees: 4 }),
    'all at once': turn({ dx: 3, dy: 2, zoom: 1.03, degrees: -2 }),
  };
  for (const [name, motion] of Object.entries(motions)) {
    const { error, share } = await flowError(model, motion);
    assert.ok(error < 0.05 && share < 0.05, `${name}: ${error} pixels, ${share} of the way`);
  }
});

test('pyramid-lk sees no motion where a picture stays as it is, or only its light changes', async () => {
  await using model = await plainModel('rules/models/pyramid-lk/pyramid-lk.yaml');
  const first = draw(waveTexture(4));
  const lighter = first.map((level) => 0.95 * level + 0.05);
  for (const [second, most] of [
    [first, 1e-4],
    [lighter, 0.1],
  ] as const) {
    const found = median((await flowOf(model, first, second)).map(Math.abs));
    assert.ok(found <= most, `${found} pixels`);
  }
});

test('pyramid-lk is sure of a texture and not of a plain surface', async () => {
  await using model = await plainModel('rules/models/pyramid-lk/pyramid-lk.yaml');
  const texture = waveTexture(5);
  const half = draw((x, y) => (x < 128 ? texture(x, y) : 0.5));
  const { confidence } = await model.infer(pairOf(half, half));
  const levels = numbersOf(confidence);
  const at = (x: number, y: number) => levels[y * frame.width + x]!;
  assert.ok(at(64, 72) > 0.2 && at(220, 72) < 0.01);
});

/** Medians of the length of what the flow is off by, in pixels and as a share of the true way. */
async function flowError(model: BoundModel, motion: Motion): Promise<{ error: number; share: number }> {
  const texture = waveTexture(3);
  const flow = await flowOf(model, draw(texture), draw(moved(texture, motion)));
  const size = frame.width * frame.height;
  const errors: number[] = [];
  const shares: number[] = [];
  for (let at = 0; at < size; at += 1) {
    const [x, y] = [at % frame.width, Math.floor(at / frame.width)];
    const [toX, toY] = motion.to(x, y);
    const error = Math.hypot(x + flow[at]! - toX, y + flow[size + at]! - toY);
    errors.push(error);
    shares.push(error / Math.max(0.1, Math.hypot(toX - x, toY - y)));
  }
  return { error: median(errors), share: median(shares) };
}

/** All dx, then all dy. */
async function flowOf(model: BoundModel, first: Float32Array, second: Float32Array): Promise<number[]> {
  const { flow } = await model.infer(pairOf(first, second));
  return numbersOf(flow);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}
