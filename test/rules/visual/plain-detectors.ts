/** The detectors run and read in the plainest way, beside the rules: four-pixel bilinear resizing, loops over the outputs. */
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import type { Clip } from '../../decode-with-ffmpeg.ts';
import { modelsMirror } from '../../models/plain-model.ts';

export interface PlainBox {
  readonly box: readonly number[];
  readonly score: number;
  readonly classId: number;
}

export async function plainYunet(clip: Clip): Promise<PlainBox[]> {
  const scale = Math.min(640 / clip.width, 640 / clip.height);
  const outputs = await runPlainly(
    'face_detection_yunet_2023mar.onnx',
    'input',
    fill(
      { clip, side: [640, 640], drawn: [clip.width * scale, clip.height * scale], order: [2, 1, 0] },
      (v) => v,
    ),
  );
  const found: PlainBox[] = [];
  for (const stride of [8, 16, 32]) {
    const [cls, obj, bbox] = ['cls', 'obj', 'bbox'].map((kind) => outputs[`${kind}_${stride}`]!);
    const side = 640 / stride;
    for (let row = 0; row < side; row += 1) {
      for (let column = 0; column < side; column += 1) {
        const cell = row * side + column;
        const [c, o] = [cls![cell]!, obj![cell]!].map((value) => Math.max(0, Math.min(1, value)));
        if (Math.sqrt(c! * o!) < 0.7) continue;
        const [dx, dy, w, h] = bbox!.slice(cell * 4, cell * 4 + 4);
        const middle = { x: (column + dx!) * stride, y: (row + dy!) * stride };
        const box = around(middle.x, middle.y, Math.exp(w!) * stride, Math.exp(h!) * stride);
        found.push({
          box: box.map((value, at) => value / (scale * (at % 2 === 0 ? clip.width : clip.height))),
          score: Math.sqrt(c! * o!),
          classId: 0,
        });
      }
    }
  }
  return plainNms(found, 0.3);
}

export async function plainUltraface(clip: Clip): Promise<PlainBox[]> {
  const { scores, boxes } = await runPlainly(
    'ultraface_version-RFB-320.onnx',
    'input',
    fill({ clip, side: [320, 240], drawn: [320, 240], order: [0, 1, 2] }, (v) => (v - 127) / 128),
  );
  const found = Array.from({ length: 4420 }, (_, at) => ({
    box: [...boxes!.slice(4 * at, 4 * at + 4)],
    score: scores![2 * at + 1]!,
    classId: 0,
  }));
  return plainNms(
    found.filter(({ score }) => score >= 0.7),
    0.3,
  );
}

export async function plainYolox(clip: Clip): Promise<PlainBox[]> {
  const scale = Math.min(416 / clip.width, 416 / clip.height);
  const { output } = await runPlainly(
    'yolox_nano.onnx',
    'images',
    fill(
      { clip, side: [416, 416], drawn: [clip.width * scale, clip.height * scale], order: [2, 1, 0] },
      (v) => v,
      114,
    ),
  );
  const found: PlainBox[] = [];
  let at = 0;
  for (const stride of [8, 16, 32]) {
    for (let row = 0; row < 416 / stride; row += 1) {
      for (let column = 0; column < 416 / stride; column += 1, at += 85) {
        const [dx, dy, w, h, objectness, ...classes] = output!.slice(at, at + 85);
        const best = Math.max(...classes);
        if (objectness! * best < 0.35) continue;
        const box = around(
          (column + dx!) * stride,
          (row + dy!) * stride,
          Math.exp(w!) * stride,
          Math.exp(h!) * stride,
        );
        found.push({
          box: box.map((value, side) => value / (scale * (side % 2 === 0 ? clip.width : clip.height))),
          score: objectness! * best,
          classId: classes.indexOf(best),
        });
      }
    }
  }
  return plainNms(found, 0.45);
}

