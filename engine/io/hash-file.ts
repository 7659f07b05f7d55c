/** BLAKE3 of files, at the speed of the hash: one piece is read while the one before is hashed. */
import { readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Digest, digestOf, StreamDigest } from '../core/digest.ts';

const pieceBytes = 2 * 2 ** 20;

/** Below this a single read in this thread is faster. */
const wholeBelowBytes = 2 * 2 ** 20;

/**
 * @param sizeBytes its size as last seen; a hint
 * @param onPiece told of each piece of a large file: how many bytes have been read so far
 */
export async function hashFile(
  path: string,
  sizeBytes: number,
  onPiece: (doneBytes: number) => void = () => undefined,
): Promise<Digest> {
  if (sizeBytes < wholeBelowBytes) return digestOf(readFileSync(path));
  const handle = await open(path, 'r');
  try {
    return await hashPieces(handle, onPiece);
  } finally {
    await handle.close();
  }
}

async function hashPieces(handle: FileHandle, onPiece: (doneBytes: number) => void): Promise<Digest> {
  const hasher = new StreamDigest();
  let [current, next] = [new Uint8Array(pieceBytes), new Uint8Array(pieceBytes)];
  let { bytesRead } = await handle.read(current, 0, pieceBytes, 0);
  for (let at = bytesRead; bytesRead > 0; at += bytesRead) {
    const reading = handle.read(next, 0, pieceBytes, at);
    hasher.update(current.subarray(0, bytesRead));
    [current, next] = [next, current];
    ({ bytesRead } = await reading);
    onPiece(at);
  }
  return hasher.finish();
}
