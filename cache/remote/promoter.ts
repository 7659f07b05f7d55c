/**
 * Vouches for what untrusted machines have made: takes results from one part of a bucket, checks them and their bytes,
 * signs them anew, and writes them to the part that trusted readers read. Nothing of it is executed, and nothing of it
 * enters the local cache.
 *
 *     scratch entry ── form, key, signature ──► its blobs, each held against its digest ──► blobs, entry, run in the trusted part
 */

import { blobsOf } from '../../engine/core/blobs-of.ts';
import type { Digest } from '../../engine/core/digest.ts';
import type { FileBlobStore, OutputRecord } from '../../engine/core/store.ts';
import { type OpenedEntry, type SealedEntry, sealEntry } from './entry.ts';
import { entryObject, runObject } from './layout.ts';
import { readEntry } from './read-entry.ts';
import { readRunIndex, soundEntries } from './read-run-index.ts';
import type { RemotePart } from './remote-cache.ts';
import { encodeRunIndex } from './run-index.ts';
import type { Signer } from './signer.ts';
import { anybody, type Trust } from './trust.ts';

export interface PromoterSetting {
  readonly scratch: RemotePart;
  readonly trusted: RemotePart;
  /** Whose entries of the trusted part are taken as they are. */
  readonly trust: Trust;
  readonly signer: Signer;
  /** Holds blobs on their way, each until it has been sent. */
  readonly staging: FileBlobStore;
  /** Checks everything and writes nothing. */
  readonly isDryRun: boolean;
}

/** `present`: trusted readers have it already. `absent`: it is in neither part. The reason is for people, as 'it …'. */
export type Candidate =
  | { readonly state: 'new' | 'present'; readonly entry: OpenedEntry }
  | { readonly state: 'absent' }
  | { readonly state: 'refused'; readonly reason: string };

export class Promoter implements Disposable {
  readonly #setting: PromoterSetting;
  /** Each blob goes once, however many results name it. Its size is a part of the name: one may lie about it. */
  readonly #carrying = new Map<string, Promise<string | undefined>>();

  constructor(setting: PromoterSetting) {
    this.#setting = setting;
  }

  /** @throws {RemoteError} */
  async candidate(key: Digest): Promise<Candidate> {
    const { scratch, trusted, trust } = this.#setting;
    const there = await readEntry(trusted.objects, key, trust);
    if (there && 'entry' in there) return { state: 'present', entry: there.entry };
    const found = await readEntry(scratch.objects, key, anybody);
    if (!found) return { state: 'absent' };
    return 'entry' in found
      ? { state: 'new', entry: found.entry }
      : { state: 'refused', reason: found.refusal };
  }

  /** The bytes of an output, from whichever part; for those from which keys are made. @throws {RemoteError} */
  async read(digest: Digest, sizeBytes: number): Promise<Uint8Array | undefined> {
    const { trusted, scratch, staging } = this.#setting;
    for (const { blobs } of [trusted, scratch]) {
      if ((await blobs.fetch(digest, sizeBytes, { into: staging })) !== 'fetched') continue;
      const bytes = await staging.get(digest);
      await staging.delete(digest);
      return bytes;
    }
    return undefined;
  }

  /**
   * Blobs first, as whoever sends a result does.
   *
   * @returns the entry as it is vouched for, or why it cannot be, as 'it …'
   * @throws {RemoteError}
   */
  async promote({
    key,
    result,
    ingredients,
  }: OpenedEntry): Promise<SealedEntry | { readonly reason: string }> {
    const { trusted, signer, isDryRun } = this.#setting;
    for (const blob of blobsOf(result)) {
      const reason = await this.#carryOnce(blob);
      if (reason !== undefined) return { reason };
    }
    const sealed = sealEntry({ key, result, ingredients }, signer);
    if (!isDryRun)
      await trusted.objects.put(entryObject(key), new TextEncoder().encode(JSON.stringify(sealed)));
    return sealed;
  }

  #carryOnce(blob: OutputRecord): Promise<string | undefined> {
    const claimed = `${blob.digest} ${blob.sizeBytes}`;
    const carrying = this.#carrying.get(claimed) ?? this.#carry(blob);
    this.#carrying.set(claimed, carrying);
    return carrying;
  }

  /** Also what lies in the trusted part is read: who vouches for a result has seen its bytes. */
  async #carry({ digest, sizeBytes }: OutputRecord): Promise<string | undefined> {
    const { scratch, trusted, staging, isDryRun } = this.#setting;
    const there = await trusted.blobs.fetch(digest, sizeBytes, { into: staging });
    if (there === 'fetched') return this.#forget(digest);
    const outcome = await scratch.blobs.fetch(digest, sizeBytes, { into: staging });
    if (outcome === 'absent') return `its bytes ${digest} are not there`;
    if (outcome === 'bad') return `its bytes ${digest} are not what they should be`;
    const file = { path: staging.pathOf(digest), sizeBytes, isForced: there === 'bad' };
    try {
      if (!isDryRun) await trusted.blobs.send(digest, file);
    } finally {
      await this.#forget(digest);
    }
    return undefined;
  }

  async #forget(digest: Digest): Promise<undefined> {
    await this.#setting.staging.delete(digest);
  }

  /**
   * Adds results to the list of a run, so that all of it costs one request. Those that others have signed keep their seals.
   *
   * @param entries of the trusted part, or promoted just now
   * @throws {RemoteError}
   */
  async promoteRun(run: Digest, entries: readonly OpenedEntry[]): Promise<void> {
    const { trusted, trust, isDryRun } = this.#setting;
    if (isDryRun || entries.length === 0) return;
    const index = await readRunIndex(trusted.objects, run);
    const listed = index && !('refusal' in index) ? soundEntries(index, trust) : [];
    const all = new Map([...listed, ...entries].map((entry) => [entry.key, { ...entry, v: 1 as const }]));
    await trusted.objects.put(runObject(run), encodeRunIndex(run, [...all.values()]));
  }

  [Symbol.dispose](): void {
    for (const { blobs } of [this.#setting.scratch, this.#setting.trusted]) blobs[Symbol.dispose]();
  }
}
