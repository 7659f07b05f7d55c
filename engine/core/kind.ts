/**
 * Kinds of artifact: what a rule takes and gives, and how that is written as bytes.
 *
 * A kind is data. `artifact-codec.ts` turns values into bytes and back; `check-output.ts` holds a value
 * against its kind before anything enters the cache.
 */
import type { z } from 'zod';
import type { Dtype, NdArray } from './nd-array.ts';

export interface ArraySpec<D extends Dtype = Dtype> {
  readonly dtype: D;
  /** A number fixes an axis; a name stands for any length, the same wherever it is repeated in one kind. */
  readonly shape: readonly (number | string)[];
  /** Promises that no element is NaN or infinite. */
  readonly isFinite?: boolean;
  /**
   * What zero means in the artifact of one segment; merging adds the segment's own start.
   * `segment_time`: seconds since the segment's first frame. `segment_frame`: frames since then.
   */
  readonly origin?: 'segment_time' | 'segment_frame';
  /** Meaning, unit and range, for people. */
  readonly doc?: string;
}

export type ArraySpecs = Readonly<Record<string, ArraySpec>>;

export type ArraysOf<S extends ArraySpecs> = { readonly [K in keyof S]: NdArray<S[K]['dtype']> };

/** Phantom carrier of the value's type. */
declare const valueType: unique symbol;

export interface Kind<V = unknown> {
  readonly format: 'npz' | 'json' | 'text' | 'bytes' | 'file' | 'files' | 'segments';
  /** Ending of the file's name in the result store, without the dot. */
  readonly extension: string;
  /** Held only while somebody needs it; made again when needed later. */
  readonly isEphemeral: boolean;
  readonly arrays?: ArraySpecs;
  readonly schema?: z.ZodType;
  /** The document's `duration_sec`, `width`, `height`, `fps` and `has_audio` describe the run's video, for its manifest. */
  readonly describesSource?: boolean;
  readonly [valueType]?: V;
}

export type ValueOf<K> = K extends Kind<infer V> ? V : never;

/** Named arrays in one NPZ file. */
export function npz<const S extends ArraySpecs>(
  arrays: S,
  options: { isEphemeral?: boolean } = {},
): Kind<ArraysOf<S>> {
  return { format: 'npz', extension: 'npz', isEphemeral: options.isEphemeral ?? false, arrays };
}

/** A JSON document of the given schema, written as canonical JSON (RFC 8785). */
export function json<V>(schema: z.ZodType<V>, options: { describesSource?: boolean } = {}): Kind<V> {
  return {
    format: 'json',
    extension: 'json',
    isEphemeral: false,
    schema,
    describesSource: options.describesSource ?? false,
  };
}

/** UTF-8 text. */
export function text(options: { extension?: string } = {}): Kind<string> {
  return { format: 'text', extension: options.extension ?? 'txt', isEphemeral: false };
}

/** Bytes that the engine does not look into. */
export function bytes(options: { extension?: string } = {}): Kind<Uint8Array> {
  return { format: 'bytes', extension: options.extension ?? 'bin', isEphemeral: false };
}

/** A file of the workspace. Its content is in the key, its name is not. */
export interface SourceFile {
  /** Where it is now; for programs to open, never to be used as data. */
  readonly path: string;
  /** Its content. */
  read(): Uint8Array;
}

/** One file of the workspace, or the run's video. */
export function file(): Kind<SourceFile> {
  return { format: 'file', extension: '', isEphemeral: false };
}

/** Several files of the workspace, named by a glob; names (relative to the workspace) and contents are in the key. */
export function files(): Kind<readonly (SourceFile & { readonly name: string })[]> {
  return { format: 'files', extension: '', isEphemeral: false };
}

/** One part of a video. Only `digest` is in the key of an action; the rest says where to find that content. */
export interface Segment {
  readonly index: number;
  /** Names the content: codec parameters, packets, and their times relative to the first frame. */
  readonly digest: string;
  /** Time of the first frame; seconds from the start of the video. */
  readonly startSec: number;
  /** Length up to the next segment's first frame; seconds. */
  readonly durationSec: number;
  /** Number of the first frame in the whole video, in presentation order. */
  readonly firstFrame: number;
  /** Time base of the PTS below: seconds a tick, as numerator and denominator. */
  readonly timeBase: readonly [number, number];
  /** PTS of the first frame, in ticks, as in the file. */
  readonly startPts: number;
  /** PTS of every frame in presentation order, in ticks since `startPts`. */
  readonly framePts: readonly number[];
  /** Frames and seconds of the steady rate that the frames keep to, if they do; their times are then on its grid. */
  readonly rate?: readonly [number, number];
  /** Upright display size of the pictures; pixels. Part of `digest`. */
  readonly width: number;
  readonly height: number;
  /** Positions in `framePts` of the frames that are keyframes. */
  readonly keyframes: readonly number[];
}

/** The table of a video's segments; the engine runs `scope: 'segment'` rules once for each of them. */
export function segments(): Kind<readonly Segment[]> {
  return { format: 'segments', extension: 'json', isEphemeral: false };
}
