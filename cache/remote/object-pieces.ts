/**
 * The pieces of an object in their order, each kept in its part file. A large object comes in stretches, several at a
 * time: the first one piece by piece as it is read, the others into the file, from where they are read when their turn
 * comes. A stretch is one request: a server takes longer for many short ranges than for a few long ones.
 */
import { type BufferPool, type Lent, pieceBytes } from './buffer-pool.ts';
import { inOrder } from './in-order.ts';
import { ObjectReader } from './object-reader.ts';
import type { FetchedObject, ObjectStore } from './object-store.ts';
import type { PartFile } from './part-file.ts';

const stretchPieces = 8;
export const stretchBytes = stretchPieces * pieceBytes;
const stretchesAtOnce = 4;

/** The answer to the request for the first stretch, and the buffer to read it with. */
export interface Beginning {
  readonly opened: FetchedObject;
  readonly lent: Lent;
}

export interface PiecesSource {
  readonly objects: ObjectStore;
  readonly key: string;
  readonly part: PartFile;
  readonly buffers: BufferPool;
  readonly beginning: Beginning | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A piece is good until the next one is asked for. */
export async function* objectPieces(source: PiecesSource): AsyncGenerator<Uint8Array> {
  const count = Math.ceil(source.part.pieceCount / stretchPieces);
  const stretches = inOrder(count, stretchesAtOnce, async (stretch, stopped) => {
    const { signal } = source;
    const stoppable = { ...source, signal: signal ? AbortSignal.any([signal, stopped]) : stopped };
    if (stretch > 0) await exhaust(piecesOf(stretch, stoppable));
    return piecesOf(stretch, stoppable);
  });
  for await (const pieces of stretches) yield* pieces;
}

async function exhaust(pieces: AsyncGenerator<unknown>): Promise<void> {
  while (!(await pieces.next()).done);
}

/** It has one buffer for all its pieces: to wait for one while others wait for its request would be for ever. */
async function* piecesOf(stretch: number, source: PiecesSource): AsyncGenerator<Uint8Array> {
  const { part, buffers } = source;
  const beginning = stretch === 0 ? source.beginning : undefined;
  using lent = beginning?.lent ?? (await buffers.take(pieceBytes));
  const end = Math.min((stretch + 1) * stretchPieces, part.pieceCount);
  let piece = stretch * stretchPieces;
  const contentOf = (): Buffer => lent.bytes.subarray(0, part.placeOf(piece).sizeBytes);
  for (; piece < end && (await part.read(piece, contentOf())); piece += 1) yield contentOf();
  if (piece === end) return;
  const from = part.placeOf(piece).from;
  const to = Math.min((stretch + 1) * stretchBytes, part.begun.sizeBytes);
  const { objects, key, signal } = source;
  const range = { key, etag: part.begun.etag, from, to, opened: beginning?.opened, signal };
  await using reader = new ObjectReader(objects, range);
  for (; piece < end; piece += 1) {
    await reader.read(contentOf());
    await part.keep(piece, contentOf());
    yield contentOf();
  }
}
