import type { ItemOutput } from '../items-of-outputs.ts';
import { boxOfCell, type Cell, cellAt, cellCount } from './cell.ts';
import type { Detection } from './detection.ts';
import { detectorDecoder, thresholds } from './detector-decoder.ts';

const strides = [8, 16, 32];
const points = 5;

/**
 * Outputs of YuNet: for each stride the class score of every cell, then in the same way objectness, box and landmarks.
 *
 * Score = √(class · objectness). Landmarks are measured as the box's centre is (Wu, Peng and Yu, "YuNet: A tiny
 * millisecond-level face detector", Machine Intelligence Research 20, 2023).
 */
export const yunet = detectorDecoder({
  params: thresholds,
  landmarkCount: points,

  outputs(input) {
    return [1, 1, 4, 2 * points].flatMap((numbers) =>
      strides.map((stride) => [cellCount(input, stride), numbers]),
    );
  },

  decode(outputs, { width }, { score_threshold }) {
    return strides.flatMap((stride, level) => {
      const [scores, objects, boxes, landmarks] = [0, 1, 2, 3].map(
        (kind) => outputs[kind * strides.length + level]!.data,
      );
      const found: Detection[] = [];
      for (let index = 0; index < scores!.length; index += 1) {
        const score = Math.sqrt(clamp(scores![index]!) * clamp(objects![index]!));
        if (score < score_threshold) continue;
        const cell = cellAt(index, { width, stride });
        const box = boxOfCell(cell, boxes!, 4 * index);
        found.push({ box, score, classId: 0, landmarks: landmarksOf(cell, landmarks!, index) });
      }
      return found;
    });
  },
});

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}

function landmarksOf({ column, row, stride }: Cell, values: ItemOutput['data'], index: number): number[] {
  const own = values.subarray(2 * points * index, 2 * points * (index + 1));
  return Array.from(own, (offset, at) => ((at % 2 === 0 ? column : row) + offset) * stride);
}
