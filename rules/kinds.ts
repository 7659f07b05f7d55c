/** The artifacts that the built-in rules exchange. Shapes: N frames, S shots, K cuts, C channels, n samples. */
import { z } from 'zod';
import { json, npz } from '../engine/core/kind.ts';

/** Pictures of a segment or a video, RGB. */
export const frames = npz(
  {
    rgb: { dtype: 'uint8', shape: ['N', 'H', 'W', 3], doc: 'RGB, upright, square pixels' },
    times_sec: { dtype: 'float64', shape: ['N'], isFinite: true, origin: 'segment_time' },
    frame_indices: { dtype: 'int32', shape: ['N'], origin: 'segment_frame' },
  },
  { isEphemeral: true },
);

/** Sound of a whole video. */
export const pcm = npz(
  {
    samples: { dtype: 'float32', shape: ['n', 'C'], isFinite: true, doc: 'nominally -1 to 1' },
    sample_rate: { dtype: 'int32', shape: [], doc: 'samples a second' },
    start_sec: { dtype: 'float64', shape: [], isFinite: true, doc: 'time of the first sample; seconds' },
  },
  { isEphemeral: true },
);

/** What the sound of a video is, whatever its container; `null` where there is none. */
export const audioTrack = json(
  z
    .strictObject({
      digest: z
        .string()
        .describe('names codec parameters and packets with their times relative to the first video frame'),
      sample_rate: z.number().int().positive(),
      channels: z.number().int().positive(),
    })
    .nullable(),
);

export const cuts = npz({
  times_sec: {
    dtype: 'float64',
    shape: ['K'],
    isFinite: true,
    doc: 'first frame of the new shot, or middle of a transition',
  },
  frame_indices: { dtype: 'int32', shape: ['K'] },
  types: { dtype: 'unicode', shape: ['K'], doc: 'hard, fade_in, fade_out or dissolve' },
  confidence: { dtype: 'float32', shape: ['K'], isFinite: true, doc: '0 to 1' },
});

export const shots = npz({
  start_sec: { dtype: 'float64', shape: ['S'], isFinite: true },
  end_sec: { dtype: 'float64', shape: ['S'], isFinite: true, doc: 'exclusive' },
  start_frames: { dtype: 'int32', shape: ['S'] },
  end_frames: { dtype: 'int32', shape: ['S'], doc: 'exclusive' },
});

export const loudness = npz({
  integrated_lufs: { dtype: 'float64', shape: [], doc: 'NaN where nothing passes the absolute gate' },
  lra_lu: { dtype: 'float64', shape: [] },
  true_peak_dbtp: { dtype: 'float64', shape: [], doc: 'NaN for digital silence' },
  times_sec: { dtype: 'float64', shape: ['N'], isFinite: true },
  momentary_lufs: { dtype: 'float32', shape: ['N'], doc: 'NaN where below the meter, at -120.7 LUFS' },
  short_term_lufs: { dtype: 'float32', shape: ['N'] },
  silence_start_sec: { dtype: 'float64', shape: ['K'], isFinite: true },
  silence_end_sec: { dtype: 'float64', shape: ['K'], isFinite: true },
});
