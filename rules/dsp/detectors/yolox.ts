import { boxOfCell, cellAt, cellCount } from './cell.ts';
import type { Detection } from './detection.ts';
import { detectorDecoder, thresholds } from './detector-decoder.ts';

const strides = [8, 16, 32];
/** Of a row before its classes: the box, and objectness. */
const rowHead = 5;

/**
 * The output of YOLOX before its grid is applied: a row for each cell of strides 8, 16 and 32, with box, objectness and
 * the scores of the classes. Score = objectness · the best class (Ge and others, arXiv 2107.08430, 2021).
 */
export const yolox = detectorDecoder({
  params: thresholds,
  landmarkCount: 0,

  outputs(input, classes) {
    const rows = strides.reduce((sum, stride) => sum + cellCount(input, stride), 0);
    return [[rows, typeof classes === 'number' ? rowHead + classes : 'numbers']];
  },

  decode([output], input, { score_threshold }) {
    const { data, shape } = output!;
    const numbers = shape[1]!;
    const found: Detection[] = [];
    let row = 0;
    for (const stride of strides) {
      for (let index = 0; index < cellCount(input, stride); index += 1, row += 1) {
        const at = row * numbers;
        if (data[at + 4]! < score_threshold) continue; // No class can make it more.
        const classId = bestOf(data.subarray(at + rowHead, at + numbers));
        const score = data[at + 4]! * data[at + rowHead + classId]!;
        if (score < score_threshold) continue;
        const box = boxOfCell(cellAt(index, { width: input.width, stride }), data, at);
        found.push({ box, score, classId, landmarks: [] });
      }
    }
    return found;
  },
});

/** The first of the largest. */
function bestOf(values: Float32Array): number {
  let best = 0;
  for (let at = 1; at < values.length; at += 1) if (values[at]! > values[best]!) best = at;
  return best;
}
