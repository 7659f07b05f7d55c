/** The artifacts that the built-in rules exchange. Shapes: N frames, S shots, K cuts or windows, C channels, n samples. */
import { z } from 'zod';
import { json, npz } from '../engine/core/kind.ts';

const stream = z.strictObject({
  index: z.number().int(),
  type: z.enum(['video', 'audio']),
  codec: z.string(),
});

/** What a film is; null where it has no pictures, or does not say. Times in seconds, sizes in pixels. */
export const metadata = json(
  z.strictObject({
    format: z.string(),
    streams: z.array(stream),
    duration_sec: z
      .number()
      .describe('from the first frame to the end of the last; of the sound where there are no pictures'),
    has_video: z.boolean(),
    has_audio: z.boolean(),
    width: z.number().int().nullable().describe('upright, pixels square'),
    height: z.number().int().nullable(),
    rotation_deg: z.number().int().nullable(),
    fps: z.number().nullable().describe('of a constant rate; else the average'),
    is_vfr: z.boolean().nullable().describe('the frames follow no constant rate'),
    frame_count: z.number().int(),
    segment_count: z.number().int(),
  }),
  { describesSource: true },
);

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

/** Pulse of the sound. B beats, T candidates. */
export const tempo = npz({
  tempo_bpm: { dtype: 'float64', shape: [], doc: 'beats a minute; NaN where the result is empty' },
  confidence: {
    dtype: 'float64',
    shape: [],
    isFinite: true,
    doc: '0 to 1: how regular the pulse is. Clicks 0.8 to 1, drums 0.3 to 0.8, speech 0.1 to 0.3',
  },
  beats_sec: {
    dtype: 'float64',
    shape: ['B'],
    isFinite: true,
    doc: 'only where the sound pulses at tempo_bpm; from the start of the video',
  },
  onset_strength: { dtype: 'float32', shape: ['N'], isFinite: true, doc: '0 or more, no unit' },
  onset_times_sec: { dtype: 'float64', shape: ['N'], isFinite: true, doc: 'from the start of the video' },
  candidates_bpm: { dtype: 'float64', shape: ['T'], isFinite: true, doc: 'strongest first; at most 5' },
  candidate_strengths: { dtype: 'float32', shape: ['T'], isFinite: true, doc: '0 to 1, with the prior' },
});

/** Pace of a video over time. K windows. */
export const pacing = npz({
  times_sec: { dtype: 'float64', shape: ['K'], isFinite: true, doc: 'middle of each window' },
  cuts_per_min: { dtype: 'float32', shape: ['K'], isFinite: true, doc: 'changes of shot a minute' },
  motion_energy: {
    dtype: 'float32',
    shape: ['K'],
    doc: 'mean motion in the window, 0 to 1; NaN where none was measured',
  },
  pacing: { dtype: 'float32', shape: ['K'], isFinite: true, doc: '0 (still) to 1; see rules/dsp/pacing.ts' },
  mean_shot_sec: { dtype: 'float64', shape: [], doc: 'NaN without shots' },
  median_shot_sec: { dtype: 'float64', shape: [], doc: 'NaN without shots' },
  shot_sec_cv: {
    dtype: 'float64',
    shape: [],
    doc: 'standard deviation of shot lengths over their mean; NaN without shots',
  },
});

/** Small pictures of a video, one a sample. B bytes in all. */
export const thumbnails = npz({
  times_sec: { dtype: 'float64', shape: ['N'], isFinite: true, origin: 'segment_time' },
  frame_indices: { dtype: 'int32', shape: ['N'], origin: 'segment_frame' },
  widths: { dtype: 'int32', shape: ['N'], doc: 'pixels; a film may change its shape' },
  heights: { dtype: 'int32', shape: ['N'], doc: 'pixels' },
  jpeg: { dtype: 'uint8', shape: ['B'], doc: 'JPEG files, one after the other' },
  jpeg_bytes: {
    dtype: 'int32',
    shape: ['N'],
    doc: 'length of each file in `jpeg`; bytes. 0: looks like the one before',
  },
});
