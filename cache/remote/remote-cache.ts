/**
 * A cache in a bucket, as the engine uses it: results and blobs that any machine has made. It never fails a build: a
 * request that fails is a miss, told once.
 */

import { blobsOf } from '../../engine/core/blobs-of.ts';
import type { Digest } from '../../engine/core/digest.ts';
import { eachOf } from '../../engine/core/each-of.ts';
import type { ActionResult, FileBlobStore, KnownResult, SharedCache } from '../../engine/core/store.ts';
import type { FileMark } from '../../engine/io/file-mark.ts';
import type { SqliteActionCache } from '../sqlite-action-cache.ts';
import type { RequestCounts } from './counting-objects.ts';
import { mostEntryBytes, type OpenedEntry, type SealedEntry, sealEntry } from './entry.ts';
import { blobObject, entryObject, runObject, runsBeginning } from './layout.ts';
import { meaningOfFault } from './meaning-of-fault.ts';
import { type ObjectStore, RemoteError } from './object-store.ts';
import type { OpenedObjects } from './open-objects.ts';
import { readEntry } from './read-entry.ts';
import { readRunIndex } from './read-run-index.ts';
import { readWhole } from './read-whole.ts';
import type { RemoteBlobs } from './remote-blobs.ts';
import type { RemoteLeases } from './remote-leases.ts';
import { RemoteResults } from './remote-results.ts';
import { encodeRunIndex } from './run-index.ts';
import type { SentResults } from './sent-results.ts';
import type { Signer } from './signer.ts';
import type { Trust } from './trust.ts';
import type { Upload, UploadQueue } from './upload-queue.ts';
import { Uploader, type UploadProgress } from './uploader.ts';

/** A part of the key space. */
export interface RemotePart {
  readonly objects: ObjectStore;
  readonly blobs: RemoteBlobs;
}

/** The bucket behind the parts. */
export interface RemoteBucket {
  open(): Promise<OpenedObjects>;
  /** Undefined as long as nothing was asked of it. */
  counts(): RequestCounts | undefined;
  close(): void;
}

export interface RemoteCacheSetting {
  /** As people name it. */
  readonly url: string;
  /** Parts that are read, in this order. */
  readonly read: readonly RemotePart[];
  /** The one that is written to; undefined if none is. */
  readonly write: RemotePart | undefined;
  readonly local: { readonly actions: SqliteActionCache; readonly files: FileBlobStore };
  readonly trust: Trust;
  readonly signer: Signer | undefined;
  readonly queue: UploadQueue;
  readonly sent: SentResults;
  readonly leases: RemoteLeases | undefined;
  readonly bucket: RemoteBucket;
  readonly onWarning: (message: string) => void;
  /** Told of a result that is not sent now or later, and why: 'it …'. */
  readonly onSkipped: (key: Digest, reason: string) => void;
  /** Told of a result that others can find now. */
  readonly onSent: (key: Digest) => void;
  readonly onProgress: (progress: UploadProgress) => void;
}

/** Results that are looked for at a time. */
const askedAtOnce = 64;

/** Size of a typical entry. */
const entrySizeBytes = 1024;

/** What passed between this machine and the bucket. */
export interface RemoteCounts {
  /** Results that were found there. */
  readonly found: number;
  readonly blobsBrought: number;
  readonly bytesBrought: number;
  readonly sent: number;
  readonly bytesSent: number;
  /** Objects that were not believed. */
  readonly refused: number;
  /** Results that are still being sent. */
  readonly waiting: number;
  /** Results that could not be sent. */
  readonly unsent: number;
}

/** What of some results is in the bucket already. */
export interface Ensured {
  readonly present: number;
  /** Of those: the ones that nobody vouches for; counted where this machine signs what it makes. */
  readonly unsigned: number;
}

export class RemoteCache implements SharedCache {
  readonly #setting: RemoteCacheSetting;
  readonly #results: RemoteResults;
  readonly #uploader: Uploader;
  /** Results and blobs that are there, and are not what they should be. */
  readonly #bad = new Set<Digest>();
  /** Those that earlier builds have found so, which may have been mended since. */
  readonly #badBefore: Set<Digest>;
  readonly #bringing = new Map<Digest, Promise<boolean>>();
  /** What was made here, and under which lease; not what another machine has taken over. */
  readonly #leaseOf = new Map<Digest, Digest>();
  /** Leases that end with these uploads, unless they are wanted again before. */
  readonly #ending = new Map<Digest, Promise<void>>();
  readonly #told = new Set<string>();
  readonly #onLost: (() => void)[] = [];
  #lost: RemoteError | undefined;
  #firstMiss: RemoteError | undefined;
  readonly #counts = { found: 0, blobsBrought: 0, bytesBrought: 0, sent: 0, bytesSent: 0, refused: 0 };

