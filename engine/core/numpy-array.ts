/** Arrays that any program has written with NumPy, for people to look at: more than the arrays that rules exchange. */
import { crc32, inflateRawSync } from 'node:zlib';
import { elementCount } from './nd-array.ts';
import { isNpy, parseNpy } from './npy-header.ts';
import { type ZipMember, zipMembers } from './zip-members.ts';

export type NumberElements =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array;

interface ArrayOf<D> {
  /** NumPy's name of the type of elements: 'float32', 'int64', 'bool'; 'unicode' and 'bytes' for text. */
  readonly dtype: string;
  /** Length of each axis; `[]` is a scalar. */
  readonly shape: readonly number[];
  /** The elements in C order. `bool` as 0 and 1; `float16` widened; `bytes` as Latin-1. */
  readonly data: D;
}

export type NumberArray = ArrayOf<NumberElements>;
export type TextArray = ArrayOf<readonly string[]>;
export type NumpyArray = NumberArray | TextArray;

export function isText(array: NumpyArray): array is TextArray {
  return Array.isArray(array.data);
}

export type StoredArray = NumpyArray & {
  /** Of its elements in the file. */
  readonly sizeBytes: number;
};

/** One array of a file, which is not read before it is asked for. */
export interface NumpyMember {
  readonly name: string;
  /** @throws {UnreadableArray} */
  read(): StoredArray;
}

/** Why an array cannot be read, and what to do. */
export class UnreadableArray extends TypeError {
  readonly fix: string;

  constructor(message: string, fix: string) {
    super(message);
    this.fix = fix;
  }
}

const mostBytes = 2 ** 30;
const plainFix = 'Save it with NumPy as plain numbers, booleans or text.';
const damageFix = 'The file is damaged: make it again, or copy it again.';

/**
 * The arrays of an NPZ file, or the one array of a `.npy` file.
 *
 * @param stem the name of the one array
 * @throws {UnreadableArray} if the bytes are neither
 */
export function numpyMembers(bytes: Uint8Array, stem: string): NumpyMember[] {
  if (isNpy(bytes)) return [{ name: stem, read: () => readNumpyArray(bytes, stem) }];
  const members = refusing(() => zipMembers(bytes));
  return members.map((member) => ({
    name: member.name.replace(/\.npy$/, ''),
    read: () => readNumpyArray(contentOf(member), member.name),
  }));
}

function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof TypeError) throw new UnreadableArray(error.message, damageFix);
    // What a DataView says where a file ends early.
    if (error instanceof RangeError) throw new UnreadableArray('its directory is cut off', damageFix);
    throw error;
  }
}

function contentOf(member: ZipMember): Uint8Array {
  const { name, sizeBytes } = member;
  if (sizeBytes > mostBytes)
    throw new UnreadableArray(
      `${name} holds ${sizeBytes} bytes, more than 1 GiB`,
      'Save a part of it, and look at that.',
    );
  const content = member.isDeflated ? inflate(member) : member.data;
  if (content.length !== sizeBytes || crc32(content) !== member.checksum)
    throw new UnreadableArray(`${name} is damaged: it has another checksum than the archive says`, damageFix);
  return content;
}

/** Never more than the archive claims, which has been found bearable. */
function inflate({ name, data, sizeBytes }: ZipMember): Uint8Array {
  try {
    return inflateRawSync(data, { maxOutputLength: Math.max(1, sizeBytes) });
  } catch (error) {
    const why = error instanceof RangeError ? 'holds more than the archive says' : 'cannot be inflated';
    throw new UnreadableArray(`${name} ${why}`, damageFix);
  }
}

function readNumpyArray(file: Uint8Array, name: string): StoredArray {
  const { descr, isFortranOrder, shape, data } = refusing(() => parseNpy(file, name));
  const [, order = '', kind = '', width = ''] = /^([<>|=]?)([a-zA-Z])(\d*)$/.exec(descr) ?? [];
  const itemBytes = Number(width) * (kind === 'U' ? 4 : 1);
  const textReader = textReaders[kind];
  const reader = textReader ?? numberReaders[kind + width];
  if (!reader) throw new UnreadableArray(`${name} holds ${elementsName(descr)}`, plainFix);
  const count = elementCount(shape);
  const sizeBytes = count * itemBytes;
  if (itemBytes === 0 && count > 0) throw new UnreadableArray(`${name} holds text without letters`, plainFix);
  if (sizeBytes > data.length) throw new UnreadableArray(`${name} is cut off`, damageFix);
  const elements = view(inCOrder(data.subarray(0, sizeBytes), { shape, itemBytes, isFortranOrder }));
  const layout = { count, itemBytes, isLittle: order !== '>' };
  const form = { dtype: reader.dtype, shape, sizeBytes };
  return textReader
    ? { ...form, data: textReader.toElements(elements, layout) }
    : { ...form, data: numberReaders[kind + width]!.toElements(elements, layout) };
}

