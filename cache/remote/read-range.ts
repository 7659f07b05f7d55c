/** Reads a range of an object as its bytes come; where the connection breaks it goes on from there. */
import { BadBlob } from './bad-blob.ts';
import { type FetchedObject, type ObjectStore, RemoteError } from './object-store.ts';

/** While an object was read it has become another one, or none. */
export class ObjectChanged extends Error {
  constructor() {
    super('it changes while it is read');
    this.name = 'ObjectChanged';
  }
}

export interface WantedRange {
  readonly key: string;
  readonly etag: string;
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** What has been asked for already: its body is the range. */
  readonly opened?: FetchedObject | undefined;
  readonly signal: AbortSignal | undefined;
}

/** How often a range may break off without having brought this much. */
const mostBreaks = 8;
const progressBytes = 8 * 2 ** 20;
/** One that has brought nothing counts as so many: it is tried once more, and no oftener. */
const emptyBreaks = mostBreaks / 2;

/**
 * Every byte of the range, and none besides.
 *
 * @throws {RemoteError} if it breaks off too often
 * @throws {BadBlob} if the object gives fewer or more bytes than the range has
 * @throws {ObjectChanged}
 */
export async function* readRange(objects: ObjectStore, wanted: WantedRange): AsyncGenerator<Uint8Array> {
  const { to, signal } = wanted;
  let { from: at, opened } = wanted;
  for (let breaks = 0; at < to || opened; opened = undefined) {
    const before = at;
    let broken: RemoteError | undefined;
    try {
      const { body } = opened ?? (await open(objects, wanted, at));
      for await (const chunk of body) {
        if (chunk.length > to - at) throw new BadBlob('it gives more bytes than were asked for');
        at += chunk.length;
        yield chunk;
      }
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      broken = error;
    }
    if (at === to) return;
    signal?.throwIfAborted();
    if (at - before >= progressBytes) breaks = 0;
    breaks += at === before ? emptyBreaks : 1;
    if (breaks >= mostBreaks || broken?.isTransient === false)
      throw broken ?? new BadBlob(`it ends after ${at} bytes`);
  }
}

async function open(
  objects: ObjectStore,
  { key, etag, to, signal }: WantedRange,
  from: number,
): Promise<FetchedObject> {
  const object = await objects.get(key, { range: { from, to }, ...(signal && { signal }) });
  if (!object) throw new ObjectChanged();
  if (object.etag === etag) return object;
  await discard(object);
  throw new ObjectChanged();
}

/** Ends the transfer of a body that nobody wants. */
export async function discard({ body }: FetchedObject): Promise<void> {
  const iterator = body[Symbol.asyncIterator]();
  await iterator.next().catch(endIfBroken); // A generator that was never begun would not know that it has ended.
  await iterator.return?.().catch(endIfBroken);
}

/** What breaks off need not be ended. */
function endIfBroken(error: unknown): IteratorReturnResult<undefined> {
  if (error instanceof RemoteError) return { done: true, value: undefined };
  throw error;
}
