/**
 * Blobs in a bucket and as files of a local store, brought from the one to the other with memory that does not grow with
 * their size. Small ones go in one piece; large ones in pieces, a few at a time, which a later process can go on with.
 *
 *     file ── read, hash ──► zstd? ──► parts ──► object        object ──► pieces ──► .part ──► zstd? ── hash ──► rename ──► file
 */
import { join } from 'node:path';
import { type Digest, digestOf } from '../../engine/core/digest.ts';
import type { FileBlobStore } from '../../engine/core/store.ts';
import type { Disk } from '../../engine/io/disk.ts';
import { type OpenFile, type OpenFiles, realFiles } from '../../engine/io/open-file.ts';
import { BadBlob } from './bad-blob.ts';
import { decoded, encoded, encodingOf, notesOf } from './blob-encoding.ts';
import { BufferPool, pieceBytes } from './buffer-pool.ts';
import { encodingOfOpened, fetchFile, type WantedFile } from './fetch-file.ts';
import { blobObject } from './layout.ts';
import { type ObjectStore, RemoteError } from './object-store.ts';
import { Quarantine } from './quarantine.ts';
import { readRange } from './read-range.ts';
import { sendFile } from './send-file.ts';
import { Transfers } from './transfers.ts';

export interface RemoteBlobsSetting {
  readonly objects: ObjectStore;
  /** Names the bucket and the prefix: what was begun with one is not gone on with in another. */
  readonly remote: string;
  readonly disk: Disk;
  /** Holds what outlives a process: `transfers.db` and `quarantine/`. */
  readonly cacheFolder: string;
  /** Told why an object is not what its name says; the reason goes into a sentence. */
  readonly onBad: (digest: Digest, reason: string) => void;
  /** Told once of each thing that is wrong with `transfers.db`. */
  readonly onTrouble: (message: string) => void;
  readonly files?: OpenFiles;
}

export interface SendOptions {
  readonly path: string;
  readonly sizeBytes: number;
  /** Writes over what is there: to repair it. */
  readonly isForced?: boolean;
  readonly signal?: AbortSignal;
}

export interface FetchOptions {
  readonly into: FileBlobStore;
  readonly signal?: AbortSignal;
}

/** `present`: it was there already. `damaged`: the file is not the blob, or not there, and nothing was sent. */
export type SendOutcome = 'sent' | 'present' | 'damaged';

/** Up to here it costs less to send a blob than to ask for it first. */
const putUnaskedBytes = 2 ** 20;
/** What was begun this long ago is not gone on with. */
const oldMs = 7 * 24 * 3600 * 1000;

export class RemoteBlobs implements Disposable {
  readonly #setting: RemoteBlobsSetting;
  readonly #files: OpenFiles;
  readonly #quarantine: Quarantine;
  readonly #buffers = new BufferPool();
  #transfers: Transfers | undefined;

  constructor(setting: RemoteBlobsSetting) {
    this.#setting = setting;
    this.#files = setting.files ?? realFiles;
    this.#quarantine = new Quarantine(setting.disk, setting.cacheFolder);
  }

  /** @throws {RemoteError} or the reason of the signal; what has been sent of a large blob stays for the next attempt */
  async send(digest: Digest, options: SendOptions): Promise<SendOutcome> {
    const { path, sizeBytes } = options;
    if (sizeBytes > putUnaskedBytes && !options.isForced && (await this.isThere(digest, sizeBytes)))
      return 'present';
    await using file = await this.#files.toRead(path);
    if (file?.sizeBytes !== sizeBytes) return 'damaged';
    return sizeBytes <= pieceBytes
      ? await this.#sendWhole(digest, file, options)
      : await this.#sendInParts(digest, file, options);
  }

  /** Whether a blob is in the bucket, unread. An object that cannot be the blob is none. @throws {RemoteError} */
  async isThere(digest: Digest, sizeBytes: number): Promise<boolean> {
    const facts = await this.#setting.objects.head(blobObject(digest));
    try {
      return facts !== undefined && encodingOf(facts, sizeBytes) !== undefined;
    } catch (error) {
      if (error instanceof BadBlob) return false;
      throw error;
    }
  }

