/** SHA-256 of files: what publishers of models name their files by. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

const pieceBytes = 2 ** 20;

/**
 * @param onPiece told of each piece: how many bytes have been read so far
 * @returns 64 hex digits
 */
export async function sha256OfFile(
  path: string,
  onPiece: (doneBytes: number) => void = () => undefined,
): Promise<string> {
  const hash = createHash('sha256');
  let doneBytes = 0;
  for await (const piece of createReadStream(path, { highWaterMark: pieceBytes }) as AsyncIterable<Buffer>) {
    hash.update(piece);
    doneBytes += piece.length;
    onPiece(doneBytes);
  }
  return hash.digest('hex');
}
