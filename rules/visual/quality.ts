/** How good the pictures are: what `shot_quality` makes and others read. N frames, S shots. */
import { npz } from '../../engine/core/kind.ts';

const docs = {
  sharpness: 'deviation of the Laplacian relative to that of luma: 0 (smooth) to about 1 (white noise)',
  exposure: 'mean luma, 0 to 1',
  clipped_black: 'share of pixels with luma up to 4 of 255',
  clipped_white: 'share of pixels with luma from 251 of 255',
  contrast: 'standard deviation of luma, 0 to 0.5',
  noise: 'standard deviation of noise, of luma 0 to 1; fine texture adds to it',
  colourfulness: 'Hasler and Süsstrunk over 100: 0 (grey) to about 1.2',
  blockiness: 'differences across block edges against those inside, -1 to 1; NaN unless block_grid_px is set',
} as const;

const letterboxDoc =
  'black bars at top, bottom, left and right: shares of height and width; NaN where all is black';

/** Quality of each sampled frame. */
export const frameQuality = npz({
  times_sec: { dtype: 'float64', shape: ['N'], isFinite: true, origin: 'segment_time' },
  frame_indices: { dtype: 'int32', shape: ['N'], origin: 'segment_frame' },
  sharpness: { dtype: 'float32', shape: ['N'], doc: docs.sharpness },
  exposure: { dtype: 'float32', shape: ['N'], doc: docs.exposure },
  clipped_black: { dtype: 'float32', shape: ['N'], doc: docs.clipped_black },
  clipped_white: { dtype: 'float32', shape: ['N'], doc: docs.clipped_white },
  contrast: { dtype: 'float32', shape: ['N'], doc: docs.contrast },
  noise: { dtype: 'float32', shape: ['N'], doc: docs.noise },
  colourfulness: { dtype: 'float32', shape: ['N'], doc: docs.colourfulness },
  blockiness: { dtype: 'float32', shape: ['N'], doc: docs.blockiness },
  letterbox: { dtype: 'float32', shape: ['N', 4], doc: letterboxDoc },
});

/** Medians over the sampled frames of each shot; NaN for a shot without any. */
export const shotMedians = npz({
  start_sec: { dtype: 'float64', shape: ['S'], isFinite: true },
  end_sec: { dtype: 'float64', shape: ['S'], isFinite: true, doc: 'exclusive' },
  sharpness: { dtype: 'float32', shape: ['S'], doc: docs.sharpness },
  exposure: { dtype: 'float32', shape: ['S'], doc: docs.exposure },
  clipped_black: { dtype: 'float32', shape: ['S'], doc: docs.clipped_black },
  clipped_white: { dtype: 'float32', shape: ['S'], doc: docs.clipped_white },
  contrast: { dtype: 'float32', shape: ['S'], doc: docs.contrast },
  noise: { dtype: 'float32', shape: ['S'], doc: docs.noise },
  colourfulness: { dtype: 'float32', shape: ['S'], doc: docs.colourfulness },
  blockiness: { dtype: 'float32', shape: ['S'], doc: docs.blockiness },
  letterbox: { dtype: 'float32', shape: ['S', 4], doc: letterboxDoc },
});