  async #sendWhole(digest: Digest, file: OpenFile, { sizeBytes, signal }: SendOptions): Promise<SendOutcome> {
    using lent = await this.#buffers.take(sizeBytes);
    const content = lent.bytes;
    if ((await file.read(content, 0)) !== sizeBytes || digestOf(content) !== digest) return 'damaged';
    const { encoding, bytes } = await encoded(content);
    const notes = notesOf(encoding, sizeBytes);
    await this.#setting.objects.put(blobObject(digest), bytes, { notes, ...(signal && { signal }) });
    return 'sent';
  }

  async #sendInParts(
    digest: Digest,
    file: OpenFile,
    { sizeBytes, signal, isForced }: SendOptions,
  ): Promise<SendOutcome> {
    const outgoing = { digest, file, sizeBytes, signal };
    const by = { objects: this.#setting.objects, buffers: this.#buffers, transfers: await this.#begun() };
    try {
      return await sendFile(outgoing, by);
    } catch (error) {
      // Another process, or an answer that was lost, may have ended the upload: then it is there, or begins anew.
      if (!(error instanceof RemoteError && error.fault === 'invalid')) throw error;
      return !isForced && (await this.isThere(digest, sizeBytes)) ? 'present' : sendFile(outgoing, by);
    }
  }

  /**
   * Brings a blob into a local store, verified. What is not what its name says is told to `onBad` and kept in quarantine.
   *
   * @throws {RemoteError} or the reason of the signal; what has come of a large blob stays for the next attempt
   * @throws the error of the file system as it is; nothing stays
   */
  async fetch(
    digest: Digest,
    sizeBytes: number,
    { into, signal }: FetchOptions,
  ): Promise<'fetched' | 'absent' | 'bad'> {
    try {
      const wanted = { digest, sizeBytes, into, signal };
      if (sizeBytes <= pieceBytes) return await this.#fetchWhole(wanted);
      return await fetchFile(wanted, {
        ...this.#setting,
        files: this.#files,
        transfers: await this.#begun(),
        quarantine: this.#quarantine,
      });
    } catch (error) {
      if (!(error instanceof BadBlob)) throw error;
      this.#setting.onBad(digest, error.message);
      return 'bad';
    }
  }

  /** The buffer comes before the request: one that waits for the other, and the other way round, would wait for ever. */
  async #fetchWhole({ digest, sizeBytes, into, signal }: WantedFile): Promise<'fetched' | 'absent'> {
    const { objects, disk } = this.#setting;
    const key = blobObject(digest);
    using lent = await this.#buffers.take(sizeBytes);
    const opened = await objects.get(key, signal && { signal });
    if (!opened) return 'absent';
    const encoding = await encodingOfOpened(opened, sizeBytes);
    const { bytes } = lent.cut(opened.sizeBytes);
    const range = { key, etag: opened.etag, from: 0, to: opened.sizeBytes, opened, signal };
    let at = 0;
    for await (const chunk of readRange(objects, range)) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    const content = await this.#orQuarantine(digest, bytes, async () => {
      const whole = await decoded({ encoding, bytes }, sizeBytes);
      if (digestOf(whole) !== digest) throw new BadBlob('its bytes have another digest');
      return whole;
    });
    const temporary = into.temporaryFor(digest);
    try {
      await disk.create(temporary, content, { isDurable: false, mode: 0o444 });
    } catch (error) {
      await disk.remove(temporary).catch(() => undefined); // The first error is the one to tell.
      throw error;
    }
    await into.adopt(digest, temporary);
    return 'fetched';
  }

  async #orQuarantine<T>(digest: Digest, bytes: Uint8Array, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof BadBlob) await this.#quarantine.keep(digest, bytes);
      throw error;
    }
  }

  /** Only who moves large blobs needs it. */
  async #begun(): Promise<Transfers> {
    if (this.#transfers) return this.#transfers;
    const { cacheFolder, remote, onTrouble, disk } = this.#setting;
    const transfers = new Transfers(join(cacheFolder, 'transfers.db'), remote, onTrouble);
    this.#transfers = transfers;
    for (const path of transfers.takeOldDownloads(Date.now() - oldMs)) {
      await disk.remove(path).catch(() => undefined); // What cannot be removed takes room, and nothing worse.
      transfers.forgetDownload(path);
    }
    return transfers;
  }

  [Symbol.dispose](): void {
    this.#transfers?.close();
    this.#transfers = undefined;
  }
}
