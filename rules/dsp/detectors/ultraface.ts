import type { Detection } from './detection.ts';
import { detectorDecoder, thresholds } from './detector-decoder.ts';

/**
 * Outputs of UltraFace: for each anchor the scores of background and face, then the boxes in fractions of the input
 * (github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB).
 */
export const ultraface = detectorDecoder({
  params: thresholds,
  landmarkCount: 0,

  outputs() {
    return [
      ['anchors', 2],
      ['anchors', 4],
    ];
  },

  decode([scores, boxes], { width, height }, { score_threshold }) {
    const found: Detection[] = [];
    for (let anchor = 0; 2 * anchor < scores!.data.length; anchor += 1) {
      const score = scores!.data[2 * anchor + 1]!;
      if (score < score_threshold) continue;
      const [x1, y1, x2, y2] = [0, 1, 2, 3].map((side) => boxes!.data[4 * anchor + side]!);
      const box = [x1! * width, y1! * height, x2! * width, y2! * height] as const;
      found.push({ box, score, classId: 0, landmarks: [] });
    }
    return found;
  },
});