export async function plainFastestDet(clip: Clip): Promise<PlainBox[]> {
  const outputs = await runPlainly(
    'FastestDet.onnx',
    'input.1',
    fill({ clip, side: [352, 352], drawn: [352, 352], order: [2, 1, 0] }, (v) => v / 255),
  );
  const found: PlainBox[] = [];
  for (let row = 0; row < 22; row += 1) {
    for (let column = 0; column < 22; column += 1) {
      const values = Array.from(
        { length: 85 },
        (_, plane) => outputs['758']![plane * 484 + row * 22 + column]!,
      );
      const best = Math.max(...values.slice(5));
      const score = values[0]! ** 0.6 * best ** 0.4;
      if (score < 0.6) continue;
      const [w, h] = [values[3]!, values[4]!].map((value) => 1 / (1 + Math.exp(-value)));
      const box = around((column + Math.tanh(values[1]!)) / 22, (row + Math.tanh(values[2]!)) / 22, w!, h!);
      found.push({ box, score, classId: values.indexOf(best, 5) - 5 });
    }
  }
  return plainNms(found, 0.45);
}

/** Of two boxes: their common area over all of their area. */
export function overlap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const across = Math.max(0, Math.min(a[2]!, b[2]!) - Math.max(a[0]!, b[0]!));
  const down = Math.max(0, Math.min(a[3]!, b[3]!) - Math.max(a[1]!, b[1]!));
  const sizeOf = (box: ArrayLike<number>) => (box[2]! - box[0]!) * (box[3]! - box[1]!);
  return (across * down) / (sizeOf(a) + sizeOf(b) - across * down);
}

async function runPlainly(
  file: string,
  input: string,
  { data, side }: { data: Float32Array; side: readonly [number, number] },
): Promise<Readonly<Record<string, Float32Array>>> {
  const session = await ort.InferenceSession.create(join(modelsMirror, file), {
    intraOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const outputs = await session.run({ [input]: new ort.Tensor('float32', data, [1, 3, side[1], side[0]]) });
  await session.release();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, { data: out }]) => [name, out as Float32Array]),
  );
}

interface Drawing {
  readonly clip: Clip;
  /** Width and height of the input. */
  readonly side: readonly [number, number];
  /** Width and height of the picture in it, at the top left. */
  readonly drawn: readonly [number, number];
  readonly order: readonly number[];
}

function fill(
  { clip, side, drawn, order }: Drawing,
  toValue: (level: number) => number,
  rest = 0,
): { data: Float32Array; side: readonly [number, number] } {
  const data = new Float32Array(3 * side[0] * side[1]).fill(toValue(rest));
  for (const [plane, channel] of order.entries()) {
    for (let y = 0; y < Math.round(drawn[1]); y += 1) {
      for (let x = 0; x < Math.round(drawn[0]); x += 1) {
        const at = {
          x: ((x + 0.5) * clip.width) / drawn[0] - 0.5,
          y: ((y + 0.5) * clip.height) / drawn[1] - 0.5,
        };
        data[(plane * side[1] + y) * side[0] + x] = toValue(between(clip, channel, at));
      }
    }
  }
  return { data, side };
}

/** Of the four pixels around a place. */
function between({ rgb, width, height }: Clip, channel: number, at: { x: number; y: number }): number {
  const pixel = (x: number, y: number) =>
    rgb[3 * (Math.max(0, Math.min(height - 1, y)) * width + Math.max(0, Math.min(width - 1, x))) + channel]!;
  const [x, y] = [Math.floor(at.x), Math.floor(at.y)];
  const [right, below] = [at.x - x, at.y - y];
  const upper = pixel(x, y) * (1 - right) + pixel(x + 1, y) * right;
  const lower = pixel(x, y + 1) * (1 - right) + pixel(x + 1, y + 1) * right;
  return upper * (1 - below) + lower * below;
}

function around(x: number, y: number, width: number, height: number): number[] {
  return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
}

function plainNms(found: PlainBox[], most: number): PlainBox[] {
  const left = [...found].sort((a, b) => b.score - a.score);
  const kept: PlainBox[] = [];
  while (left.length > 0) {
    const best = left.shift()!;
    kept.push(best);
    for (let at = left.length - 1; at >= 0; at -= 1) {
      const isSame = left[at]!.classId === best.classId;
      if (isSame && overlap(left[at]!.box, best.box) > most) left.splice(at, 1);
    }
  }
  return kept;
}
