/** The members of a zip archive, by its directory. Format: PKWARE APPNOTE 6.3. */

export interface ZipMember {
  readonly name: string;
  /** The stored bytes: a view of the archive. */
  readonly data: Uint8Array;
  /** `data` has to be inflated (RFC 1951). */
  readonly isDeflated: boolean;
  /** Length of the content, as the directory claims. */
  readonly sizeBytes: number;
  /** CRC-32 of the content. */
  readonly checksum: number;
}

export const localHeaderLength = 30;
export const centralHeaderLength = 46;
export const endRecordLength = 22;
const beyond32Bits = 0xffffffff; // Stands for a number in a 64-bit record.

/** @throws {TypeError} if the bytes are no zip archive, or one that is cut off, encrypted, or packed in a rare way */
export function zipMembers(bytes: Uint8Array): ZipMember[] {
  // A Buffer's own `slice` makes no copy, on which the alignment of arrays depends.
  const file = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const end = file.length - endRecordLength;
  if (end < 0 || view.getUint32(end, true) !== 0x06054b50)
    throw new TypeError(isZip(file) ? 'it is cut off' : 'not a zip archive');
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const members: ZipMember[] = [];
  for (let index = 0; index < count; index += 1) {
    if (at + centralHeaderLength > end || view.getUint32(at, true) !== 0x02014b50)
      throw new TypeError('broken zip directory');
    const nameLength = view.getUint16(at + 28, true);
    members.push(readMember(file, view, at, nameLength));
    at += centralHeaderLength + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return members;
}

function readMember(file: Uint8Array, view: DataView, at: number, nameLength: number): ZipMember {
  const nameStart = at + centralHeaderLength;
  const name = new TextDecoder().decode(file.slice(nameStart, nameStart + nameLength));
  const method = view.getUint16(at + 10, true);
  if ((view.getUint16(at + 8, true) & 1) === 1) throw new TypeError(`${name} is encrypted`);
  if (method !== 0 && method !== 8)
    throw new TypeError(`${name} is compressed by a method (${method}) that is not supported`);
  const storedBytes = view.getUint32(at + 20, true);
  const sizeBytes = view.getUint32(at + 24, true);
  const local = view.getUint32(at + 42, true);
  if ([storedBytes, sizeBytes, local].includes(beyond32Bits))
    throw new TypeError(`${name} is larger than 4 GiB`);
  const start =
    local + localHeaderLength + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  if (start + storedBytes > file.length) throw new TypeError(`${name} is cut off`);
  const data = file.subarray(start, start + storedBytes);
  return { name, data, isDeflated: method === 8, sizeBytes, checksum: view.getUint32(at + 16, true) };
}

/** True for bytes that begin as a zip archive does. */
export function isZip(file: Uint8Array): boolean {
  return file[0] === 0x50 && file[1] === 0x4b;
}
