/**
 * NPZ files: NumPy arrays in a zip archive, readable with `allow_pickle=False`.
 *
 * The same arrays give the same bytes: members are stored, sorted by name, dated 1980-01-01, and hold `.npy` 1.0 in
 * C order and little endian. Every member's data start at a multiple of 64 bytes, so that reading makes views, not copies.
 *
 * Formats: PKWARE APPNOTE 6.3; "A simple file format for NumPy arrays" (NEP 1).
 */
import { crc32 } from 'node:zlib';
import { constructors, type Dtype, elementCount, type NdArray } from './nd-array.ts';
import { parseNpy } from './npy-header.ts';
import { roomAround, sharedBytes } from './shared-bytes.ts';
import { centralHeaderLength, endRecordLength, localHeaderLength, zipMembers } from './zip-members.ts';

export type NpzArrays = Readonly<Record<string, NdArray>>;

const alignment = 64;
const zipDate = 0x0021; // 1980-01-01, the earliest that zip can say.
const alignExtraId = 0xd935; // The extra field of Android's zipalign: padding with a declared purpose.
const alignExtraMinimum = 6;
const maximumBytes = 0xffffffff; // Beyond this zip needs its 64-bit records.

interface Member {
  readonly name: Uint8Array;
  readonly header: Uint8Array;
  readonly data: Uint8Array;
  readonly offset: number;
  readonly padding: number;
}

/**
 * Writes arrays as an NPZ file; around one of them, if that lies in memory with room (`spaciousBytes`).
 *
 * @returns the file's bytes in shared memory, so that another thread can read them without a copy
 * @throws {RangeError} if the file would be larger than 4 GiB
 */
export function writeNpz(arrays: NpzArrays): Uint8Array<SharedArrayBuffer> {
  const members = layOut(arrays);
  const last = members.at(-1);
  const directoryStart = last ? endOf(last) : 0;
  const directoryLength = members.reduce((sum, member) => sum + centralHeaderLength + member.name.length, 0);
  const length = directoryStart + directoryLength + endRecordLength;
  if (length > maximumBytes) throw new RangeError(`an NPZ file of ${length} bytes is larger than 4 GiB`);
  const file = placeOf(members, length);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let directoryOffset = directoryStart;
  for (const member of members) {
    const checksum = crc32(member.data, crc32(member.header));
    writeLocal(file, view, member, checksum);
    directoryOffset = writeCentral(file, view, member, checksum, directoryOffset);
  }
  writeEnd(view, { count: members.length, directoryStart, directoryLength });
  return file;
}

function placeOf(members: readonly Member[], length: number): Uint8Array<SharedArrayBuffer> {
  for (const member of members) {
    const room = roomAround(member.data, { offset: dataStart(member) + member.header.length, length });
    if (room) return room;
  }
  return sharedBytes(length);
}

function layOut(arrays: NpzArrays): Member[] {
  let offset = 0;
  return Object.keys(arrays)
    .sort()
    .map((key) => {
      const name = new TextEncoder().encode(`${key}.npy`);
      const { header, data } = toNpy(arrays[key]!);
      const unpadded = offset + localHeaderLength + name.length + alignExtraMinimum;
      const padding = alignExtraMinimum + ((alignment - (unpadded % alignment)) % alignment);
      const member = { name, header, data, offset, padding };
      offset = endOf(member);
      return member;
    });
}

function dataStart(member: Member): number {
  return member.offset + localHeaderLength + member.name.length + member.padding;
}

function endOf(member: Member): number {
  return dataStart(member) + member.header.length + member.data.length;
}

function writeLocal(file: Uint8Array, view: DataView, member: Member, checksum: number): void {
  const { name, header, data, offset, padding } = member;
  view.setUint32(offset, 0x04034b50, true);
  writeCommonFields(view, offset + 4, member, checksum);
  view.setUint16(offset + 28, padding, true);
  file.set(name, offset + localHeaderLength);
  const extra = offset + localHeaderLength + name.length;
  view.setUint16(extra, alignExtraId, true);
  view.setUint16(extra + 2, padding - 4, true);
  view.setUint16(extra + 4, alignment, true);
  file.set(header, dataStart(member));
  const place = file.subarray(dataStart(member) + header.length);
  const liesThere = data.buffer === file.buffer && data.byteOffset === place.byteOffset;
  if (!liesThere) place.set(data);
}

function writeCentral(
  file: Uint8Array,
  view: DataView,
  member: Member,
  checksum: number,
  at: number,
): number {
  view.setUint32(at, 0x02014b50, true);
  view.setUint16(at + 4, 20, true); // Made by: version 2.0.
  writeCommonFields(view, at + 6, member, checksum);
  view.setUint32(at + 42, member.offset, true);
  file.set(member.name, at + centralHeaderLength);
  return at + centralHeaderLength + member.name.length;
}

