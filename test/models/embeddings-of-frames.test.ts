/** What a build says of a frame is what its model says of it, run by hand. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import * as ort from 'onnxruntime-node';
import { readNpz } from '../../engine/core/npz.ts';
import { realData, realFile } from '../real-data.ts';
import { Rig } from '../rig.ts';

const file = realFile('videos/bikes.mp4');
/** The film has 640×272: this is what of it fits into 320×180. */
const [width, height] = [320, 136];
const side = 128;

test('embeddings are those of a plain run of the model on the same frames', {
  skip: realData ? false : 'no folder of real clips',
}, async () => {
  using rig = new Rig();
  const run = await rig.build([`run:${file}//core_clip`, '--profile', 'builtin:offline']);
  const folder = run.summary.runs[0]!.manifest!.replace('manifest.json', '');
  const { embeddings, frame_indices: frames } = readNpz(readFileSync(`${folder}core_clip/embeddings.npz`));
  const rgb = decodeByHand([...(frames!.data as Int32Array)]);
  const model = await ort.InferenceSession.create('rules/models/scatter-embed/scatter-embed.onnx');
  const [count = 0, size = 0] = embeddings!.shape;
  assert.ok(count >= 10);
  for (let row = 0; row < count; row += 1) {
    const pictures = new ort.Tensor('float32', planes(rgb, row), [1, 3, side, side]);
    const { embedding } = await model.run({ pictures });
    const found = (embeddings!.data as Float32Array).subarray(row * size, (row + 1) * size);
    const cosine = cosineOf(found, embedding!.data as Float32Array);
    assert.ok(cosine >= 0.999999, `frame ${frames!.data[row]}: ${cosine}`);
  }
  await model.release();
});

/** These frames by their numbers, as ffmpeg itself gives and scales them: uint8 N×height×width×3. */
function decodeByHand(numbers: readonly number[]): Uint8Array {
  const select = numbers.map((number) => `eq(n,${number})`).join('+');
  const filters = `select='${select}',scale=${width}:${height}:flags=bicubic+accurate_rnd+full_chroma_int`;
  const argv = ['-v', 'error', '-i', file, '-map', '0:v:0', '-vf', filters, '-fps_mode', 'passthrough'];
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
  return execFileSync('ffmpeg', [...argv, ...raw], { maxBuffer: 2 ** 28 });
}

/** RGB from 0 to 1, one plane after the other, made smaller by a tent over the pixels that each one covers. */
function planes(rgb: Uint8Array, frame: number): Float32Array {
  const [across, down] = [tents(width), tents(height)];
  const all = new Float32Array(3 * side * side);
  for (let channel = 0; channel < 3; channel += 1)
    for (const [y, rows] of down.entries())
      for (const [x, columns] of across.entries()) {
        let sum = 0;
        for (const [row, ofRow] of rows)
          for (const [column, ofColumn] of columns)
            sum += ofRow * ofColumn * rgb[3 * ((frame * height + row) * width + column) + channel]!;
        all[(channel * side + y) * side + x] = sum / 255;
      }
  return all;
}

/** For each of `side` pixels: the pixels of a line that it is made of, with weights that sum to 1. */
function tents(length: number): [number, number][][] {
  const step = length / side;
  return Array.from({ length: side }, (_, at) => {
    const centre = (at + 0.5) * step;
    const near = Array.from({ length }, (_one, pixel): [number, number] => {
      return [pixel, Math.max(0, 1 - Math.abs(pixel + 0.5 - centre) / Math.max(1, step))];
    }).filter(([, weight]) => weight > 0);
    const total = near.reduce((sum, [, weight]) => sum + weight, 0);
    return near.map(([pixel, weight]) => [pixel, weight / total]);
  });
}

function cosineOf(a: Float32Array, b: Float32Array): number {
  let [product, ofA, ofB] = [0, 0, 0];
  for (const [at, value] of a.entries()) {
    product += value * b[at]!;
    ofA += value * value;
    ofB += b[at]! * b[at]!;
  }
  return product / Math.sqrt(ofA * ofB);
}
