import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeWithFfmpeg } from '../decode-with-ffmpeg.ts';
import { realData, realFile } from '../real-data.ts';
import { numbersOf } from './joined.ts';
import { draw, frame, type Motion, moved, pairOf, turn } from './moved-pictures.ts';
import { plainModel } from './plain-model.ts';
import { type Texture, waveTexture } from './wave-texture.ts';

test('motion-objects finds what moves by itself, whether the camera moves or not', async () => {
  await using model = await plainModel('rules/models/motion-objects/motion-objects.yaml');
  for (const camera of [turn({}), turn({ dx: 4, dy: 1 }), turn({ zoom: 1.03 })]) {
    const scene = sceneWith({ left: 100, top: 50, width: 40, height: 30 }, { camera, dx: -3, dy: 2 });
    const { motion } = await model.infer(pairOf(...scene));
    // Cells of 2×2 pixels of the second frame, where the thing has arrived.
    const inside = (cell: number) => {
      const [x, y] = [2 * (cell % 128) + 1, 2 * Math.floor(cell / 128) + 1];
      return x > 97 && x < 137 && y > 52 && y < 82;
    };
    const cells = numbersOf(motion).map((value, cell) => ({
      isFound: value >= 0.5,
      isInside: inside(cell),
    }));
    const found = cells.filter(({ isFound }) => isFound);
    const hit = found.filter(({ isInside }) => isInside).length;
    assert.ok(hit > 0.9 * 20 * 15, `${hit} cells of the thing`);
    assert.ok(found.length - hit < 0.03 * cells.length, `${found.length - hit} cells beside it`);
  }
});

test('motion-objects finds nothing where only the camera moves, only the light changes, or nothing does', async () => {
  await using model = await plainModel('rules/models/motion-objects/motion-objects.yaml');
  const texture = waveTexture(6);
  const first = draw(texture);
  const seconds = {
    camera: draw(moved(texture, turn({ dx: 3, zoom: 1.02, degrees: 1 }))),
    light: first.map((level) => 0.85 * level + 0.1),
    nothing: first,
  };
  for (const [what, second] of Object.entries(seconds)) {
    const { motion } = await model.infer(pairOf(first, second));
    assert.ok(Math.max(...numbersOf(motion)) < 0.5, what);
  }
});

test('motion-objects finds a car that drives through a car park, and nothing before it comes', {
  skip: realData ? false : 'no real clips',
}, async () => {
  await using model = await plainModel('rules/models/motion-objects/motion-objects.yaml');
  const { rgb } = decodeWithFfmpeg(realFile('videos/car-detection.mp4'), { fps: 4, ...frame });
  const columnsAt = async (sample: number) => {
    const { motion } = await model.infer(pairOf(lumaOf(rgb, sample - 1), lumaOf(rgb, sample)));
    return numbersOf(motion).flatMap((value, cell) => (value >= 0.5 ? [(cell % 128) / 128] : []));
  };
  for (const sample of [4, 8, 12, 16]) assert.deepEqual(await columnsAt(sample), []);
  for (const sample of [20, 21, 22]) {
    const columns = await columnsAt(sample);
    assert.ok(columns.length > 500, `${columns.length} cells of the car`);
    assert.ok(Math.min(...columns) > 0.25 && Math.max(...columns) < 0.7); // Its lane.
  }
});

function lumaOf(rgb: Uint8Array, sample: number): Float32Array {
  const size = frame.width * frame.height;
  return Float32Array.from({ length: size }, (_, pixel) => {
    const at = 3 * (sample * size + pixel);
    return (0.299 * rgb[at]! + 0.587 * rgb[at + 1]! + 0.114 * rgb[at + 2]!) / 255;
  });
}

interface Thing {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A textured rectangle on a textured ground, in two frames between which both move. */
function sceneWith(
  { left, top, width, height }: Thing,
  { camera, dx, dy }: { camera: Motion; dx: number; dy: number },
): [Float32Array, Float32Array] {
  const [ground, thing] = [waveTexture(7), waveTexture(8)];
  const isOn = (x: number, y: number) => x >= left && x < left + width && y >= top && y < top + height;
  const before: Texture = (x, y) => (isOn(x, y) ? thing(x, y) : ground(x, y));
  const shifted = moved(ground, camera);
  const after: Texture = (x, y) => (isOn(x - dx, y - dy) ? thing(x - dx, y - dy) : shifted(x, y));
  return [draw(before), draw(after)];
}
