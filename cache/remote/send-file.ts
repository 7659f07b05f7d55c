/** Sends a large blob in parts, read and verified one after the other; another process can go on where this one ends. */
import { type Digest, StreamDigest } from '../../engine/core/digest.ts';
import type { OpenFile } from '../../engine/io/open-file.ts';
import { type Encoding, notesOf, pays, samplePlaces } from './blob-encoding.ts';
import type { BufferPool } from './buffer-pool.ts';
import { partBytesFor, partsOf } from './file-parts.ts';
import { blobObject } from './layout.ts';
import { type ObjectStore, RemoteError, type UploadedPart } from './object-store.ts';
import type { BegunUpload, Transfers } from './transfers.ts';
import { uploadParts } from './upload-parts.ts';

export interface Sending {
  readonly objects: ObjectStore;
  readonly buffers: BufferPool;
  readonly transfers: Transfers;
}

export interface OutgoingFile {
  readonly digest: Digest;
  readonly file: OpenFile;
  readonly sizeBytes: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * @returns damaged: the file is not the blob, and the object was not made
 * @throws {RemoteError} what has been sent so far stays for the next attempt
 */
export async function sendFile(outgoing: OutgoingFile, by: Sending): Promise<'sent' | 'damaged'> {
  const key = blobObject(outgoing.digest);
  const begun = by.transfers.upload(key);
  const arrived = begun && (await by.objects.listParts(key, begun.id));
  if (!begun || !arrived) return send(outgoing, { begun: await begin(outgoing, by), arrived: [] }, by);
  return send(outgoing, { begun, arrived }, by);
}

async function begin({ digest, file, sizeBytes }: OutgoingFile, by: Sending): Promise<BegunUpload> {
  const key = blobObject(digest);
  const encoding = await chooseEncoding(file, sizeBytes);
  const id = await by.objects.beginUpload(key, { notes: notesOf(encoding, sizeBytes) });
  const begun = { id, partBytes: partBytesFor(sizeBytes), encoding };
  by.transfers.noteUpload(key, begun);
  return begun;
}

async function chooseEncoding(file: OpenFile, sizeBytes: number): Promise<Encoding> {
  const samples: Buffer[] = [];
  for (const { from, to } of samplePlaces(sizeBytes)) {
    const sample = Buffer.alloc(to - from);
    await file.read(sample, from);
    samples.push(sample);
  }
  return pays(Buffer.concat(samples)) ? 'zstd' : 'identity';
}

interface UploadState {
  readonly begun: BegunUpload;
  readonly arrived: readonly UploadedPart[];
}

async function send(
  { digest, file, sizeBytes, signal }: OutgoingFile,
  { begun, arrived }: UploadState,
  { objects, buffers, transfers }: Sending,
): Promise<'sent' | 'damaged'> {
  const key = blobObject(digest);
  const { id, partBytes, encoding } = begun;
  const hasher = new StreamDigest();
  const parts = partsOf({ file, sizeBytes, partBytes, encoding, hasher, buffers });
  try {
    const uploaded = await uploadParts({ objects, key, id, arrived, signal }, parts);
    const isWhole = hasher.finish() === digest;
    if (isWhole) await objects.finishUpload(key, id, uploaded);
    else await objects.abortUpload(key, id);
    transfers.forgetUpload(key, begun);
    return isWhole ? 'sent' : 'damaged';
  } catch (error) {
    // Another process has ended it meanwhile, or has sent other bytes: nobody can go on with it.
    if (error instanceof RemoteError && error.fault === 'invalid') transfers.forgetUpload(key, begun);
    throw error;
  }
}
