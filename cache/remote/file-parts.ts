/** The content of a file in parts for an upload, as it is or as zstd; what is read is hashed on its way. */
import type { StreamDigest } from '../../engine/core/digest.ts';
import type { OpenFile } from '../../engine/io/open-file.ts';
import { type Encoding, zstdPieces } from './blob-encoding.ts';
import { type BufferPool, type Lent, pieceBytes } from './buffer-pool.ts';

/** A server takes at most 10,000; zstd of incompressible content may need a few more than the content itself. */
const mostParts = 9900;

export interface FileParts {
  readonly file: OpenFile;
  readonly sizeBytes: number;
  readonly partBytes: number;
  readonly encoding: Encoding;
  /** Told of all that is read. A file that was cut gives another digest than its own, and parts with anything in them. */
  readonly hasher: StreamDigest;
  readonly buffers: BufferPool;
}

export function partBytesFor(sizeBytes: number): number {
  const mebibyte = 2 ** 20;
  return Math.max(pieceBytes, Math.ceil(sizeBytes / mostParts / mebibyte) * mebibyte);
}

/** Whoever takes a part gives its buffer back. */
export function partsOf(parts: FileParts): AsyncGenerator<Lent> {
  return parts.encoding === 'zstd' ? zstdParts(parts) : plainParts(parts);
}

async function* plainParts({ file, sizeBytes, partBytes, hasher, buffers }: FileParts): AsyncGenerator<Lent> {
  for (let at = 0; at < sizeBytes; at += partBytes) {
    const lent = await buffers.take(Math.min(partBytes, sizeBytes - at));
    try {
      hasher.update(lent.bytes.subarray(0, await file.read(lent.bytes, at)));
    } catch (error) {
      lent[Symbol.dispose]();
      throw error;
    }
    yield lent;
  }
}

async function* zstdParts(parts: FileParts): AsyncGenerator<Lent> {
  const { partBytes, sizeBytes, buffers } = parts;
  let lent: Lent | undefined;
  let filled = 0;
  try {
    for await (const chunk of zstdPieces(filePieces(parts), sizeBytes)) {
      for (let done = 0; done < chunk.length; ) {
        lent ??= await buffers.take(partBytes);
        const some = chunk.subarray(done, done + partBytes - filled);
        lent.bytes.set(some, filled);
        done += some.length;
        filled += some.length;
        if (filled < partBytes) continue;
        const full = lent;
        [lent, filled] = [undefined, 0];
        yield full;
      }
    }
    const last = lent?.cut(filled);
    lent = undefined;
    if (last) yield last;
  } finally {
    lent?.[Symbol.dispose]();
  }
}

/** A buffer of its own: one that holds a part must not wait for another to fill it from. */
const readBytes = 2 ** 20;

async function* filePieces({ file, sizeBytes, hasher }: FileParts): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(readBytes);
  for (let at = 0; at < sizeBytes; at += readBytes) {
    const piece = buffer.subarray(0, Math.min(readBytes, sizeBytes - at));
    hasher.update(piece.subarray(0, await file.read(piece, at)));
    yield piece;
  }
}
