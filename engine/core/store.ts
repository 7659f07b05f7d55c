/** What the engine asks of a cache. The classes in `cache/` implement these and compose by wrapping. */
import type { Digest } from './digest.ts';

/** Artifacts by their digest. */
export interface BlobStore {
  /** True if `get` may be expected to succeed; costs no transfer of the content. */
  has(digest: Digest): Promise<boolean>;
  /** The content in shared memory, or undefined where the store does not have it. */
  get(digest: Digest): Promise<Uint8Array | undefined>;
  /** Keeps the content; a reader sees all of it or nothing, whenever the writer dies. Puts of the same digest may race. */
  put(digest: Digest, content: Uint8Array): Promise<void>;
  delete(digest: Digest): Promise<void>;
}

/** A store whose blobs are files on this machine, which others may link to. */
export interface FileBlobStore extends BlobStore {
  /** Where a blob lies, or would lie. */
  pathOf(digest: Digest): string;
}

/** What actions gave, by action key. Local and fast, hence synchronous; a remote one fills it beforehand. */
export interface ActionCache {
  /** A result that does not pass its checksum is a miss. */
  get(key: Digest): ActionResult | undefined;
  put(key: Digest, result: ActionResult, ingredients: Readonly<Record<string, unknown>>): void;
  delete(key: Digest): void;
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

/** Largest output that is kept inside its action result; bytes. */
export const inlineLimitBytes = 16 * 1024;
