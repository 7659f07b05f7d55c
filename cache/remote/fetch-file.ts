/** Brings a large blob here: into a file beside its place, verified as it comes, then renamed. */
import { type Digest, StreamDigest } from '../../engine/core/digest.ts';
import type { FileBlobStore } from '../../engine/core/store.ts';
import type { Disk } from '../../engine/io/disk.ts';
import type { OpenFiles } from '../../engine/io/open-file.ts';
import { BadBlob } from './bad-blob.ts';
import { decodedPieces, type Encoding, encodingOf } from './blob-encoding.ts';
import { blobObject } from './layout.ts';
import { objectBytes, stretchBytes } from './object-bytes.ts';
import { type FetchedObject, type ObjectStore, RemoteError } from './object-store.ts';
import { PartFile } from './part-file.ts';
import type { Quarantine } from './quarantine.ts';
import { discard, ObjectChanged } from './read-range.ts';
import type { BegunDownload, Transfers } from './transfers.ts';

export interface Fetching {
  readonly objects: ObjectStore;
  readonly disk: Disk;
  readonly files: OpenFiles;
  readonly transfers: Transfers;
  readonly quarantine: Quarantine;
}

export interface WantedFile {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly into: FileBlobStore;
  readonly signal: AbortSignal | undefined;
}

/** How often an object may become another one while it is read. */
const mostAttempts = 3;

/**
 * @throws {BadBlob} if it is not what its name says
 * @throws {RemoteError} what has come so far stays for the next attempt
 */
export async function fetchFile(wanted: WantedFile, by: Fetching): Promise<'fetched' | 'absent'> {
  const left = by.transfers.takeDownload(blobObject(wanted.digest));
  if (left && (await goOn(left, wanted, by))) return 'fetched';
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetchAnew(wanted, by);
    } catch (error) {
      if (!(error instanceof ObjectChanged)) throw error;
      if (attempt === mostAttempts) throw new BadBlob(error.message);
    }
  }
}

async function fetchAnew(wanted: WantedFile, by: Fetching): Promise<'fetched' | 'absent'> {
  const { digest, sizeBytes, into, signal } = wanted;
  const key = blobObject(digest);
  const opened = await by.objects.get(key, {
    range: { from: 0, to: stretchBytes },
    ...(signal && { signal }),
  });
  if (!opened) return 'absent';
  const encoding = await encodingOfOpened(opened, sizeBytes);
  const begun = { path: into.partFor(digest), etag: opened.etag, sizeBytes: opened.sizeBytes, encoding };
  by.transfers.noteDownload(key, begun);
  await complete(begun, opened, wanted, by);
  return 'fetched';
}

/** @throws {BadBlob} when it has told the server to stop */
export async function encodingOfOpened(opened: FetchedObject, sizeBytes: number): Promise<Encoding> {
  try {
    return encodingOf(opened, sizeBytes);
  } catch (error) {
    await discard(opened);
    throw error;
  }
}

/** @returns false if what an earlier process left is of no use: the object may be good all the same */
async function goOn(left: BegunDownload, wanted: WantedFile, by: Fetching): Promise<boolean> {
  try {
    await complete(left, undefined, wanted, { ...by, quarantine: undefined });
    return true;
  } catch (error) {
    if (error instanceof BadBlob || error instanceof ObjectChanged) return false;
    throw error;
  }
}

type Completing = Omit<Fetching, 'quarantine'> & { readonly quarantine: Quarantine | undefined };

async function complete(
  begun: BegunDownload,
  opened: FetchedObject | undefined,
  wanted: WantedFile,
  by: Completing,
): Promise<void> {
  try {
    await using part = await PartFile.open(begun, by.files, by.transfers);
    const { digest, signal } = wanted;
    const bytes = objectBytes({ objects: by.objects, key: blobObject(digest), part, opened, signal });
    if (begun.encoding === 'zstd') await adoptDecoded(bytes, wanted, by);
    else {
      await verify(bytes, wanted);
      await part.seal();
      await wanted.into.adopt(wanted.digest, begun.path);
    }
  } catch (error) {
    if (opened) await discard(opened);
    if (error instanceof RemoteError || wanted.signal?.aborted) {
      by.transfers.leaveDownload(begun.path);
      throw error;
    }
    if (error instanceof BadBlob) await by.quarantine?.take(wanted.digest, begun.path);
    await forget(begun, by);
    throw error;
  }
  await forget(begun, by);
}

/** What is not in its place by now is not wanted any more. */
async function forget({ path }: BegunDownload, { transfers, disk }: Completing): Promise<void> {
  transfers.forgetDownload(path);
  await disk.remove(path);
}

/** @throws {BadBlob} */
async function verify(content: AsyncIterable<Uint8Array>, { digest }: WantedFile): Promise<void> {
  const hasher = new StreamDigest();
  for await (const bytes of content) hasher.update(bytes);
  if (hasher.finish() !== digest) throw new BadBlob('its bytes have another digest');
}

/** @throws {BadBlob} */
async function adoptDecoded(
  content: AsyncIterable<Uint8Array>,
  wanted: WantedFile,
  { files, disk }: Completing,
): Promise<void> {
  const { digest, sizeBytes, into } = wanted;
  const temporary = into.temporaryFor(digest);
  try {
    await using file = await files.toUpdate(temporary);
    let at = 0;
    const written = async function* (): AsyncGenerator<Uint8Array> {
      for await (const bytes of decodedPieces(content, sizeBytes)) {
        await file.write(bytes, at);
        at += bytes.length;
        yield bytes;
      }
    };
    await verify(written(), wanted);
    await file.seal();
    await into.adopt(digest, temporary);
  } catch (error) {
    await disk.remove(temporary).catch(() => undefined); // The first error is the one to tell.
    throw error;
  }
}
