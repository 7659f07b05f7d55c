/** Reads a range of an object into a buffer; where the connection breaks it goes on from there. */
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
  /** Where it begins. It ends where the buffer does. */
  readonly from: number;
  /** What has been asked for already: its body begins at `from`. */
  readonly opened?: FetchedObject | undefined;
  readonly signal: AbortSignal | undefined;
}

/** How often one range may break off; and only while each attempt brings something. */
const mostBreaks = 8;

/**
 * @throws {RemoteError} if it breaks off too often, or nothing comes
 * @throws {BadBlob} if the object gives another number of bytes than it said
 * @throws {ObjectChanged}
 */
export async function readRange(objects: ObjectStore, wanted: WantedRange, into: Uint8Array): Promise<void> {
  let { opened } = wanted;
  let breaks = 0;
  for (let done = 0; done < into.length; opened = undefined) {
    const rest = into.subarray(done);
    const object = opened ?? (await open(objects, wanted, done, into.length));
    const { read, error } = await fill(rest, object);
    done += read;
    if (done === into.length) return;
    wanted.signal?.throwIfAborted();
    breaks += 1;
    const isHopeless = read === 0 || breaks === mostBreaks || error?.isTransient === false;
    if (isHopeless) throw error ?? new BadBlob(`it ends after ${wanted.from + done} bytes`);
  }
}

async function open(
  objects: ObjectStore,
  { key, etag, from, signal }: WantedRange,
  done: number,
  length: number,
): Promise<FetchedObject> {
  const range = { from: from + done, to: from + length };
  const object = await objects.get(key, { range, ...(signal && { signal }) });
  if (!object) throw new ObjectChanged();
  if (object.etag === etag) return object;
  await discard(object);
  throw new ObjectChanged();
}

/** @returns how much came, and what broke it off */
async function fill(
  into: Uint8Array,
  { body }: FetchedObject,
): Promise<{ read: number; error?: RemoteError }> {
  let read = 0;
  try {
    for await (const chunk of body) {
      if (read + chunk.length > into.length) throw new BadBlob('it gives more bytes than were asked for');
      into.set(chunk, read);
      read += chunk.length;
    }
    return { read };
  } catch (error) {
    if (error instanceof RemoteError) return { read, error };
    throw error;
  }
}

/** Ends the transfer of a body that nobody wants. */
export async function discard({ body }: FetchedObject): Promise<void> {
  try {
    for await (const _ of body) break;
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error; // What breaks off need not be ended.
  }
}
