import { npz } from '../../engine/core/kind.ts';

/** How much moves, over time. Optical flow may give the same kind in its own unit. */
export const motion = npz({
  times_sec: { dtype: 'float64', shape: ['N'], isFinite: true },
  motion_energy: {
    dtype: 'float32',
    shape: ['N'],
    doc: 'from cut detection: mean absolute luma difference to the sample before, 0 to 1; NaN for the first sample and in transitions',
  },
});
