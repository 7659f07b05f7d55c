/** The merge of rules that declare none: arrays joined along their first axis, in the order of the segments. */
import type { ArraySpec, ArraySpecs, Kind } from './kind.ts';
import { constructors, type Dtype, type DtypeData, type NdArray } from './nd-array.ts';
import type { NpzArrays } from './npz.ts';
import type { Outputs, PartOrigin, Values } from './rule.ts';

export interface Part {
  readonly origin: PartOrigin;
  readonly values: Values;
}

/**
 * Joins the parts of a video.
 *
 * Arrays with an origin are moved by their segment's start. Scalars and arrays of fixed first axis must be the same
 * in every part.
 * @throws {TypeError} if parts cannot be joined: their other axes differ, or an output is no NPZ
 */
export function concatenateParts(outputs: Outputs, parts: readonly Part[]): Values {
  return Object.fromEntries(
    Object.entries(outputs).map(([name, kind]) => [name, joinOutput(name, kind, parts)]),
  );
}

function joinOutput(name: string, kind: Kind, parts: readonly Part[]): NpzArrays {
  if (kind.format !== 'npz')
    throw new TypeError(`output "${name}" is ${kind.format}: its rule must declare a merge`);
  const specs: ArraySpecs = kind.arrays!;
  return Object.fromEntries(
    Object.entries(specs).map(([array, spec]) => {
      const pieces = parts.map((part) => ({
        origin: part.origin,
        array: (part.values[name] as NpzArrays)[array]!,
      }));
      return [array, joinArrays(`${name}.${array}`, spec, pieces)];
    }),
  );
}

interface Piece {
  readonly origin: PartOrigin;
  readonly array: NdArray;
}

function joinArrays(name: string, spec: ArraySpec, pieces: readonly Piece[]): NdArray {
  if (typeof spec.shape[0] !== 'string') return onlyOne(name, pieces);
  const rest = restOf(name, spec, pieces);
  const length = pieces.reduce((sum, piece) => sum + piece.array.shape[0]!, 0);
  const shape = [length, ...rest];
  if (spec.dtype === 'unicode') {
    return {
      dtype: 'unicode',
      shape,
      data: pieces.flatMap((piece) => piece.array.data as readonly string[]),
    };
  }
  return { dtype: spec.dtype, shape, data: joinNumbers(spec, pieces) };
}

function onlyOne(name: string, pieces: readonly Piece[]): NdArray {
  const first = pieces[0]?.array;
  if (!first)
    throw new TypeError(`"${name}" has no part to take its value from: its rule must declare a merge`);
  if (pieces.some((piece) => String(piece.array.data) !== String(first.data))) {
    throw new TypeError(`"${name}" differs between segments: its rule must declare a merge`);
  }
  return first;
}

function restOf(name: string, spec: ArraySpec, pieces: readonly Piece[]): readonly number[] {
  const first =
    pieces[0]?.array.shape.slice(1) ??
    spec.shape.slice(1).map((axis) => (typeof axis === 'number' ? axis : 0));
  if (pieces.some((piece) => String(piece.array.shape.slice(1)) !== String(first))) {
    throw new TypeError(`"${name}" has other shapes in other segments`);
  }
  return first;
}

function joinNumbers(spec: ArraySpec, pieces: readonly Piece[]): DtypeData[Dtype] {
  const Elements = constructors[spec.dtype as Exclude<Dtype, 'unicode'>];
  const count = pieces.reduce((sum, piece) => sum + piece.array.data.length, 0);
  const joined = new Elements(count);
  let at = 0;
  for (const piece of pieces) {
    const data = piece.array.data as Float64Array; // Any of the numeric kinds: they share these methods.
    joined.set(data, at);
    const shift = shiftOf(spec, piece.origin);
    if (shift !== 0) for (let index = at; index < at + data.length; index += 1) joined[index]! += shift;
    at += data.length;
  }
  return joined;
}

function shiftOf(spec: ArraySpec, origin: PartOrigin): number {
  switch (spec.origin) {
    case undefined:
      return 0;
    case 'segment_time':
      return origin.startSec;
    case 'segment_frame':
      return origin.firstFrame;
    default:
      throw new TypeError(`unknown origin ${spec.origin satisfies never}`);
  }
}
