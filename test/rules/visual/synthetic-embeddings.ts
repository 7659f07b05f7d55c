/** Embeddings of films that are made of known parts. */
import type { ValueOf } from '../../../engine/core/kind.ts';
import { array, vector } from '../../../engine/core/nd-array.ts';
import type { pictureEmbeddings, shots } from '../../../rules/kinds.ts';
import { generator } from './synthetic-clip.ts';

/** A stretch of a scene, in which things move slowly; scenes of other numbers look otherwise. */
export interface Stretch {
  readonly scene: number;
  /** Where in the scene it begins; seconds. */
  readonly fromSec?: number;
  readonly seconds: number;
}

export interface FilmOptions {
  readonly stepSec?: number;
  /** Length of what is added to each embedding, of length 1 before. */
  readonly noise?: number;
}

const size = 32;

/** One after the other, sampled from 0 on. */
export function embeddingsOf(
  stretches: readonly Stretch[],
  { stepSec = 1, noise = 0.05 }: FilmOptions = {},
): ValueOf<typeof pictureEmbeddings> {
  const ends = endsOf(stretches);
  const count = Math.ceil((ends.at(-1) ?? 0) / stepSec);
  const timesSec = Array.from({ length: count }, (_, sample) => sample * stepSec);
  const rows = timesSec.flatMap((timeSec, sample) => {
    const at = ends.findIndex((end) => timeSec < end);
    const { scene, fromSec = 0, seconds } = stretches[at]!;
    const look = lookOf(scene, fromSec + timeSec - (ends[at]! - seconds));
    return unit(sum(look, randomVector(7_000 + sample), noise));
  });
  return {
    embeddings: array('float32', Float32Array.from(rows), [count, size]),
    frame_indices: vector(
      'int32',
      timesSec.map((timeSec) => Math.round(timeSec * 24)),
    ),
    times_sec: vector('float64', timesSec),
  };
}

/** A shot for each stretch. */
export function shotsOf(stretches: readonly Stretch[]): ValueOf<typeof shots> {
  const ends = endsOf(stretches);
  const starts = [0, ...ends].slice(0, ends.length);
  return {
    start_sec: vector('float64', starts),
    end_sec: vector('float64', ends),
    start_frames: vector(
      'int32',
      starts.map((sec) => Math.round(sec * 24)),
    ),
    end_frames: vector(
      'int32',
      ends.map((sec) => Math.round(sec * 24)),
    ),
  };
}

function endsOf(stretches: readonly Stretch[]): number[] {
  let end = 0;
  return stretches.map(({ seconds }) => (end += seconds));
}

/** What a scene looks like after some seconds: it turns from one random look to the next every four seconds. */
function lookOf(scene: number, seconds: number): number[] {
  const turn = Math.floor(seconds / 4);
  const share = seconds / 4 - turn;
  const moving = sum(
    randomVector(100 * scene + turn + 1),
    randomVector(100 * scene + turn + 2),
    share / (1 - share),
  );
  return unit(sum(unit(randomVector(100 * scene)), unit(moving), 0.5));
}

function sum(a: readonly number[], b: readonly number[], weight: number): number[] {
  return a.map((value, at) => value + weight * b[at]!);
}

/** Of length 1, in any direction. */
function randomVector(seed: number): number[] {
  const random = generator(seed * 7919);
  random(); // The first numbers of near seeds are near each other.
  return unit(Array.from({ length: size }, () => random() + random() + random() - 1.5));
}

function unit(values: readonly number[]): number[] {
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}
