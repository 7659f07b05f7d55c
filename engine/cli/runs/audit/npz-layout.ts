/**
 * How an NPZ file is written, byte by byte. `readNpz` reads whatever it can understand; an audit has to see what it
 * forgives: compression, dates, order, bytes that belong to nothing.
 *
 * Formats: PKWARE APPNOTE 6.3; "A simple file format for NumPy arrays" (NEP 1).
 */
import { crc32 } from 'node:zlib';

export interface NpzMember {
  /** With `.npy`. */
  readonly name: string;
  /** 0 is stored. */
  readonly method: number;
  readonly flags: number;
  /** Date and time of MS-DOS, date in the high 16 bits. */
  readonly dosTime: number;
  readonly isChecksumRight: boolean;
  /** Undefined where the member does not begin as an .npy file. */
  readonly header: NpyHeader | undefined;
}

export interface NpyHeader {
  /** '1.0'. */
  readonly version: string;
  /** The header's dictionary as it stands there. */
  readonly text: string;
  /** Bytes of the elements. */
  readonly dataBytes: number;
}

export interface NpzLayout {
  /** In the order of their data. */
  readonly members: readonly NpzMember[];
  /** Bytes that belong to no member and no record of the archive. */
  readonly strayBytes: number;
}

const localLength = 30;
const centralLength = 46;
const endLength = 22;

/** @throws {TypeError} if the bytes are no zip archive, or a broken one */
export function readLayout(bytes: Uint8Array): NpzLayout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - endLength;
  if (end < 0 || view.getUint32(end, true) !== 0x06054b50)
    throw new TypeError('it does not end as a zip archive does');
  const count = view.getUint16(end + 10, true);
  const directory = view.getUint32(end + 16, true);
  const spans: { member: NpzMember; start: number; length: number }[] = [];
  let at = directory;
  for (let index = 0; index < count; index += 1) {
    if (at + centralLength > end || view.getUint32(at, true) !== 0x02014b50)
      throw new TypeError('its directory is broken');
    spans.push(readMember(bytes, view, at));
    at +=
      centralLength +
      view.getUint16(at + 28, true) +
      view.getUint16(at + 30, true) +
      view.getUint16(at + 32, true);
  }
  spans.sort((a, b) => a.start - b.start);
  const used = spans.reduce((sum, { length }) => sum + length, 0) + (at - directory) + endLength;
  return { members: spans.map(({ member }) => member), strayBytes: bytes.length - used };
}

function readMember(
  bytes: Uint8Array,
  view: DataView,
  at: number,
): { member: NpzMember; start: number; length: number } {
  const name = textOf(bytes, at + centralLength, view.getUint16(at + 28, true));
  const start = view.getUint32(at + 42, true);
  const size = view.getUint32(at + 20, true); // As stored.
  if (start + localLength > bytes.length || view.getUint32(start, true) !== 0x04034b50)
    throw new TypeError(`"${name}" is not where the directory says`);
  const dataStart = start + localLength + view.getUint16(start + 26, true) + view.getUint16(start + 28, true);
  if (dataStart + size > bytes.length) throw new TypeError(`"${name}" is cut off`);
  const data = bytes.subarray(dataStart, dataStart + size);
  const method = view.getUint16(at + 10, true);
  const member = {
    name,
    method,
    flags: view.getUint16(at + 8, true),
    dosTime: view.getUint16(at + 14, true) * 0x10000 + view.getUint16(at + 12, true),
    // Of a compressed member only its own reader could tell.
    isChecksumRight: method !== 0 || crc32(data) === view.getUint32(at + 16, true),
    header: readHeader(data),
  };
  return { member, start, length: dataStart - start + size };
}

function readHeader(data: Uint8Array): NpyHeader | undefined {
  if (data.length < 10 || data[0] !== 0x93 || textOf(data, 1, 5) !== 'NUMPY') return undefined;
  const isFirst = data[6] === 1; // Later versions have four bytes for the header's length.
  const length = data[8]! + data[9]! * 0x100 + (isFirst ? 0 : data[10]! * 0x10000);
  const start = isFirst ? 10 : 12;
  return {
    version: `${data[6]}.${data[7]}`,
    text: textOf(data, start, length).trim(),
    dataBytes: Math.max(0, data.length - start - length),
  };
}

function textOf(bytes: Uint8Array, start: number, length: number): string {
  return Buffer.from(bytes.subarray(start, start + length)).toString('utf8');
}
