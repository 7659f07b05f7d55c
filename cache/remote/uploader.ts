/**
 * Sends in the background what this machine has made: a few results at a time, a run in one piece only when its results
 * are there. What cannot be sent stays in the queue for a later build.
 */
import type { Digest } from '../../engine/core/digest.ts';
import type { Upload, UploadQueue } from './upload-queue.ts';

export interface UploaderSetting {
  readonly queue: UploadQueue;
  /** @throws where it could not be sent now */
  readonly send: (upload: Upload) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
  readonly sizeOf: (upload: Upload) => number;
  readonly onProgress: (progress: UploadProgress) => void;
}

export interface UploadProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

const mostAtOnce = 8;

export class Uploader {
  readonly #setting: UploaderSetting;
  readonly #entries: Upload[] = [];
  readonly #runs: Upload[] = [];
  readonly #failed: Upload[] = [];
  /** Those that wait or are being sent, each with its end. */
  readonly #pending = new Map<Upload, PromiseWithResolvers<void>>();
  #active = 0;
  #doneBytes = 0;
  #totalBytes = 0;
  #isStopped = false;

  constructor(setting: UploaderSetting) {
    this.#setting = setting;
  }

  add(upload: Upload): void {
    this.#setting.queue.add(upload);
    this.#accept(upload);
  }

  /** Goes on with what earlier builds have left. */
  resume(): void {
    for (const upload of this.#setting.queue.takeOver()) this.#accept(upload);
  }

  #accept(upload: Upload): void {
    this.#totalBytes += this.#setting.sizeOf(upload);
    this.#pending.set(upload, Promise.withResolvers());
    (upload.kind === 'run' ? this.#runs : this.#entries).push(upload);
    this.#pump();
  }

  #pump(): void {
    while (!this.#isStopped && this.#active < mostAtOnce) {
      const upload = this.#entries.shift() ?? (this.#active === 0 ? this.#runs.shift() : undefined);
      if (!upload) return;
      void this.#send(upload); // It never rejects.
    }
  }

  async #send(upload: Upload): Promise<void> {
    const { send, sizeOf, queue, onProgress, onFailure } = this.#setting;
    this.#active += 1;
    try {
      await send(upload);
      queue.done(upload);
    } catch (error) {
      this.#failed.push(upload);
      onFailure(error);
    }
    this.#active -= 1;
    this.#doneBytes += sizeOf(upload);
    this.#pending.get(upload)?.resolve();
    this.#pending.delete(upload);
    onProgress({ doneBytes: this.#doneBytes, totalBytes: this.#totalBytes });
    this.#pump();
  }

  /** Results that wait, or are being sent. */
  get waiting(): number {
    return [...this.#pending.keys()].filter(({ kind }) => kind === 'entry').length;
  }

  has(key: Digest): boolean {
    const uploads = [...this.#pending.keys(), ...this.#failed];
    return uploads.some((upload) => upload.kind === 'entry' && upload.key === key);
  }

  /** Results that could not be sent so far. */
  get unsent(): number {
    return this.#failed.filter(({ kind }) => kind === 'entry').length;
  }

  /** Settles when everything that has been added so far was sent, or could not be. */
  async settled(): Promise<void> {
    await Promise.all([...this.#pending.values()].map(({ promise }) => promise));
  }

  /** Waits for the rest, and tries once more what failed perhaps for a moment only. */
  async drain(): Promise<void> {
    await this.settled();
    for (const upload of this.#failed.splice(0)) this.#accept(upload);
    await this.settled();
  }

  /** Begins nothing more. */
  stop(): void {
    this.#isStopped = true;
    for (const { resolve } of this.#pending.values()) resolve();
  }
}