  constructor(setting: RemoteCacheSetting) {
    this.#setting = setting;
    const { read, trust, queue, sent, onProgress } = setting;
    this.#badBefore = new Set(sent.bad());
    this.#results = new RemoteResults({
      parts: read.map(({ objects }) => objects),
      trust,
      onRefused: (name, reason) => this.refuse(name, reason),
      onFailure: (error) => this.#miss(error),
    });
    this.#uploader = new Uploader({
      queue,
      send: (upload, signal) => this.#send(upload, signal),
      onFailure: (error) => this.#miss(error),
      sizeOf: (upload) => this.#sizeOf(upload),
      onProgress,
    });
    if (setting.write) this.#uploader.resume();
  }

  // ---- Reading ----------------------------------------------------------------------------------------------------

  async find(key: Digest, run: Digest): Promise<KnownResult | undefined> {
    return this.#found(key, this.#results.find(key, run));
  }

  async findNew(key: Digest): Promise<KnownResult | undefined> {
    return this.#found(key, this.#results.findNew(key));
  }

  async #found(key: Digest, finding: Promise<OpenedEntry | undefined>): Promise<KnownResult | undefined> {
    const found = await this.#orMiss(finding);
    if (!found) return undefined;
    this.#setting.sent.note(key);
    this.#noteSound(key);
    this.#counts.found += 1;
    const { result, ingredients, writer, signature } = found;
    return { result, ingredients, seal: { ...(writer && { writer }), ...(signature && { signature }) } };
  }

  refuse(key: Digest, reason: string): void {
    this.#refuse(key, 'result', `A result in the remote cache is not used: ${reason}. ${this.#mending}.`);
  }

  /** Several that want the same blob wait for one transfer. */
  async bring(digest: Digest, sizeBytes: number): Promise<boolean> {
    const bringing = this.#bringing.get(digest) ?? this.#bring(digest, sizeBytes);
    this.#bringing.set(digest, bringing);
    try {
      return await bringing;
    } finally {
      this.#bringing.delete(digest);
    }
  }

  async #bring(digest: Digest, sizeBytes: number): Promise<boolean> {
    if (this.#bad.has(digest)) return false;
    for (const { blobs } of this.#setting.read) {
      const outcome = await this.#orMiss(blobs.fetch(digest, sizeBytes, { into: this.#setting.local.files }));
      if (outcome !== 'fetched') continue;
      this.#counts.blobsBrought += 1;
      this.#counts.bytesBrought += sizeBytes;
      return true;
    }
    return false;
  }

  /** A blob in the bucket is not what its name says. */
  noteBad(digest: Digest, reason: string): void {
    this.#refuse(
      digest,
      'blob',
      `The artifact ${digest} in the remote cache is damaged (${reason}), and is not used. ${this.#mending}.`,
    );
  }

  /** Who is to do what about things that are not what they should be. */
  get #mending(): string {
    return this.#setting.write
      ? 'What is made here in its place is sent'
      : 'A build that may send what it makes replaces it, as `flow cache push` does; `flow cache verify --remote --repair` removes it';
  }

  /** The server cannot decide who is first. @param reason a part of a sentence */
  noteWithoutLeases(reason: string): void {
    const what = 'Machines that build the same at the same time may do it twice';
    this.#tell('leases', `The remote cache ${this.url} has no leases: ${reason}. ${what}.`);
  }

  #refuse(name: Digest, kind: 'result' | 'blob', message: string): void {
    if (!this.#bad.has(name)) this.#counts.refused += 1;
    this.#bad.add(name);
    this.#setting.sent.noteBad(name);
    this.#tell(kind, message);
  }

  #noteSound(name: Digest): void {
    const wasBad = this.#bad.delete(name);
    if (this.#badBefore.delete(name) || wasBad) this.#setting.sent.forgetBad(name);
  }

  // ---- Writing ----------------------------------------------------------------------------------------------------

  offer(key: Digest, lease: Digest): void {
    this.#leaseOf.set(key, lease);
    this.#setting.sent.forget(key);
    this.#results.forget(key);
    this.#add({ kind: 'entry', key });
  }

  #add(upload: Upload): void {
    if (this.#setting.write) this.#uploader.add(upload);
  }

  /** What was in the local cache before there was a remote one is sent, too. */
  offerRun(run: Digest, keys: readonly Digest[]): void {
    const { write, sent } = this.#setting;
    const wrong = new Set(keys.filter((key) => this.#wasWrong(key)));
    if (!write || keys.length === 0 || (wrong.size === 0 && sent.hasRun(run, keys))) return;
    if (wrong.size === 0 && this.#results.holdsAll(keys)) return sent.noteRun(run, keys);
    for (const key of keys)
      if ((!sent.has(key) || wrong.has(key)) && !this.#uploader.has(key)) this.#add({ kind: 'entry', key });
    this.#add({ kind: 'run', run, keys });
  }

  /** True for a result that an earlier build has found in the bucket, or its bytes, and did not believe. */
  #wasWrong(key: Digest): boolean {
    if (this.#badBefore.size === 0) return false;
    const result = this.#setting.local.actions.get(key);
    const names = [key, ...(result ? blobsOf(result).map(({ digest }) => digest) : [])];
    return names.some((name) => this.#badBefore.has(name));
  }

  /**
   * Sends what of these results is not in the bucket, whatever this machine remembers of it; and signs what is there unsigned and
   * was made here.
   *
   * @param run that these results are, if they are one
   * @throws {RemoteError}
   */
  async ensure(keys: readonly Digest[], run?: Digest): Promise<Ensured> {
    const { write, sent, signer } = this.#setting;
    if (!write) return { present: 0, unsigned: 0 };
    let [present, unsigned] = [0, 0];
    await eachOf(keys, askedAtOnce, async (key) => {
      const there = await this.#entryAt(key, write);
      if (!there || this.#canSign(there)) return this.offer(key, key);
      sent.note(key);
      present += 1;
      if (signer && there.writer === undefined) unsigned += 1;
    });
    const isListed = present === keys.length && run && (await this.#isListed(run, keys, write));
    if (run && !isListed) this.#add({ kind: 'run', run, keys });
    return { present, unsigned };
  }

  /** Nobody vouches for it, and this machine can: it has made the same result itself. */
  #canSign({ key, writer }: OpenedEntry): boolean {
    const { signer, local } = this.#setting;
    const isOwn = local.actions.get(key) !== undefined && local.actions.sealOf(key) === undefined;
    return signer !== undefined && writer === undefined && isOwn;
  }

  async #isListed(run: Digest, keys: readonly Digest[], { objects }: RemotePart): Promise<boolean> {
    const index = await readRunIndex(objects, run);
    return index !== undefined && !('refusal' in index) && keys.every((key) => index.has(key));
  }

  /** Undefined where it is not there with all of its bytes, or is not believed. */
  async #entryAt(key: Digest, { objects }: RemotePart): Promise<OpenedEntry | undefined> {
    const opened = await readEntry(objects, key, this.#setting.trust);
    if (!opened || 'refusal' in opened) return undefined;
    const blobs = blobsOf(opened.entry.result);
    const found = await Promise.all(blobs.map(({ digest }) => objects.head(blobObject(digest))));
    return found.every((facts) => facts !== undefined) ? opened.entry : undefined;
  }

  async #send(upload: Upload, signal: AbortSignal): Promise<void> {
    const { write } = this.#setting;
    if (!write) return;
    if (upload.kind === 'run') await this.#sendRun(upload, write, signal);
    else await this.#sendEntry(upload.key, write, signal);
  }

  /** Blobs first: who finds the result finds what it names. */
  async #sendEntry(key: Digest, part: RemotePart, signal: AbortSignal): Promise<void> {
    const sealed = this.#sealed(key);
    const lack = sealed
      ? await this.#sendBlobs(sealed.result, part, signal)
      : 'it is not in the local cache any more';
    if (!sealed || lack !== undefined) return this.#setting.onSkipped(key, lack!);
    if (!(await this.#mayPublish(key, part))) return;
    const content = new TextEncoder().encode(JSON.stringify(sealed));
    if (content.length > mostEntryBytes)
      return this.#setting.onSkipped(key, 'it is larger than readers take');
    await part.objects.put(entryObject(key), content, { signal });
    this.#noteSent(key);
    this.#noteSound(key);
    this.#counts.sent += 1;
  }

  /** What was made here just now, under a lease that holds, is written over whatever is there; the rest fills gaps only. */
  async #mayPublish(key: Digest, { objects }: RemotePart): Promise<boolean> {
    const { leases } = this.#setting;
    const lease = this.#leaseOf.get(key);
    if (lease !== undefined) {
      if (!leases || (await leases.mayPublish(lease))) return true;
      this.#leaseOf.delete(key); // Another machine has taken over.
      return false;
    }
    if (this.#bad.has(key) || !(await this.#isHeld(key, objects))) return true;
    this.#noteSent(key);
    this.#noteSound(key);
    return false;
  }

  /** What was not believed once is looked into: somebody may have replaced it. */
  async #isHeld(key: Digest, objects: ObjectStore): Promise<boolean> {
    if (!this.#badBefore.has(key)) return (await objects.head(entryObject(key))) !== undefined;
    const opened = await readEntry(objects, key, this.#setting.trust);
    return opened !== undefined && 'entry' in opened;
  }

  #noteSent(key: Digest): void {
    this.#setting.sent.note(key);
    this.#setting.onSent(key);
  }

  /** A result of the local cache with the seal of whoever has made it; undefined if it is here no more. */
  #sealed(key: Digest): SealedEntry | undefined {
    const { local, signer } = this.#setting;
    const [result, ingredients] = [local.actions.get(key), local.actions.ingredientsOf(key)];
    if (!result || !ingredients) return undefined;
    const seal = local.actions.sealOf(key);
    return seal
      ? { v: 1, key, result, ingredients, ...seal }
      : sealEntry({ key, result, ingredients }, signer);
  }

  /** @returns why they cannot all be sent; undefined if they are there */
  async #sendBlobs(
    result: ActionResult,
    { blobs }: RemotePart,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { files } = this.#setting.local;
    for (const { digest, sizeBytes } of blobsOf(result)) {
      signal.throwIfAborted();
      const isForced = this.#bad.has(digest) || this.#badBefore.has(digest);
      if (!(await files.has(digest))) {
        if (!isForced && (await blobs.isThere(digest, sizeBytes))) continue; // Of a result that was taken from there.
        return 'its bytes are not in the local cache any more';
      }
      const outcome = await blobs.send(digest, { path: files.pathOf(digest), sizeBytes, isForced, signal });
      if (outcome === 'damaged')
        return 'its bytes are damaged in the local cache: `flow cache verify` takes them out, then a build makes them again';
      if (outcome === 'sent') this.#counts.bytesSent += sizeBytes;
      this.#noteSound(digest);
    }
    return undefined;
  }

  async #sendRun(
    { run, keys }: Upload & { kind: 'run' },
    { objects }: RemotePart,
    signal: AbortSignal,
  ): Promise<void> {
    const { sent } = this.#setting;
    const entries = keys.flatMap((key) => (sent.has(key) ? (this.#sealed(key) ?? []) : []));
    const isWhole = entries.length === keys.length;
    // A list of a part of the run must not stand in the place of a whole one that others have sent.
    if (!isWhole && (await objects.head(runObject(run)))) return;
    await objects.put(runObject(run), encodeRunIndex(run, entries), { signal });
    if (isWhole) sent.noteRun(run, keys);
  }

  // ---- Leases -----------------------------------------------------------------------------------------------------

  async acquire(lease: Digest): Promise<'held' | 'taken' | 'unasked'> {
    this.#ending.delete(lease);
    return (await this.#setting.leases?.acquire(lease)) ?? 'unasked';
  }

  /** Only when the others can find what was made. */
  release(lease: Digest): void {
    const uploads = this.#uploader.settled();
    this.#ending.set(lease, uploads);
    // Neither rejects.
    void uploads.then(() => {
      if (this.#ending.get(lease) === uploads) return this.#end(lease);
    });
  }

  /** What could not be sent under it fills gaps only from now on: somebody else may do it meanwhile. */
  async #end(lease: Digest): Promise<void> {
    this.#ending.delete(lease);
    for (const [key, under] of this.#leaseOf) if (under === lease) this.#leaseOf.delete(key);
    await this.#setting.leases?.release(lease);
  }

  /** Rough, for progress alone; bytes. */
  #sizeOf(upload: Upload): number {
    const result = upload.kind === 'entry' ? this.#setting.local.actions.get(upload.key) : undefined;
    const lasting = Object.values(result?.outputs ?? {}).filter(({ isEphemeral }) => !isEphemeral);
    return lasting.reduce((sum, { sizeBytes }) => sum + sizeBytes, entrySizeBytes);
  }

  // ---- The end ----------------------------------------------------------------------------------------------------

  /** Sends what is left, as far as that can be done. */
  async drain(): Promise<void> {
    await this.#uploader.drain();
    this.#setting.queue.clearMark();
  }

  /** Set while something waits to be sent, from this process or another one. */
  get queueMark(): FileMark {
    return this.#setting.queue.mark;
  }

  /** Requests that were made, every attempt by itself; undefined as long as there were none. */
  get traffic(): RequestCounts | undefined {
    return this.#setting.bucket.counts();
  }

  get url(): string {
    return this.#setting.url;
  }

  get counts(): RemoteCounts {
    return { ...this.#counts, waiting: this.#uploader.waiting, unsent: this.#uploader.unsent };
  }

  /**
   * Asks the server for nothing in particular. Whoever does so cannot do without it, and has to tell of it himself when it
   * is lost: see `lost`.
   *
   * @throws {RemoteError} if it does not answer
   */
  async check(): Promise<void> {
    const [first] = this.#setting.read;
    this.#told.add('lost');
    // No `head`: an answer without a body does not tell a missing bucket from a missing object, or a wrong clock from wrong keys.
    if (first) await readWhole(first.objects, `${runsBeginning}none`, { mostBytes: 0 });
  }

  /** What has not been sent is left to the next build. */
  async close(): Promise<void> {
    this.#ending.clear(); // What they wait for does not come: they end here, all of them.
    await this.#uploader.stop();
    await this.#setting.leases?.releaseAll();
    const { read, write, queue, sent, bucket } = this.#setting;
    for (const { blobs } of new Set([...read, ...(write ? [write] : [])])) blobs[Symbol.dispose]();
    queue.close();
    sent.close();
    bucket.close();
  }

  /** The circuit has opened: nothing more is asked for a while. */
  lose(error: RemoteError): void {
    this.#lost ??= error;
    const why = `${error.reason} (${meaningOfFault[error.fault].code})`;
    const what = 'The build goes on without it; `flow doctor` tells what there is to mend';
    this.#tell('lost', `The remote cache ${this.url} is not used: ${why}. ${what}.`);
    for (const listener of this.#onLost) listener();
  }

  /** The server takes nothing from these keys. */
  noteReadOnly({ reason }: RemoteError): void {
    const what =
      'Results are taken from it, and none is sent: give --remote-read-only, or keys that may write';
    this.#tell('read-only', `The remote cache ${this.url} cannot be written to: ${reason}. ${what}.`);
  }

  onLost(listener: () => void): void {
    this.#onLost.push(listener);
  }

  /** Why the cache could not be used at some time; undefined if it always could. */
  get lost(): RemoteError | undefined {
    return this.#lost;
  }

  // ---- Trouble ----------------------------------------------------------------------------------------------------

  async #orMiss<T>(asking: Promise<T>): Promise<T | undefined> {
    return asking.catch((error) => this.#miss(error));
  }

  /** A failed request is told at the end: with the next ones the circuit may open, which says it all. */
  #miss(error: unknown): undefined {
    if (!(error instanceof RemoteError))
      return this.#tell(
        'local',
        `Cannot use the remote cache: ${String(error)}. The build goes on without it.`,
      );
    if (error.fault !== 'off') this.#firstMiss ??= error;
    return undefined;
  }

  /** The end of a build: tells of what went wrong, if that was not told yet. */
  conclude(): void {
    if (!this.#firstMiss || this.#lost !== undefined) return;
    const what = 'What they were about is made again, or sent by the next build';
    this.#tell(
      'request',
      `Requests to the remote cache failed, first because ${this.#firstMiss.reason}. ${what}.`,
    );
  }

  /** Every kind of trouble is told once; the counts have the rest. */
  #tell(kind: string, message: string): undefined {
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#setting.onWarning(message);
  }
}
