/** Parts of a report, as their components would give them. */
import type { ArtifactMeta } from '../../../engine/core/artifact-meta.ts';
import { array, scalar, vector } from '../../../engine/core/nd-array.ts';
import type { ReportInputs } from '../../../rules/report/report-inputs.ts';

type Part<N extends keyof ReportInputs> = NonNullable<ReportInputs[N]>;

export const nothing: ReportInputs = {
  metadata: undefined,
  thumbnails: undefined,
  cuts: undefined,
  shots: undefined,
  motion: undefined,
  loudness: undefined,
  tempo: undefined,
  pacing: undefined,
  frame_quality: undefined,
  shot_quality: undefined,
  faces: undefined,
  objects: undefined,
  depth: undefined,
  flow: undefined,
  frame_embeddings: undefined,
  sound_embeddings: undefined,
  scenes: undefined,
  uniqueness: undefined,
  story: undefined,
};

export function metaOf(rest: Partial<ArtifactMeta>): ArtifactMeta {
  return {
    component: 'some_component',
    output: 'out',
    schema_version: 1,
    producer_version: '7',
    rule_digest: `b3:${'0'.repeat(64)}`,
    params: {},
    model_signature: null,
    models_used: [],
    engine: null,
    precision: null,
    device: 'cpu',
    sampling: null,
    analysis: null,
    status: 'success',
    empty_reason: null,
    ...rest,
  };
}

export function shotsOf(startSec: readonly number[], endSec: number): Part<'shots'> {
  return {
    start_sec: vector('float64', startSec),
    end_sec: vector('float64', [...startSec.slice(1), endSec].slice(0, startSec.length)),
    start_frames: vector('int32', startSec),
    end_frames: vector('int32', startSec),
    meta: metaOf({ component: 'cut_detection' }),
  };
}

export function thumbnailsAt(timesSec: readonly number[]): Part<'thumbnails'> {
  return {
    times_sec: vector('float64', timesSec),
    frame_indices: vector('int32', timesSec),
    widths: vector('int32', new Int32Array(timesSec.length).fill(192)),
    heights: vector('int32', new Int32Array(timesSec.length).fill(108)),
    jpeg: vector(
      'uint8',
      Uint8Array.from(timesSec, (_, index) => index),
    ),
    jpeg_bytes: vector('int32', new Int32Array(timesSec.length).fill(1)),
    meta: metaOf({ component: 'thumbnails' }),
  };
}

export function noSound(reason: string): Part<'loudness'> {
  return {
    integrated_lufs: scalar('float64', Number.NaN),
    lra_lu: scalar('float64', Number.NaN),
    true_peak_dbtp: scalar('float64', Number.NaN),
    times_sec: vector('float64', []),
    momentary_lufs: vector('float32', []),
    short_term_lufs: vector('float32', []),
    silence_start_sec: vector('float64', []),
    silence_end_sec: vector('float64', []),
    meta: metaOf({ component: 'loudness_extractor', status: 'empty', empty_reason: reason }),
  };
}

export interface FoundThing {
  readonly sec: number;
  readonly score: number;
  readonly box: readonly [number, number, number, number];
  readonly name?: string;
  readonly landmarks?: readonly (readonly [number, number])[];
}

/** Frames are numbered as at 10 fps. */
function found(sampledSec: readonly number[], things: readonly FoundThing[]) {
  const frameOf = (sec: number) => Math.round(10 * sec);
  return {
    times_sec: vector(
      'float64',
      things.map(({ sec }) => sec),
    ),
    frame_indices: vector(
      'int32',
      things.map(({ sec }) => frameOf(sec)),
    ),
    boxes: array('float32', Float32Array.from(things.flatMap(({ box }) => box)), [things.length, 4]),
    scores: vector(
      'float32',
      things.map(({ score }) => score),
    ),
    sampled_times_sec: vector('float64', sampledSec),
    sampled_frame_indices: vector('int32', sampledSec.map(frameOf)),
  };
}

/** @param things each with as many landmarks as the first */
export function facesOf(sampledSec: readonly number[], things: readonly FoundThing[]): Part<'faces'> {
  const points = things.flatMap(({ landmarks = [] }) => landmarks);
  const perFace = things.length === 0 ? 0 : points.length / things.length;
  return {
    ...found(sampledSec, things),
    landmarks: array('float32', Float32Array.from(points.flat()), [things.length, perFace, 2]),
    meta: metaOf({ component: 'core_face_landmarks' }),
  };
}

