/** What the engine asks of a cache. The classes in `cache/` implement these and compose by wrapping. */
import type { Digest } from './digest.ts';

/** Artifacts by their digest. */
export interface BlobStore {
  /** True if `get` may be expected to succeed; costs no transfer of the content. */
  has(digest: Digest): Promise<boolean>;
  /**
   * The content in shared memory, or undefined where the store does not have it.
   *
   * @param sizeBytes as its record has it; a store that brings content from elsewhere takes no more, and without it brings none
   */
  get(digest: Digest, sizeBytes?: number): Promise<Uint8Array | undefined>;
  /** Keeps the content; a reader sees all of it or nothing, whenever the writer dies. Puts of the same digest may race. */
  put(digest: Digest, content: Uint8Array): Promise<void>;
  delete(digest: Digest): Promise<void>;
}

/** A store whose blobs are files on this machine, which others may link to. */
export interface FileBlobStore extends BlobStore {
  /** Where a blob lies, or would lie. */
  pathOf(digest: Digest): string;
  /** A path beside it that nobody else uses; what is left there by a process that died is swept up. */
  temporaryFor(digest: Digest): string;
  /** As `temporaryFor`, but of a file that a later process may go on with: nobody sweeps it up. */
  partFor(digest: Digest): string;
  /**
   * Makes a file the blob, without a copy: at once or not at all. Whoever calls this has verified the content. It
   * need not survive a loss of power: every read of a blob is verified.
   *
   * @param path of the file, from `temporaryFor` or `partFor`; nothing is left there
   */
  adopt(digest: Digest, path: string): Promise<void>;
}

/** What actions gave, by action key. Local and fast, hence synchronous; a remote one fills it beforehand. */
export interface ActionCache {
  /** A result that does not pass its checksum is a miss. */
  get(key: Digest): ActionResult | undefined;
  /** @param seal of whoever has made it, where that was another machine: it is passed on with that seal or not at all */
  put(key: Digest, result: ActionResult, ingredients: Readonly<Record<string, unknown>>, seal?: Seal): void;
  delete(key: Digest): void;
}

/** Who vouches for a result; neither is there where nobody has signed it. */
export interface Seal {
  readonly writer?: string;
  readonly signature?: string;
}

/** A result that was made elsewhere. */
export interface KnownResult {
  readonly result: ActionResult;
  /** Everything that its key is the digest of. */
  readonly ingredients: Readonly<Record<string, unknown>>;
  readonly seal: Seal;
}

/**
 * A cache that other machines share. Nothing of it fails a build: what it cannot do is a miss, and it tells of that by
 * itself, once.
 */
export interface SharedCache {
  /**
   * What an action has given on any machine, if whoever says so is trusted.
   *
   * @param run names what the run is about: all results of a run that somebody has built come in one piece
   */
  find(key: Digest, run: Digest): Promise<KnownResult | undefined>;
  /** As `find`, but of an action that another machine may have finished just now. */
  findNew(key: Digest): Promise<KnownResult | undefined>;
  /** What was found cannot be what the action gives. @param reason 'it …' */
  refuse(key: Digest, reason: string): void;
  /** Brings a blob into the local store. @returns false if it is not to be had, or not what it should be */
  bring(digest: Digest, sizeBytes: number): Promise<boolean>;
  /**
   * The local cache has a new result: it is sent in the background, its blobs first.
   *
   * @param lease under which it was made: if another machine has taken that over meanwhile, its result stays
   */
  offer(key: Digest, lease: Digest): void;
  /** All results of a run are known: those that others do not have yet are sent, and then the run in one piece. */
  offerRun(run: Digest, keys: readonly Digest[]): void;
  /** May this machine do now what a lease is about? `unasked`: there is nobody to ask. */
  acquire(lease: Digest): Promise<'held' | 'taken' | 'unasked'>;
  /** It is done here, or given up; others are let on once they can find what was made. */
  release(lease: Digest): void;
}

/** Lets one of several processes do an action while the others wait for its result. */
export interface Leases {
  /** True if this process holds the lease from now on; a lease of a dead process is taken over. */
  acquire(key: Digest): boolean;
  /** Number of the process that holds the lease; undefined if nobody does, or that is not known. */
  holder(key: Digest): number | undefined;
  release(key: Digest): void;
}

export interface ActionResult {
  readonly status: 'success' | 'empty';
  readonly emptyReason?: string;
  readonly warnings: readonly string[];
  readonly outputs: Readonly<Record<string, OutputRecord>>;
  /** Wall time of the execution that gave it; milliseconds. */
  readonly durationMs: number;
}

export interface OutputRecord {
  /** Names the bytes. */
  readonly digest: Digest;
  /** Names what they say to a consumer: equal for files that differ in their `meta` alone. */
  readonly content: Digest;
  readonly sizeBytes: number;
  readonly format: string;
  readonly extension: string;
  readonly isEphemeral: boolean;
  readonly arrays?: Readonly<Record<string, { readonly dtype: string; readonly shape: readonly number[] }>>;
  /** The bytes themselves in base64, where they are few. */
  readonly inline?: string;
}

/** What became of a result or of bytes that were in a cache once. */
export interface EvictionRecord {
  /** `age`, `free_space`, `ceiling`, `removed`; another word says it by itself. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** Largest output that is kept inside its action result; bytes. */
export const inlineLimitBytes = 16 * 1024;
