/** Puts a component's outputs where people look for them. */
import { join } from 'node:path';
import { FlowError } from '../core/errors.ts';
import type { ManifestOutput } from '../core/manifest.ts';
import type { ActionResult, BlobStore, FileBlobStore, OutputRecord, SharedCache } from '../core/store.ts';
import { type Disk, temporaryBeside, writeAtomically } from '../io/disk.ts';
import type { FileIndex } from '../io/file-index.ts';
import { hashFile } from '../io/hash-file.ts';

export interface Delivery {
  /** The folder that the manifest's paths are relative to. */
  readonly folder: string;
  readonly component: string;
  readonly result: ActionResult;
  /** The bytes of an output, if they are at hand or in the store; undefined if they must be made again. */
  readonly bytesOf: (output: string) => Promise<Uint8Array | undefined>;
}

export interface Place {
  readonly disk: Disk;
  readonly index: FileIndex;
  /** Where blobs are files that can be cloned; undefined where they are not. */
  readonly files: FileBlobStore | undefined;
  readonly blobs: BlobStore;
  /** Makes a blob that other machines have a file of this one. */
  readonly bring: SharedCache['bring'];
}

/**
 * Makes each lasting output a file, unless it is there already with the right content.
 *
 * @returns the outputs as the manifest names them; undefined if the bytes of one are nowhere to be had
 * @throws {FlowError} `disk_full`, `config_invalid` if the folder cannot be written
 */
export async function deliver(delivery: Delivery, place: Place): Promise<ManifestOutput[] | undefined> {
  const delivered: ManifestOutput[] = [];
  for (const [name, record] of Object.entries(delivery.result.outputs)) {
    if (record.isEphemeral) continue;
    const path = `${delivery.component}/${name}.${record.extension}`;
    const target = join(delivery.folder, path);
    if (!(await isInPlace(target, record, place))) {
      const isPlaced = await placeOutput(target, record, () => delivery.bytesOf(name), place).catch(
        refuse(target),
      );
      if (!isPlaced) return undefined;
    }
    delivered.push({
      name,
      path,
      digest: record.digest,
      bytes: record.sizeBytes,
      kind: record.format,
      ...(record.arrays && { arrays: toMutable(record.arrays) }),
    });
  }
  return delivered;
}

function toMutable(arrays: NonNullable<OutputRecord['arrays']>): NonNullable<ManifestOutput['arrays']> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { dtype, shape }]) => [name, { dtype, shape: [...shape] }]),
  );
}

async function isInPlace(target: string, record: OutputRecord, { disk, index }: Place): Promise<boolean> {
  if ((await disk.sizeOf(target)) !== record.sizeBytes) return false;
  return (await index.digestOf(target).catch(() => undefined)) === record.digest; // Unreadable is as good as wrong.
}

async function placeOutput(
  target: string,
  record: OutputRecord,
  bytes: () => Promise<Uint8Array | undefined>,
  place: Place,
): Promise<boolean> {
  if (record.inline === undefined && (await cloneBlob(target, record, place))) return true;
  const content = await bytes();
  if (!content) return false;
  await writeAtomically(place.disk, target, content);
  place.index.noteWritten(target, record.digest);
  return true;
}

/**
 * Clones the blob's file; the clone is verified before it gets its name.
 *
 * @returns false if that cannot be done: writing the bytes is the other way, and tells what is wrong with the target
 */
async function cloneBlob(
  target: string,
  { digest, sizeBytes }: OutputRecord,
  { disk, files, index, blobs, bring }: Place,
): Promise<boolean> {
  if (!files || !((await files.has(digest)) || (await bring(digest, sizeBytes)))) return false;
  const temporary = temporaryBeside(target);
  try {
    await disk.clone(files.pathOf(digest), temporary);
    if ((await hashFile(temporary, sizeBytes)) === digest) {
      await disk.rename(temporary, target);
      index.noteWritten(target, digest);
      return true;
    }
    await blobs.get(digest); // Reading it through the verifying store removes and reports it.
    return false;
  } catch {
    return false;
  } finally {
    await disk.remove(temporary).catch(() => undefined); // A later build sweeps it up.
  }
}

function refuse(target: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (
      error.code !== 'EACCES' &&
      error.code !== 'EPERM' &&
      error.code !== 'EROFS' &&
      error.code !== 'EIO' &&
      error.code !== 'ENOTDIR' &&
      error.code !== 'EEXIST' // A file stands where a folder belongs.
    )
      throw error;
    throw new FlowError({
      code: 'config_invalid',
      blame: 'user',
      message: `Cannot write the result ${target}: ${error.code}.`,
      fix: 'Make the results folder writable, or name another one with --results.',
      cause: error,
    });
  };
}