/** The fields that a local and a central header share, from 'version needed' to 'length of name'. */
function writeCommonFields(view: DataView, at: number, member: Member, checksum: number): void {
  const size = member.header.length + member.data.length;
  view.setUint16(at, 20, true); // Version needed: 2.0.
  view.setUint16(at + 8, zipDate, true);
  view.setUint32(at + 10, checksum, true);
  view.setUint32(at + 14, size, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, member.name.length, true);
}

function writeEnd(
  view: DataView,
  end: { count: number; directoryStart: number; directoryLength: number },
): void {
  const at = end.directoryStart + end.directoryLength;
  view.setUint32(at, 0x06054b50, true);
  view.setUint16(at + 8, end.count, true);
  view.setUint16(at + 10, end.count, true);
  view.setUint32(at + 12, end.directoryLength, true);
  view.setUint32(at + 16, end.directoryStart, true);
}

function toNpy(array: NdArray): { header: Uint8Array; data: Uint8Array } {
  const { descr, data } =
    array.dtype === 'unicode' ? toUtf32(array.data as readonly string[]) : toPlain(array);
  const shape = array.shape.length === 1 ? `(${array.shape[0]},)` : `(${array.shape.join(', ')})`;
  const fields = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const length = Math.ceil((10 + fields.length + 1) / alignment) * alignment;
  const header = new Uint8Array(length).fill(0x20);
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, (length - 10) & 0xff, (length - 10) >> 8]);
  header.set(new TextEncoder().encode(fields), 10);
  header[length - 1] = 0x0a;
  return { header, data };
}

const descrs: Readonly<Record<Exclude<Dtype, 'unicode'>, string>> = {
  float32: '<f4',
  float64: '<f8',
  int32: '<i4',
  uint8: '|u1',
  bool: '|b1',
};

function toPlain(array: NdArray): { descr: string; data: Uint8Array } {
  const { buffer, byteOffset, byteLength } = array.data as Exclude<NdArray['data'], readonly string[]>;
  return {
    descr: descrs[array.dtype as keyof typeof descrs],
    data: new Uint8Array(buffer, byteOffset, byteLength),
  };
}

function toUtf32(strings: readonly string[]): { descr: string; data: Uint8Array } {
  const codePoints = strings.map((string) => Array.from(string, (character) => character.codePointAt(0)!));
  const width = codePoints.reduce((longest, points) => Math.max(longest, points.length), 1);
  const data = new Uint32Array(strings.length * width);
  for (const [row, points] of codePoints.entries()) data.set(points, row * width);
  return { descr: `<U${width}`, data: new Uint8Array(data.buffer) };
}

/**
 * Reads an NPZ file that `writeNpz` or NumPy's `savez` wrote. Numeric arrays are views of `bytes` where its memory
 * is aligned for them, else copies.
 *
 * @throws {TypeError} if the bytes are not such a file
 */
export function readNpz(bytes: Uint8Array): Record<string, NdArray> {
  const arrays: Record<string, NdArray> = {};
  for (const { name, data, isDeflated } of zipMembers(bytes)) {
    if (isDeflated) throw new TypeError(`${name} is compressed`);
    arrays[name.replace(/\.npy$/, '')] = fromNpy(data, name);
  }
  return arrays;
}

function fromNpy(member: Uint8Array, name: string): NdArray {
  const { descr, isFortranOrder, shape, data } = parseNpy(member, name);
  if (isFortranOrder) throw new TypeError(`${name} is in Fortran order`);
  return toArray(descr, shape, elementCount(shape), data, name);
}

function toArray(
  descr: string,
  shape: readonly number[],
  count: number,
  data: Uint8Array,
  name: string,
): NdArray {
  if (descr.startsWith('<U')) {
    return { dtype: 'unicode', shape, data: fromUtf32(data, count, Number(descr.slice(2))) };
  }
  const dtype = Object.entries(descrs).find(([, known]) => known === descr)?.[0] as
    | keyof typeof descrs
    | undefined;
  if (!dtype) throw new TypeError(`${name} has elements of type ${descr}, which is not supported`);
  const Elements = constructors[dtype];
  const byteLength = count * Elements.BYTES_PER_ELEMENT;
  if (byteLength > data.length) throw new TypeError(`${name} is cut off`);
  const isAligned = data.byteOffset % Elements.BYTES_PER_ELEMENT === 0;
  const source = isAligned ? data : data.slice(); // The buffer may be shared memory, which the types leave out.
  return { dtype, shape, data: new Elements(source.buffer as ArrayBuffer, source.byteOffset, count) };
}

function fromUtf32(data: Uint8Array, count: number, width: number): string[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: count }, (_, row) => {
    let string = '';
    for (let column = 0; column < width; column += 1) {
      const codePoint = view.getUint32((row * width + column) * 4, true);
      if (codePoint !== 0) string += String.fromCodePoint(codePoint);
    }
    return string;
  });
}
