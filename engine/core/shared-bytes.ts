/**
 * Memory that threads share.
 *
 * All but small pieces are growable, though few ever grow: V8 takes the pages of such a piece from the system, and gives
 * them back with it. Others come from malloc, whose heaps, one a thread, keep the holes between neighbours that live
 * longer: of what an hour of film left resident, a third was such holes.
 */

/** Smaller pieces would waste much of their last page. */
const ownPagesFromBytes = 64 * 1024;

/** What stands before the largest array of an artifact; address space alone, until it is written to. */
const roomBeforeBytes = 64 * 1024;
/** What stands behind it, the same. */
const roomBehindBytes = 16 * 2 ** 20;

/** Memory with room, that nobody has taken yet. */
const spacious = new WeakSet<ArrayBufferLike>();

/** So many bytes of zeros. */
export function sharedBytes(length: number): Uint8Array<SharedArrayBuffer> {
  const options = length < ownPagesFromBytes ? undefined : { maxByteLength: length };
  return new Uint8Array(new SharedArrayBuffer(length, options), 0, length);
}

/**
 * Bytes for one large array, with room around them, so that the artifact that they become can be written where they lie.
 *
 * @param mostBytes how far they may be made to grow by `grown`
 */
export function spaciousBytes(length: number, mostBytes = length): Uint8Array<SharedArrayBuffer> {
  const maxByteLength = roomBeforeBytes + mostBytes + roomBehindBytes;
  const buffer = new SharedArrayBuffer(roomBeforeBytes + length, { maxByteLength });
  spacious.add(buffer);
  return new Uint8Array(buffer, roomBeforeBytes, length);
}

/** The same memory, `length` bytes of it in use: no less than before, and no more than was said to be the most. */
export function grown(
  { buffer }: Uint8Array<SharedArrayBuffer>,
  length: number,
): Uint8Array<SharedArrayBuffer> {
  buffer.grow(roomBeforeBytes + length);
  return new Uint8Array(buffer, roomBeforeBytes, length);
}

/**
 * The room around an array, for a file of `length` bytes in which the array begins at `offset`.
 *
 * Memory gives its room once, and for an array that fills it: nothing else can lie where the file will be written.
 *
 * @returns undefined if there is no such room
 */
export function roomAround(
  data: Uint8Array,
  { offset, length }: { offset: number; length: number },
): Uint8Array<SharedArrayBuffer> | undefined {
  const buffer = data.buffer as ArrayBufferLike; // Of any kind, whatever the type of a view assumes.
  if (!(buffer instanceof SharedArrayBuffer) || !spacious.has(buffer)) return undefined;
  const isFilled = data.byteOffset === roomBeforeBytes && data.byteOffset + data.length === buffer.byteLength;
  const start = roomBeforeBytes - offset;
  if (!isFilled || start < 0 || start + length > buffer.maxByteLength) return undefined;
  spacious.delete(buffer);
  buffer.grow(start + length);
  return new Uint8Array(buffer, start, length);
}
