/** A place in a bucket, the working copy of it, and what is known of the two. */
import { dirname, join } from 'node:path';
import type { Storage } from '../../core/storage.ts';
import { FolderStorage } from '../../io/folder-storage.ts';
import { warnAside } from '../warn-aside.ts';
import { KnownDigests } from './known-digests.ts';
import { KnownStorage } from './known-storage.ts';
import { openStorage } from './open-storage.ts';
import { RunMarks } from './run-marks.ts';
import type { StoragePlace } from './storage-place.ts';

export interface RemotePlace {
  readonly bucket: Storage & Partial<Disposable>;
  readonly copy: Storage;
  readonly marks: RunMarks;
}

/** @returns undefined for a folder @throws {FlowError} as `openStorage` */
export async function openPlace({ folder, url }: StoragePlace): Promise<RemotePlace | undefined> {
  if (url === undefined) return undefined;
  const beside = dirname(folder);
  return {
    bucket: new KnownStorage(await openStorage(url), new KnownDigests(join(beside, 'known.db'), warnAside)),
    copy: new FolderStorage(folder),
    marks: new RunMarks(join(beside, 'marks')),
  };
}
