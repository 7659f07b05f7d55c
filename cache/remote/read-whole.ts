/** Reads small objects at one go, and no more of them than they may have. */
import type { ObjectFacts, ObjectStore } from './object-store.ts';

export interface WholeObject extends ObjectFacts {
  readonly bytes: Uint8Array;
}

export interface Refused {
  /** What is wrong with it, for people: goes behind "it". */
  readonly refusal: string;
}

export interface ReadLimit {
  /** What has more is refused, whatever size it claims; bytes. */
  readonly mostBytes: number;
  readonly signal?: AbortSignal;
}

/**
 * Undefined if there is no such object.
 *
 * @throws {RemoteError} as `ObjectStore`
 */
export async function readWhole(
  objects: ObjectStore,
  key: string,
  { mostBytes, signal }: ReadLimit,
): Promise<WholeObject | Refused | undefined> {
  const fetched = await objects.get(key, signal ? { signal } : {});
  if (!fetched) return undefined;
  const { body, ...facts } = fetched;
  const pieces: Uint8Array[] = [];
  let readBytes = 0;
  for await (const piece of body) {
    readBytes += piece.length;
    const sizeBytes = Math.max(readBytes, facts.sizeBytes);
    if (sizeBytes > mostBytes) return { refusal: `has ${sizeBytes} bytes, more than ${mostBytes}` };
    pieces.push(piece);
  }
  return { ...facts, bytes: Buffer.concat(pieces) };
}