function elementsName(descr: string): string {
  if (/^\|?O/.test(descr)) return 'Python objects (pickled), which are not read: they could run code';
  if (descr.startsWith('[')) return 'records (a structured dtype), which are not supported';
  return `elements of type "${descr}", which are not supported`;
}

function view({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Elements in the order of C: the last axis runs fastest. In Fortran's order the first does. */
function inCOrder(
  data: Uint8Array,
  {
    shape,
    itemBytes,
    isFortranOrder,
  }: { shape: readonly number[]; itemBytes: number; isFortranOrder: boolean },
): Uint8Array {
  if (!isFortranOrder || shape.length < 2) return data;
  const ordered = new Uint8Array(data.length);
  const strides = shape.map((_, axis) => elementCount(shape.slice(0, axis)));
  const index = shape.map(() => 0);
  for (let to = 0; to < data.length; to += itemBytes) {
    const from = index.reduce((sum, at, axis) => sum + at * strides[axis]!, 0) * itemBytes;
    ordered.set(data.subarray(from, from + itemBytes), to);
    advance(index, shape);
  }
  return ordered;
}

function advance(index: number[], shape: readonly number[]): void {
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    index[axis]! += 1;
    if (index[axis]! < shape[axis]!) return;
    index[axis] = 0;
  }
}

interface Layout {
  readonly count: number;
  readonly itemBytes: number;
  readonly isLittle: boolean;
}

interface ElementReader<D extends NumpyArray['data']> {
  readonly dtype: string;
  toElements(view: DataView, layout: Layout): D;
}

type Numbers<T> = new (count: number) => NumberElements & { [index: number]: T };

/** Element by element: it minds neither the alignment of the data nor the order of the machine's bytes. */
function numbers<T extends number | bigint>(
  dtype: string,
  Elements: Numbers<T>,
  get: (view: DataView, at: number, isLittle: boolean) => T,
): ElementReader<NumberElements> {
  return {
    dtype,
    toElements: (view, { count, itemBytes, isLittle }) => {
      const elements = new Elements(count);
      for (let index = 0; index < count; index += 1) elements[index] = get(view, index * itemBytes, isLittle);
      return elements;
    },
  };
}

const numberReaders: Readonly<Record<string, ElementReader<NumberElements> | undefined>> = {
  b1: numbers('bool', Uint8Array, (view, at) => Math.min(1, view.getUint8(at))),
  i1: numbers('int8', Int8Array, (view, at) => view.getInt8(at)),
  u1: numbers('uint8', Uint8Array, (view, at) => view.getUint8(at)),
  i2: numbers('int16', Int16Array, (view, at, isLittle) => view.getInt16(at, isLittle)),
  u2: numbers('uint16', Uint16Array, (view, at, isLittle) => view.getUint16(at, isLittle)),
  i4: numbers('int32', Int32Array, (view, at, isLittle) => view.getInt32(at, isLittle)),
  u4: numbers('uint32', Uint32Array, (view, at, isLittle) => view.getUint32(at, isLittle)),
  i8: numbers('int64', BigInt64Array, (view, at, isLittle) => view.getBigInt64(at, isLittle)),
  u8: numbers('uint64', BigUint64Array, (view, at, isLittle) => view.getBigUint64(at, isLittle)),
  f2: numbers('float16', Float32Array, (view, at, isLittle) => view.getFloat16(at, isLittle)),
  f4: numbers('float32', Float32Array, (view, at, isLittle) => view.getFloat32(at, isLittle)),
  f8: numbers('float64', Float64Array, (view, at, isLittle) => view.getFloat64(at, isLittle)),
};

const textReaders: Readonly<Record<string, ElementReader<readonly string[]> | undefined>> = {
  U: texts('unicode', 4, (view, at, isLittle) => view.getUint32(at, isLittle)),
  S: texts('bytes', 1, (view, at) => view.getUint8(at)),
};

function texts(
  dtype: string,
  unitBytes: number,
  get: (view: DataView, at: number, isLittle: boolean) => number,
): ElementReader<readonly string[]> {
  return {
    dtype,
    toElements: (view, { count, itemBytes, isLittle }) =>
      Array.from({ length: count }, (_, row) => {
        let text = '';
        for (let at = row * itemBytes; at < (row + 1) * itemBytes; at += unitBytes)
          text += characterOf(get(view, at, isLittle));
        return text.replace(/\0+$/, ''); // What NumPy pads with.
      }),
  };
}

function characterOf(codePoint: number): string {
  return codePoint > 0x10ffff ? '\ufffd' : String.fromCodePoint(codePoint);
}
