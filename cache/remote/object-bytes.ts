/**
 * The bytes of a large object in their order, each kept in its part file. They come in stretches, several at a time: the
 * first one is read as it comes, the others into the file, from where they are read when their turn comes. A stretch is
 * one request: a server takes longer for many short ranges than for a few long ones.
 */
import { inOrder } from './in-order.ts';
import type { FetchedObject, ObjectStore } from './object-store.ts';
import type { PartFile } from './part-file.ts';
import { readRange } from './read-range.ts';

export const stretchBytes = 64 * 2 ** 20;
const stretchesAtOnce = 4;

export interface BytesSource {
  readonly objects: ObjectStore;
  readonly key: string;
  readonly part: PartFile;
  /** The answer to the request for the first stretch; undefined where some of it is in the file already. */
  readonly opened: FetchedObject | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What is given is good until more is asked for. */
export async function* objectBytes(source: BytesSource): AsyncGenerator<Uint8Array> {
  const count = Math.ceil(source.part.begun.sizeBytes / stretchBytes);
  const stretches = inOrder(count, stretchesAtOnce, async (stretch, stopped) => {
    const { signal } = source;
    const stoppable = { ...source, signal: signal ? AbortSignal.any([signal, stopped]) : stopped };
    if (stretch > 0) await exhaust(bytesOf(stretch, stoppable));
    return bytesOf(stretch, stoppable);
  });
  for await (const bytes of stretches) yield* bytes;
}

async function exhaust(bytes: AsyncGenerator<unknown>): Promise<void> {
  while (!(await bytes.next()).done);
}

async function* bytesOf(stretch: number, source: BytesSource): AsyncGenerator<Uint8Array> {
  const { objects, key, part, signal } = source;
  const { etag, sizeBytes } = part.begun;
  const start = stretch * stretchBytes;
  const to = Math.min(start + stretchBytes, sizeBytes);
  const from = yield* part.read(start, to);
  if (from === to) return;
  const opened = stretch === 0 ? source.opened : undefined;
  let at = from;
  for await (const bytes of readRange(objects, { key, etag, from, to, opened, signal })) {
    await part.write(bytes, at);
    at += bytes.length;
    yield bytes;
  }
}
