/** Where things lie below the prefix of a remote cache. `docs/cache.md` has the same for people. */
import { type Digest, hexOf, isDigest } from '../../engine/core/digest.ts';

/** Bumped when readers of one version could not understand what another writes. */
const version = 'v1';

/** What all objects of one kind begin with. */
export const blobsBeginning = `${version}/cas/`;
export const entriesBeginning = `${version}/ac/`;
export const runsBeginning = `${version}/runs/`;
export const leasesBeginning = `${version}/leases/`;

/** The part of the key space that untrusted writers may write to; trusted readers never look there. */
export const scratchPart = 'scratch/';

export function blobObject(digest: Digest): string {
  return `${blobsBeginning}${fanned(digest)}`;
}

/** The signed result of an action. */
export function entryObject(key: Digest): string {
  return `${entriesBeginning}${fanned(key)}`;
}

/** All results of a run in one object. */
export function runObject(name: Digest): string {
  return `${runsBeginning}${hexOf(name)}`;
}

export function leaseObject(key: Digest): string {
  return `${leasesBeginning}${fanned(key)}`;
}

/** The digest that names an object; undefined for one that is not named by any. */
export function digestOfObject(name: string): Digest | undefined {
  const digest = `b3:${name.slice(name.lastIndexOf('/') + 1)}`;
  return isDigest(digest) ? digest : undefined;
}

function fanned(digest: Digest): string {
  const hex = hexOf(digest);
  return `${hex.slice(0, 2)}/${hex}`;
}
