import assert from 'node:assert/strict';
import test from 'node:test';
import { cameraMotion } from '../../../rules/dsp/camera-motion.ts';
import type { FlowVectors } from '../../../rules/dsp/flow-vectors.ts';
import { generator } from '../visual/synthetic-clip.ts';

interface Motion {
  readonly pan?: number;
  readonly tilt?: number;
  readonly zoom?: number;
  readonly roll?: number;
}

interface Fault {
  /** Share of the vectors that go somewhere else. */
  readonly outliers?: number;
  /** Standard error of each coordinate; pixels. */
  readonly noise?: number;
}

/** The field of a camera over a picture of 320×180. */
function fieldOf({ pan = 0, tilt = 0, zoom = 0, roll = 0 }: Motion, fault: Fault = {}): FlowVectors {
  const random = generator(7);
  const [columns, rows] = [64, 36];
  const cells = Array.from({ length: columns * rows }, (_, cell) => {
    const x = 5 * ((cell % columns) + 0.5) - 160;
    const y = 5 * (Math.floor(cell / columns) + 0.5) - 90;
    if (random() < (fault.outliers ?? 0)) return { x, y, u: 30 + 5 * random(), v: -20 + 5 * random() };
    const noise = () => (fault.noise ?? 0) * Math.sqrt(12) * (random() - 0.5);
    const [cos, sin] = [(1 + zoom) * Math.cos(roll), (1 + zoom) * Math.sin(roll)];
    return { x, y, u: pan + cos * x - sin * y - x + noise(), v: tilt + sin * x + cos * y - y + noise() };
  });
  const column = (name: 'x' | 'y' | 'u' | 'v') => Float64Array.from(cells, (cell) => cell[name]);
  return { x: column('x'), y: column('y'), u: column('u'), v: column('v'), weight: column('x').fill(1) };
}

/** Every number within 2 % of what it should be; those that should be 0 within what moves a corner by 0.1 pixels. */
function assertMotion(field: FlowVectors, wanted: Motion): void {
  const found = cameraMotion(field);
  for (const name of ['pan', 'tilt', 'zoom', 'roll'] as const) {
    const value = wanted[name] ?? 0;
    const slack =
      value === 0 ? { pan: 0.1, tilt: 0.1, zoom: 5e-4, roll: 5e-4 }[name] : 0.02 * Math.abs(value);
    assert.ok(Math.abs(found[name] - value) <= slack, `${name} is ${found[name]}, not ${value}`);
  }
}

const motions: Record<string, Motion> = {
  'a pan': { pan: 6 },
  'a tilt': { tilt: -3 },
  'a zoom in': { zoom: 0.05 },
  'a zoom out': { zoom: -0.1 },
  'a roll': { roll: 0.08 },
  'all at once': { pan: -4, tilt: 2, zoom: 0.03, roll: -0.04 },
};

for (const [what, motion] of Object.entries(motions)) {
  test(`${what} is found`, () => assertMotion(fieldOf(motion), motion));
  for (const outliers of [0.2, 0.35]) {
    test(`${what} is found with ${100 * outliers} % of outliers and noise`, () => {
      assertMotion(fieldOf(motion, { outliers, noise: 0.05 }), motion);
    });
  }
}

test('a large roll is no zoom', () => {
  const { zoom, roll } = cameraMotion(fieldOf({ roll: 0.5 }));
  assert.ok(Math.abs(zoom) < 1e-9 && Math.abs(roll - 0.5) < 1e-9, `zoom ${zoom}, roll ${roll}`);
});

test('the residual is the median distance from the fit', () => {
  assert.ok(cameraMotion(fieldOf({ pan: 5 })).residual < 1e-9);
  const { residual } = cameraMotion(fieldOf({ pan: 5 }, { outliers: 0.2, noise: 0.5 }));
  assert.ok(residual > 0.4 && residual < 0.8, `${residual}`); // 0.5 · √(2 ln 2) = 0.59 for normal errors
});

test('vectors without confidence do not count', () => {
  const field = fieldOf({ pan: 5 });
  for (let at = 0; at < field.x.length; at += 1) {
    if (at % 10 >= 7) continue;
    field.u[at] = 0;
    field.weight[at] = 0;
  }
  assertMotion(field, { pan: 5 });
});

test('a picture in which nothing can be followed has no camera', () => {
  const field = fieldOf({});
  field.weight.fill(0);
  assert.deepEqual(Object.values(cameraMotion(field)), [NaN, NaN, NaN, NaN, NaN]);
});
