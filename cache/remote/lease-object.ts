/** The object that says who does an action: read, and written only in place of a known one. */
import { z } from 'zod';
import { type ObjectStore, type PutOptions, RemoteError } from './object-store.ts';
import { readWhole } from './read-whole.ts';

/** Longer leases are not believed: nobody waits that long for a holder who may be gone. */
const mostLeaseMs = 5 * 60_000;

const leaseSchema = z.object({
  v: z.literal(1),
  /** A random name of the process. */
  holder: z.string().min(1).max(64),
  /** Grows whenever the lease changes hands. */
  fence: z.int().min(1).max(1e12),
  /** Grows with everything that the holder writes, about any action: no two of its contents are equal, nor are their etags. */
  seq: z.int().min(1).max(1e12),
  /** It is dead if it was not rewritten for so long. */
  leaseMs: z.int().min(1).max(mostLeaseMs),
  isReleased: z.boolean(),
});

export type LeaseState = Readonly<z.infer<typeof leaseSchema>>;

export interface LeaseObject {
  readonly etag: string;
  /** Undefined if it is not what a lease looks like. */
  readonly state: LeaseState | undefined;
}

/** @throws {RemoteError} also if it is too large for a lease */
export async function readLease(objects: ObjectStore, key: string): Promise<LeaseObject | undefined> {
  const read = await readWhole(objects, key, { mostBytes });
  if (read && 'refusal' in read) throw new RemoteError('invalid', `A lease ${read.refusal}.`);
  return read && { etag: read.etag, state: decode(read.bytes) };
}

/**
 * Writes a lease if the condition holds.
 *
 * @returns what is there afterwards: the written state, or that of somebody else who was first
 * @throws {RemoteError} if it is not known to be written, and nobody else was first
 */
export async function writeLease(
  objects: ObjectStore,
  key: string,
  state: LeaseState,
  onlyIf: NonNullable<PutOptions['onlyIf']>,
): Promise<LeaseObject | undefined> {
  const failure = await objects
    .put(key, new TextEncoder().encode(JSON.stringify(state)), { onlyIf })
    .then((outcome) => (outcome.isWritten ? outcome : undefined), asRemoteError);
  if (failure && !(failure instanceof RemoteError)) return { etag: failure.etag, state };
  if (failure?.fault === 'unsupported') throw failure;
  // Refused or failed, it may have been written all the same, by an attempt whose answer was lost; and some servers
  // answer 500 to those that lose a race.
  const there = await readLease(objects, key);
  const isUntouched = there?.etag === (onlyIf === 'absent' ? undefined : onlyIf.etag);
  if (failure && isUntouched) throw failure;
  return there;
}

const mostBytes = 1024;

function decode(bytes: Uint8Array): LeaseState | undefined {
  try {
    return leaseSchema.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8'))).data;
  } catch {
    return undefined; // Whoever wrote it: it names no holder.
  }
}

function asRemoteError(error: unknown): RemoteError {
  if (error instanceof RemoteError) return error;
  throw error;
}
