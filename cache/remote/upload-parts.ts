/** Sends the parts of an upload, a few at a time; those that have arrived before are not sent again. */
import { createHash } from 'node:crypto';
import type { Lent } from './buffer-pool.ts';
import type { ObjectStore, UploadedPart } from './object-store.ts';

export interface PartsUpload {
  readonly objects: ObjectStore;
  readonly key: string;
  readonly id: string;
  readonly arrived: readonly UploadedPart[];
  readonly signal: AbortSignal | undefined;
}

const partsAtOnce = 4;

/** @throws {RemoteError} when what is on its way has been stopped */
export async function uploadParts(
  upload: PartsUpload,
  parts: AsyncIterable<Lent>,
): Promise<readonly UploadedPart[]> {
  const { signal, arrived } = upload;
  const stop = new AbortController();
  const stopped = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const before = new Map(arrived.map((part) => [part.number, part]));
  const uploaded: UploadedPart[] = [];
  const sending = new Set<Promise<void>>();
  let number = 0;
  try {
    for await (const lent of parts) {
      number += 1;
      const sent = sendPart({ ...upload, signal: stopped }, number, lent, before.get(number)).then((part) => {
        uploaded[part.number - 1] = part;
        sending.delete(sent);
      });
      sending.add(sent);
      if (sending.size >= partsAtOnce) await Promise.race(sending);
      signal?.throwIfAborted();
    }
    await Promise.all(sending);
    return uploaded;
  } finally {
    stop.abort();
    await Promise.allSettled(sending);
  }
}

async function sendPart(
  { objects, key, id, signal }: PartsUpload,
  number: number,
  lent: Lent,
  before: UploadedPart | undefined,
): Promise<UploadedPart> {
  using part = lent;
  if (before && isOf(before, part.bytes)) return before;
  return await objects.putPart(key, id, number, part.bytes, signal);
}

/**
 * The etag of a part is its MD5 where the server does not encrypt with keys of its own; where it is something else the
 * part is sent again. No record of what was sent could say as much of what is there.
 */
function isOf({ etag, sizeBytes }: UploadedPart, content: Uint8Array): boolean {
  return sizeBytes === content.length && etag === createHash('md5').update(content).digest('hex');
}
