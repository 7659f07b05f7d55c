/** Everything that lies in a part of a bucket, by kind. */
import { blobsBeginning, entriesBeginning, leasesBeginning, runsBeginning } from './layout.ts';
import type { ListedObject, ObjectStore } from './object-store.ts';

/** What names others before what it names: in this order they may be deleted at any moment. */
export const objectKinds = ['runs', 'results', 'blobs', 'leases'] as const;
export type ObjectKind = (typeof objectKinds)[number];

export type BucketContents = Readonly<Record<ObjectKind, readonly ListedObject[]>>;

const beginnings: Readonly<Record<ObjectKind, string>> = {
  runs: runsBeginning,
  results: entriesBeginning,
  blobs: blobsBeginning,
  leases: leasesBeginning,
};

/**
 * What names others is listed after what it names: what a machine adds meanwhile is listed with what it names, or not
 * at all.
 *
 * @throws {RemoteError}
 */
export async function listContents(objects: ObjectStore): Promise<BucketContents> {
  const list = (kind: ObjectKind): Promise<ListedObject[]> => Array.fromAsync(objects.list(beginnings[kind]));
  const leases = await list('leases');
  const blobs = await list('blobs');
  const results = await list('results');
  return { runs: await list('runs'), results, blobs, leases };
}

export interface ObjectSum {
  readonly count: number;
  /** As they lie in the bucket: some are compressed. */
  readonly bytes: number;
}

export function sumOfObjects(objects: readonly Pick<ListedObject, 'sizeBytes'>[]): ObjectSum {
  return { count: objects.length, bytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}
