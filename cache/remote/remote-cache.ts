/**
 * A cache in a bucket, as the engine uses it: results and blobs that any machine has made. It never fails a build: a
 * request that fails is a miss, told once.
 */
import { type Digest, digestJson } from '../../engine/core/digest.ts';
import type { ActionResult, FileBlobStore, KnownResult, SharedCache } from '../../engine/core/store.ts';
import type { SqliteActionCache } from '../sqlite-action-cache.ts';
import type { RequestCounts } from './counting-objects.ts';
import { mostEntryBytes, type OpenedEntry, type SealedEntry, sealEntry } from './entry.ts';
import { entryObject, runObject, runsBeginning } from './layout.ts';
import { type ObjectStore, RemoteError } from './object-store.ts';
import type { OpenedObjects } from './open-objects.ts';
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
  readonly onProgress: (progress: UploadProgress) => void;
}

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

export class RemoteCache implements SharedCache {
  readonly #setting: RemoteCacheSetting;
  readonly #results: RemoteResults;
  readonly #uploader: Uploader;
  /** Results and blobs that are there, and are not what they should be. */
  readonly #bad = new Set<Digest>();
  readonly #bringing = new Map<Digest, Promise<boolean>>();
  readonly #told = new Set<string>();
  readonly #onLost: ((reason: string) => void)[] = [];
  #lost: string | undefined;
  readonly #counts = { found: 0, blobsBrought: 0, bytesBrought: 0, sent: 0, bytesSent: 0, refused: 0 };

