/** Arrays as rules exchange them: an element type, a shape and the elements in C order. */

export interface DtypeData {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  uint8: Uint8Array;
  bool: Uint8Array;
  unicode: readonly string[];
}

export type Dtype = keyof DtypeData;

export interface NdArray<D extends Dtype = Dtype> {
  readonly dtype: D;
  /** Length of each axis; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** The elements in C order; `bool` as 0 and 1. */
  readonly data: DtypeData[D];
}

/**
 * An array of any shape.
 *
 * @param data elements in C order; as many as the product of `shape`
 * @throws {RangeError} if the count of elements does not fit the shape
 */
export function array<D extends Dtype>(dtype: D, data: DtypeData[D], shape: readonly number[]): NdArray<D> {
  const count = elementCount(shape);
  if (count !== data.length) {
    throw new RangeError(`an array of shape [${shape.join(', ')}] has ${count} elements, not ${data.length}`);
  }
  return { dtype, shape, data };
}

/** How many elements a shape holds; a scalar has one. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** A one-dimensional array. */
export function vector<D extends Dtype>(dtype: D, data: DtypeData[D] | Iterable<number>): NdArray<D> {
  const elements = toElements(dtype, data);
  return { dtype, shape: [elements.length], data: elements };
}

/** A zero-dimensional array. */
export function scalar<D extends Exclude<Dtype, 'unicode'>>(dtype: D, value: number): NdArray<D> {
  return { dtype, shape: [], data: toElements(dtype, [value]) };
}

export const constructors = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

function toElements<D extends Dtype>(dtype: D, data: DtypeData[D] | Iterable<number>): DtypeData[D] {
  if (dtype === 'unicode') return data as DtypeData[D];
  const Elements = constructors[dtype as Exclude<Dtype, 'unicode'>];
  if (data instanceof Elements) return data as DtypeData[D];
  return new Elements([...(data as Iterable<number>)]) as DtypeData[D]; // The table above pairs them.
}
