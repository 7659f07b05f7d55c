/** The artifacts that the built-in rules exchange. Shapes: N frames, S shots, K cuts or windows, C channels, n samples. */
import { z } from 'zod';
import { json, npz } from '../engine/core/kind.ts';

const stream = z.strictObject({
  index: z.number().int(),
  type: z.enum(['video', 'audio']),
  codec: z.string(),
  start_sec: z
    .number()
    .nullable()
    .describe(
      'of the first frame that is shown, or of the first sound, as in the file; null where there is none',
    ),
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

/** What sampled frames look like to a model. D numbers each. */
export const pictureEmbeddings = npz({
  embeddings: {
    dtype: 'float32',
    shape: ['N', 'D'],
    isFinite: true,
    doc: 'rows of length 1 (L2); zeros where the model gave zeros',
  },
  frame_indices: { dtype: 'int32', shape: ['N'], origin: 'segment_frame' },
  times_sec: { dtype: 'float64', shape: ['N'], isFinite: true, origin: 'segment_time' },
});

/** What windows of sound are like to a model. D numbers each. */
export const soundEmbeddings = npz({
  embeddings: {
    dtype: 'float32',
    shape: ['K', 'D'],
    isFinite: true,
    doc: 'rows of length 1 (L2); zeros where the model gave zeros',
  },
  start_sec: { dtype: 'float64', shape: ['K'], isFinite: true, doc: 'from the start of the video' },
  end_sec: {
    dtype: 'float64',
    shape: ['K'],
    isFinite: true,
    doc: 'of the last window: the end of the sound',
  },
});

/**
 * How pictures move from one sampled frame to the next. M pairs of frames. x goes to the right and y down; a pixel is one
 * of the frames as they were sampled (the component's analysis size). The camera's numbers are of the picture: where
 * a camera turns to the right, the picture goes to the left.
 */
export const flow = npz({
  times_sec: { dtype: 'float64', shape: ['M'], isFinite: true, doc: 'the later frame of each pair' },
  magnitude_mean: { dtype: 'float32', shape: ['M'], isFinite: true, doc: 'over the picture; px/s' },
  magnitude_median: { dtype: 'float32', shape: ['M'], isFinite: true, doc: 'px/s' },
  magnitude_p95: { dtype: 'float32', shape: ['M'], isFinite: true, doc: 'px/s' },
  direction_rad: {
    dtype: 'float32',
    shape: ['M'],
    doc: 'mean weighed by magnitude, −π to π: 0 to the right, π/2 down; NaN where still, or where motions cancel out',
  },
  camera_pan: {
    dtype: 'float32',
    shape: ['M'],
    doc: 'to the right; px/s. NaN where too little can be followed',
  },
  camera_tilt: { dtype: 'float32', shape: ['M'], doc: 'down; px/s. NaN as camera_pan' },
  camera_zoom: {
    dtype: 'float32',
    shape: ['M'],
    doc: 'growth around the centre as a share of the size; 1/s. NaN as camera_pan',
  },
  camera_roll: {
    dtype: 'float32',
    shape: ['M'],
    doc: 'clockwise around the centre; rad/s. NaN as camera_pan',
  },
  residual: {
    dtype: 'float32',
    shape: ['M'],
    doc: 'median distance from the motion that the camera explains; px/s. NaN as camera_pan',
  },
});

/** What of a film is new and what is shown again. K repeats, none of which shares a sample with another. */
export const uniqueness = npz({
  times_sec: { dtype: 'float64', shape: ['N'], isFinite: true },
  novelty: {
    dtype: 'float32',
    shape: ['N'],
    isFinite: true,
    doc: '0 to 1: 1 − greatest cosine to a sample that is not a neighbour, and earlier; 1 where there is none',
  },
  repeated_ratio: {
    dtype: 'float64',
    shape: [],
    doc: 'share of samples that lie in a repeat, 0 to 1; NaN without samples',
  },
  mean_similarity: {
    dtype: 'float64',
    shape: [],
    doc: 'mean cosine of two different samples, −1 to 1; NaN with fewer than two',
  },
  repeat_a_start_sec: {
    dtype: 'float64',
    shape: ['K'],
    isFinite: true,
    doc: 'where it was first shown',
  },
  repeat_a_end_sec: { dtype: 'float64', shape: ['K'], isFinite: true, doc: 'exclusive' },
  repeat_b_start_sec: { dtype: 'float64', shape: ['K'], isFinite: true, doc: 'where it is shown again' },
  repeat_b_end_sec: { dtype: 'float64', shape: ['K'], isFinite: true, doc: 'exclusive' },
});

/** The parts of a film and its intensity. K boundaries between parts, N windows. */
export const story = npz({
  boundary_sec: {
    dtype: 'float64',
    shape: ['K'],
    isFinite: true,
    doc: 'where a part begins, but for the first',
  },
  boundary_novelty: {
    dtype: 'float32',
    shape: ['K'],
    isFinite: true,
    doc: '0 to 2: about 1 − cosine of what is before and after',
  },
  times_sec: { dtype: 'float64', shape: ['N'], isFinite: true, doc: 'middle of each window' },
  intensity: { dtype: 'float32', shape: ['N'], isFinite: true, doc: '0 to 1; see rules/dsp/intensity.ts' },
  climax_sec: { dtype: 'float64', shape: [], doc: 'where intensity is greatest; NaN without a curve' },
  hook_intensity: { dtype: 'float64', shape: [], doc: 'mean over the first seconds; NaN without a curve' },
  hook_cuts: { dtype: 'int32', shape: [], doc: 'changes of shot in the first seconds' },
});

/** What the shots of a film show: a row for each row of `shots`. T labels a shot, none without a classifier. */
export const scenes = npz({
  labels_source: {
    dtype: 'unicode',
    shape: [],
    doc: '`classifier`, or `clusters` where there was none: then only cluster_ids tells shots apart',
  },
  labels: { dtype: 'unicode', shape: ['S', 'T'], doc: 'most probable first' },
  probabilities: { dtype: 'float32', shape: ['S', 'T'], isFinite: true, doc: 'of the labels, 0 to 1' },
  cluster_ids: {
    dtype: 'int32',
    shape: ['S'],
    doc: 'the same for shots that look alike; from 0, by first appearance',
  },
});

/** Of what is found in frames, one row a thing: where and when. F things, N frames that were looked at. */
const found = {
  frame_indices: { dtype: 'int32', shape: ['F'], origin: 'segment_frame' },
  times_sec: { dtype: 'float64', shape: ['F'], isFinite: true, origin: 'segment_time' },
  boxes: {
    dtype: 'float32',
    shape: ['F', 4],
    isFinite: true,
    doc: 'x1, y1, x2, y2 as fractions of the upright picture, 0 to 1',
  },
  scores: {
    dtype: 'float32',
    shape: ['F'],
    isFinite: true,
    doc: '0 to 1; the surest of a frame comes first',
  },
  sampled_frame_indices: { dtype: 'int32', shape: ['N'], origin: 'segment_frame' },
  sampled_times_sec: {
    dtype: 'float64',
    shape: ['N'],
    isFinite: true,
    origin: 'segment_time',
    doc: 'of every frame that was looked at, whether or not something was found in it',
  },
} as const;

/** Faces. P landmarks. */
export const faces = npz({
  ...found,
  landmarks: {
    dtype: 'float32',
    shape: ['F', 'P', 2],
    doc: 'x, y as fractions of the picture; NaN where the model saw none. P is 0 where no model gives landmarks',
  },
});

/** Objects. */
export const detections = npz({
  ...found,
  class_ids: { dtype: 'int32', shape: ['F'] },
  class_names: { dtype: 'unicode', shape: ['F'], doc: 'the id where the model has no names' },
});

/** How near things are. */
export const depth = npz({
  depth: {
    dtype: 'float32',
    shape: ['N', 'h', 'w'],
    isFinite: true,
    doc: 'relative inverse depth of the whole picture, larger is nearer; no unit, and no scale that frames share',
  },
  times_sec: { dtype: 'float64', shape: ['N'], isFinite: true, origin: 'segment_time' },
  frame_indices: { dtype: 'int32', shape: ['N'], origin: 'segment_frame' },
  mean: { dtype: 'float32', shape: ['N'], isFinite: true, doc: 'of the whole map that the model gave' },
  p05: { dtype: 'float32', shape: ['N'], isFinite: true, doc: '5th percentile' },
  p95: { dtype: 'float32', shape: ['N'], isFinite: true, doc: '95th percentile' },
});