  constructor(setting: RemoteCacheSetting) {
    this.#setting = setting;
    const { read, trust, queue, onProgress } = setting;
    this.#results = new RemoteResults({
      parts: read.map(({ objects }) => objects),
      trust,
      onRefused: (name, reason) =>
        this.#refuse(name, 'result', `A result in the remote cache is not used: ${reason}.`),
    });
    this.#uploader = new Uploader({
      queue,
      send: (upload) => this.#send(upload),
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
    this.#counts.found += 1;
    const { result, ingredients, writer, signature } = found;
    return { result, ingredients, seal: { ...(writer && { writer }), ...(signature && { signature }) } };
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
      `The artifact ${digest} in the remote cache is damaged (${reason}); it is made again.`,
    );
  }

  #refuse(name: Digest, kind: 'result' | 'blob', message: string): void {
    if (!this.#bad.has(name)) this.#counts.refused += 1;
    this.#bad.add(name);
    this.#tell(kind, message);
  }

  // ---- Writing ----------------------------------------------------------------------------------------------------

  offer(key: Digest): void {
    this.#setting.sent.forget(key);
    this.#add({ kind: 'entry', key });
  }

  #add(upload: Upload): void {
    if (this.#setting.write) this.#uploader.add(upload);
  }

  /** What was in the local cache before there was a remote one is sent, too. */
  offerRun(run: Digest, keys: readonly Digest[]): void {
    const { write, sent } = this.#setting;
    if (!write || keys.length === 0 || sent.hasRun(run, digestJson(keys))) return;
    if (this.#results.holdsAll(keys)) return sent.noteRun(run, digestJson(keys));
    for (const key of keys) if (!sent.has(key) && !this.#uploader.has(key)) this.#add({ kind: 'entry', key });
    this.#add({ kind: 'run', run, keys });
  }

  async #send(upload: Upload): Promise<void> {
    const { write } = this.#setting;
    if (!write) return;
    if (upload.kind === 'run') await this.#sendRun(upload, write);
    else await this.#sendEntry(upload.key, write);
  }

  /** Blobs first: who finds the result finds what it names. */
  async #sendEntry(key: Digest, part: RemotePart): Promise<void> {
    const { leases, sent } = this.#setting;
    const sealed = this.#sealed(key);
    if (!sealed || !(await this.#sendBlobs(sealed.result, part))) return; // It was removed meanwhile.
    if (leases && !(await leases.mayPublish(key))) return; // Another machine has taken over.
    const content = new TextEncoder().encode(JSON.stringify(sealed));
    if (content.length > mostEntryBytes) return; // Nobody would take it.
    await part.objects.put(entryObject(key), content);
    sent.note(key);
    this.#bad.delete(key);
    this.#counts.sent += 1;
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

  /** @returns false if one of them is here no more */
  async #sendBlobs({ outputs }: ActionResult, { blobs }: RemotePart): Promise<boolean> {
    const { files } = this.#setting.local;
    for (const { digest, sizeBytes, isEphemeral, inline } of Object.values(outputs)) {
      if (isEphemeral || inline !== undefined) continue;
      if (!(await files.has(digest))) return false;
      const isForced = this.#bad.has(digest);
      const outcome = await blobs.send(digest, { path: files.pathOf(digest), sizeBytes, isForced });
      if (outcome === 'damaged') return false; // Whoever reads it here finds out, and makes it again.
      if (outcome === 'sent') this.#counts.bytesSent += sizeBytes;
      this.#bad.delete(digest);
    }
    return true;
  }

  async #sendRun({ run, keys }: Upload & { kind: 'run' }, { objects }: RemotePart): Promise<void> {
    const { sent } = this.#setting;
    const entries = keys.flatMap((key) => (sent.has(key) ? (this.#sealed(key) ?? []) : []));
    await objects.put(runObject(run), encodeRunIndex(run, entries));
    if (entries.length === keys.length) sent.noteRun(run, digestJson(keys));
  }

  // ---- Leases -----------------------------------------------------------------------------------------------------

  async acquire(key: Digest): Promise<'held' | 'taken' | 'unasked'> {
    return (await this.#setting.leases?.acquire(key)) ?? 'unasked';
  }

  /** Only when the others can find what was made. */
  release(key: Digest): void {
    void this.#uploader.settled().then(() => this.#setting.leases?.release(key)); // Neither rejects.
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

  /** Asks the server for nothing in particular. @throws {RemoteError} if it does not answer */
  async check(): Promise<void> {
    const [first] = this.#setting.read;
    await first?.objects.head(`${runsBeginning}none`);
  }

  /** What has not been sent is left to the next build. */
  async close(): Promise<void> {
    this.#uploader.stop();
    await this.#setting.leases?.releaseAll();
    const { read, write, queue, sent, bucket } = this.#setting;
    for (const { blobs } of new Set([...read, ...(write ? [write] : [])])) blobs[Symbol.dispose]();
    queue.close();
    sent.close();
    bucket.close();
  }

  /** The circuit has opened: nothing more is asked for a while. */
  lose(reason: string): void {
    this.#lost ??= reason;
    this.#tell('lost', `The remote cache ${this.url} is not used: ${reason}. The build goes on without it.`);
    for (const listener of this.#onLost) listener(reason);
  }

  onLost(listener: (reason: string) => void): void {
    this.#onLost.push(listener);
  }

  /** Why the cache could not be used at some time; undefined if it always could. */
  get lost(): string | undefined {
    return this.#lost;
  }

  // ---- Trouble ----------------------------------------------------------------------------------------------------

  async #orMiss<T>(asking: Promise<T>): Promise<T | undefined> {
    return asking.catch((error) => this.#miss(error));
  }

  /** The first failure is told, as long as the circuit breaker does not tell of it. */
  #miss(error: unknown): undefined {
    if (!(error instanceof RemoteError))
      return this.#tell(
        'local',
        `Cannot use the remote cache: ${String(error)}. The build goes on without it.`,
      );
    if (error.fault === 'off') return undefined; // That is told where the circuit opens.
    const what = 'What it was about is made or sent later';
    return this.#tell('request', `A request to the remote cache failed: ${error.message}. ${what}.`);
  }

  /** Every kind of trouble is told once; the counts have the rest. */
  #tell(kind: string, message: string): undefined {
    if (this.#told.has(kind)) return;
    this.#told.add(kind);
    this.#setting.onWarning(message);
  }
}
