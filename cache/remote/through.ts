/** Content through a stream of node:zlib, at the pace of whoever reads. */
import type { ZstdCompress, ZstdDecompress } from 'node:zlib';

/** @throws what `input` throws, or the stream */
export async function* through(
  input: AsyncIterable<Uint8Array>,
  stream: ZstdCompress | ZstdDecompress,
): AsyncGenerator<Buffer> {
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  const feeding = feed(input, stream, closed);
  try {
    yield* stream as AsyncIterable<Buffer>; // Its type says any.
  } finally {
    stream.destroy();
    await feeding;
  }
}

/** Never rejects: its error comes out of the stream. A piece is let go of when the stream has no more need of it. */
async function feed(
  input: AsyncIterable<Uint8Array>,
  stream: ZstdCompress | ZstdDecompress,
  closed: Promise<void>,
): Promise<void> {
  try {
    for await (const piece of input) {
      const written = new Promise<void>((resolve) => stream.write(piece, () => resolve()));
      await Promise.race([written, closed]); // A stream that is closed says nothing of what it was given.
      if (stream.destroyed) return;
    }
    stream.end();
  } catch (error) {
    stream.destroy(error as Error); // Only errors are thrown here.
  }
}