export function objectsOf(sampledSec: readonly number[], things: readonly FoundThing[]): Part<'objects'> {
  return {
    ...found(sampledSec, things),
    class_ids: vector('int32', new Int32Array(things.length)),
    class_names: vector(
      'unicode',
      things.map(({ name = 'thing' }) => name),
    ),
    meta: metaOf({ component: 'core_object_detections' }),
  };
}

/** One a second; rows are brought to length 1. */
export function framesLooking(rows: readonly (readonly number[])[]): Part<'frame_embeddings'> {
  const units = rows.map((row) => row.map((value) => value / Math.hypot(...row)));
  return {
    embeddings: array('float32', Float32Array.from(units.flat()), [rows.length, rows[0]?.length ?? 0]),
    times_sec: vector('float64', rows.keys()),
    frame_indices: vector('int32', rows.keys()),
    meta: metaOf({ component: 'core_clip' }),
  };
}

export function depthOf(maps: readonly (readonly number[])[], width: number): Part<'depth'> {
  const height = (maps[0]?.length ?? 0) / width;
  const each = (value: number) => vector('float32', new Float32Array(maps.length).fill(value));
  return {
    depth: array('float32', Float32Array.from(maps.flat()), [maps.length, height, width]),
    times_sec: vector('float64', maps.keys()),
    frame_indices: vector('int32', maps.keys()),
    mean: each(0.5),
    p05: each(0),
    p95: each(1),
    meta: metaOf({ component: 'core_depth_midas' }),
  };
}

/** Every measure has the same values. */
export function flowOf(timesSec: readonly number[], values: readonly number[]): Part<'flow'> {
  const each = vector('float32', values);
  return {
    times_sec: vector('float64', timesSec),
    magnitude_mean: each,
    magnitude_median: each,
    magnitude_p95: each,
    direction_rad: each,
    camera_pan: each,
    camera_tilt: each,
    camera_zoom: each,
    camera_roll: each,
    residual: each,
    meta: metaOf({ component: 'core_optical_flow', analysis: { fps: 4, width: 256, height: 144 } }),
  };
}

export function scenesOf(clusterIds: readonly number[], labels: readonly string[] = []): Part<'scenes'> {
  const perShot = labels.length > 0 ? 1 : 0;
  return {
    labels_source: array('unicode', [perShot ? 'classifier' : 'clusters'], []),
    labels: array('unicode', labels, [clusterIds.length, perShot]),
    probabilities: array('float32', new Float32Array(labels.length).fill(0.75), [clusterIds.length, perShot]),
    cluster_ids: vector('int32', clusterIds),
    meta: metaOf({ component: 'scene_classification' }),
  };
}

export function storyOf(boundarySec: readonly number[], climaxSec: number): Part<'story'> {
  return {
    boundary_sec: vector('float64', boundarySec),
    boundary_novelty: vector('float32', new Float32Array(boundarySec.length).fill(0.5)),
    times_sec: vector('float64', [0.5, climaxSec]),
    intensity: vector('float32', [0.1, 0.9]),
    climax_sec: scalar('float64', climaxSec),
    hook_intensity: scalar('float64', 0.25),
    hook_cuts: scalar('int32', 1),
    meta: metaOf({ component: 'story_structure', params: { hook_sec: 5 } }),
  };
}

/** A stretch of three seconds that comes again. */
export function repeated(firstSec: number, againSec: number): Part<'uniqueness'> {
  return {
    times_sec: vector('float64', [firstSec, againSec]),
    novelty: vector('float32', [1, 0]),
    repeated_ratio: scalar('float64', 0.5),
    mean_similarity: scalar('float64', 0.5),
    repeat_a_start_sec: vector('float64', [firstSec]),
    repeat_a_end_sec: vector('float64', [firstSec + 3]),
    repeat_b_start_sec: vector('float64', [againSec]),
    repeat_b_end_sec: vector('float64', [againSec + 3]),
    meta: metaOf({ component: 'uniqueness' }),
  };
}
