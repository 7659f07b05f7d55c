/** The parts of a local cache that lie in one folder, opened together. */
import { join } from 'node:path';
import type { Digest } from '../engine/core/digest.ts';
import type { Disk } from '../engine/io/disk.ts';
import { LocalBlobStore } from './local-blob-store.ts';
import { SqliteActionCache } from './sqlite-action-cache.ts';
import { SqliteCacheRecords } from './sqlite-cache-records.ts';
import { SqliteLeases } from './sqlite-leases.ts';

export interface LocalStores {
  readonly folder: string;
  readonly disk: Disk;
  readonly blobs: LocalBlobStore;
  readonly blobFolder: string;
  /** Where damaged blobs are kept for a while. */
  readonly quarantineFolder: string;
  readonly actions: SqliteActionCache;
  readonly records: SqliteCacheRecords;
  readonly leases: SqliteLeases;
}

export interface LocalStoresSetting {
  readonly disk: Disk;
  readonly onTrouble: (message: string) => void;
  /** Told of the size of all that is put. */
  readonly onPut?: (sizeBytes: number) => void;
}

export function openLocalStores(
  folder: string,
  { disk, onTrouble, onPut = () => undefined }: LocalStoresSetting,
): LocalStores & Disposable {
  // Nobody needs to hear of trouble with the records: without them a collection goes by when things were made.
  const records = new SqliteCacheRecords(join(folder, 'records.db'), () => undefined);
  const onUse = (key: Digest): void => records.noteUse(key);
  const actions = new SqliteActionCache(join(folder, 'actions.db'), onTrouble, { onUse, onPut });
  const leases = new SqliteLeases(join(folder, 'leases.db'), onTrouble);
  const blobs = new LocalBlobStore(disk, folder, (digest, sizeBytes) => {
    records.noteWritten(digest);
    onPut(sizeBytes);
  });
  return {
    ...{ folder, disk, blobs, actions, records, leases },
    blobFolder: join(folder, 'cas'),
    quarantineFolder: join(folder, 'quarantine'),
    [Symbol.dispose]: () => {
      actions.close();
      leases.close();
      records.close();
    },
  };
}
