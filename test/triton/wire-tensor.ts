/** Tensors as the server holds them: bytes as the protocol has them, little-endian and in C order. */
import { Refusal } from './refusal.ts';

export interface WireTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** Of BYTES: for each element its length as uint32, then the element. */
  readonly bytes: Uint8Array;
}

/** -1 for any length. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

/** 0: each element has a length of its own. */
export const elementBytes = {
  BOOL: 1,
  UINT8: 1,
  INT8: 1,
  UINT16: 2,
  INT16: 2,
  FP16: 2,
  BF16: 2,
  UINT32: 4,
  INT32: 4,
  FP32: 4,
  UINT64: 8,
  INT64: 8,
  FP64: 8,
  BYTES: 0,
} as const;

export type Datatype = keyof typeof elementBytes;

const arrays = {
  ...{ BOOL: Uint8Array, UINT8: Uint8Array, INT8: Int8Array, UINT16: Uint16Array, INT16: Int16Array },
  ...{ UINT32: Uint32Array, INT32: Int32Array, FP32: Float32Array, FP64: Float64Array },
  ...{ UINT64: BigUint64Array, INT64: BigInt64Array },
} as const;

export type ArrayDatatype = keyof typeof arrays;

export function isDatatype(name: unknown): name is Datatype {
  return typeof name === 'string' && name in elementBytes;
}

export function isArrayDatatype(datatype: Datatype): datatype is ArrayDatatype {
  return datatype in arrays;
}

export function countOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** The elements, in memory of their own. */
export function elementsOf({ datatype, bytes }: WireTensor): InstanceType<(typeof arrays)[ArrayDatatype]> {
  if (!isArrayDatatype(datatype)) throw new Error(`${datatype} has no arrays`);
  return new arrays[datatype](new Uint8Array(bytes).buffer);
}

/** @param data flat, or nested as `shape` says */
export function bytesOfJson(
  data: unknown,
  { name, datatype, shape }: Omit<WireTensor, 'bytes'>,
  model: string,
): Uint8Array {
  if (!Array.isArray(data)) throw new Refusal(400, `Unable to parse 'data': attempt to access non-array`);
  const flat = data.some(Array.isArray) ? flattened(data, shape, name) : data;
  const count = countOf(shape);
  if (flat.length !== count)
    throw new Refusal(
      400,
      `unexpected number of elements ${flat.length} for input '${name}' of model '${model}', expecting ${count}`,
    );
  if (datatype === 'BYTES') return bytesOfStrings(flat.map((value) => Buffer.from(asString(value, name))));
  if (!isArrayDatatype(datatype)) throw noJson('input', name, datatype);
  return bytesOfNumbers(
    flat.map((value) => asNumber(value, name)),
    datatype,
  );
}

export function bytesOfStrings(strings: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    strings.flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.length);
      return [length, text];
    }),
  );
}

export function stringsOf({ name, bytes, shape }: WireTensor): Buffer[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const strings: Buffer[] = [];
  for (let at = 0; at < all.length; ) {
    const end = at + 4 <= all.length ? at + 4 + all.readUInt32LE(at) : Number.NaN;
    if (!(end <= all.length)) throw new Refusal(400, `incomplete string data for inference input '${name}'`);
    strings.push(all.subarray(at + 4, end));
    at = end;
  }
  if (strings.length === countOf(shape)) return strings;
  throw new Refusal(
    400,
    `expected ${countOf(shape)} string elements for inference input '${name}', got ${strings.length}`,
  );
}

/** Flat. Integers beyond 2^53 lose digits here, as they would in a client of this language. */
export function jsonOfTensor(tensor: WireTensor): (number | string | boolean)[] {
  const { name, datatype } = tensor;
  if (datatype === 'BYTES') return stringsOf(tensor).map(String);
  if (!isArrayDatatype(datatype)) throw noJson('output', name, datatype);
  const numbers = Array.from<number | bigint, number>(elementsOf(tensor), Number);
  return datatype === 'BOOL' ? numbers.map(Boolean) : numbers;
}

function noJson(role: 'input' | 'output', name: string, datatype: Datatype): Refusal {
  return new Refusal(
    400,
    `sending ${datatype} data via JSON is not supported. Please use the binary data format for ${role} '${name}'`,
  );
}

function flattened(data: readonly unknown[], shape: readonly number[], name: string): unknown[] {
  const [length, ...rest] = shape;
  if (data.length !== length)
    throw new Refusal(400, `unexpected shape of 'data' for input '${name}': expecting ${length} entries`);
  if (rest.length === 0) return [...data];
  return data.flatMap((inner) => {
    if (Array.isArray(inner)) return flattened(inner, rest, name);
    throw new Refusal(400, `unexpected shape of 'data' for input '${name}': it is not deep enough`);
  });
}

function bytesOfNumbers(values: readonly number[], datatype: ArrayDatatype): Uint8Array {
  const filled =
    datatype === 'INT64' || datatype === 'UINT64'
      ? arrays[datatype].from(values.map((value) => BigInt(Math.trunc(value))))
      : arrays[datatype].from(values);
  return new Uint8Array(filled.buffer);
}

function asString(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw new Refusal(400, `Unable to parse 'data' of input '${name}': attempt to access JSON non-string`);
}

function asNumber(value: unknown, name: string): number {
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
  throw new Refusal(400, `Unable to parse 'data' of input '${name}': attempt to access JSON non-number`);
}
