import { boxAround } from './cell.ts';
import type { Detection } from './detection.ts';
import { detectorDecoder, thresholds } from './detector-decoder.ts';

/** Planes before those of the classes: objectness, and the box. */
const head = 5;

/**
 * The output of FastestDet: planes of one number for each cell: objectness, box, and the scores of the classes.
 *
 * Score = objectness^0.6 · the best class^0.4. Centre = cell + tanh, size = sigmoid, as shares of the picture
 * (github.com/dog-qiuqiu/FastestDet).
 */
export const fastestdet = detectorDecoder({
  params: thresholds,
  landmarkCount: 0,

  outputs(_input, classes) {
    return [[typeof classes === 'number' ? head + classes : 'planes', 'rows', 'columns']];
  },

  decode([output], { width, height }, { score_threshold }) {
    const { data, shape } = output!;
    const [planes, rows, columns] = shape as readonly [number, number, number]; // As `outputs` says.
    const cells = rows * columns;
    const found: Detection[] = [];
    for (let cell = 0; cell < cells; cell += 1) {
      const plane = (index: number) => data[index * cells + cell]!;
      let best = head;
      for (let at = head + 1; at < planes; at += 1) if (plane(at) > plane(best)) best = at;
      const score = plane(0) ** 0.6 * plane(best) ** 0.4;
      if (!(score >= score_threshold)) continue;
      const box = boxAround({
        x: (((cell % columns) + Math.tanh(plane(1))) * width) / columns,
        y: ((Math.floor(cell / columns) + Math.tanh(plane(2))) * height) / rows,
        width: sigmoid(plane(3)) * width,
        height: sigmoid(plane(4)) * height,
      });
      found.push({ box, score, classId: best - head, landmarks: [] });
    }
    return found;
  },
});

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
