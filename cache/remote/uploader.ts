/**
 * Sends in the background what this machine has made: a few results at a time, a run in one piece only when its results
 * are there. What cannot be sent stays in the queue for a later build.
 */
import type { Digest } from '../../engine/core/digest.ts';
import { nameOf, type Upload, type UploadQueue } from './upload-queue.ts';

export interface UploaderSetting {
  readonly queue: UploadQueue;
  /** @throws where it could not be sent now, and the reason of the signal */
  readonly send: (upload: Upload, signal: AbortSignal) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
  readonly sizeOf: (upload: Upload) => number;
  readonly onProgress: (progress: UploadProgress) => void;
}

export interface UploadProgress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

const mostAtOnce = 8;

/** An upload that waits or is being sent. */
interface Job {
  readonly upload: Upload;
  readonly sizeBytes: number;
  /** Settles when it was sent, or could not be. */
  readonly end: PromiseWithResolvers<void>;
}

export class Uploader {
  readonly #setting: UploaderSetting;
  /** By what they are of, the first first. */
  readonly #entries = new Map<Digest, Job>();
  readonly #runs = new Map<Digest, Job>();
  readonly #sending = new Set<Job>();
  readonly #failedEntries = new Map<Digest, Upload>();
  readonly #failedRuns = new Map<Digest, Upload>();
  readonly #stopping = new AbortController();
  #doneBytes = 0;
  #totalBytes = 0;

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

  /** What waits already is sent once, as it is then; what is being sent is sent again. */
  #accept(upload: Upload): void {
    const [waiting, name] = [this.#waitingLike(upload), nameOf(upload)];
    const earlier = waiting.get(name);
    const sizeBytes = this.#setting.sizeOf(upload);
    this.#totalBytes += sizeBytes - (earlier?.sizeBytes ?? 0);
    this.#failedLike(upload).delete(name);
    waiting.set(name, { upload, sizeBytes, end: earlier?.end ?? Promise.withResolvers() });
    this.#pump();
  }

  #pump(): void {
    while (!this.#isStopped && this.#sending.size < mostAtOnce) {
      const job = first(this.#entries) ?? (this.#sending.size === 0 ? first(this.#runs) : undefined);
      if (!job) return;
      this.#waitingLike(job.upload).delete(nameOf(job.upload));
      void this.#send(job); // It never rejects.
    }
  }

  async #send(job: Job): Promise<void> {
    const { upload, sizeBytes, end } = job;
    const { send, queue, onProgress, onFailure } = this.#setting;
    this.#sending.add(job);
    try {
      await send(upload, this.#stopping.signal);
      if (this.#lacksFailed(upload)) this.#failedLike(upload).set(nameOf(upload), upload);
      else if (!this.#waitingLike(upload).has(nameOf(upload))) queue.done(upload); // Else it is to be sent again.
    } catch (error) {
      this.#failedLike(upload).set(nameOf(upload), upload);
      if (error !== this.#stopping.signal.reason) onFailure(error);
    }
    this.#sending.delete(job);
    this.#doneBytes += sizeBytes;
    end.resolve();
    if (this.#isStopped) return; // Nobody listens any more.
    onProgress({ doneBytes: this.#doneBytes, totalBytes: this.#totalBytes });
    this.#pump();
  }

  /** True for a run without a result that may still come: it is sent once more after that. */
  #lacksFailed(upload: Upload): boolean {
    return upload.kind === 'run' && upload.keys.some((key) => this.#failedEntries.has(key));
  }

  #waitingLike({ kind }: Upload): Map<Digest, Job> {
    return kind === 'run' ? this.#runs : this.#entries;
  }

  #failedLike({ kind }: Upload): Map<Digest, Upload> {
    return kind === 'run' ? this.#failedRuns : this.#failedEntries;
  }

  /** Results that wait, or are being sent. */
  get waiting(): number {
    return this.#entries.size + this.#entriesSending.length;
  }

  /** True for a result that waits, is being sent, or could not be sent so far. */
  has(key: Digest): boolean {
    const isKnown = this.#entries.has(key) || this.#failedEntries.has(key);
    return isKnown || this.#entriesSending.some(({ upload }) => nameOf(upload) === key);
  }

  /** At most so many as are sent at once. */
  get #entriesSending(): Job[] {
    return [...this.#sending].filter(({ upload }) => upload.kind === 'entry');
  }

  /** Results that could not be sent so far. */
  get unsent(): number {
    return this.#failedEntries.size;
  }

  /** Settles when everything that has been added so far was sent, or could not be. */
  async settled(): Promise<void> {
    const jobs = [...this.#entries.values(), ...this.#runs.values(), ...this.#sending];
    await Promise.all(jobs.map(({ end }) => end.promise));
  }

  /** Waits for the rest, and tries once more what failed perhaps for a moment only. */
  async drain(): Promise<void> {
    await this.settled();
    for (const upload of [...this.#failedEntries.values(), ...this.#failedRuns.values()])
      this.#accept(upload);
    await this.settled();
  }

  get #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Begins nothing more, and breaks off what is being sent: all of it stays in the queue. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const { end } of [...this.#entries.values(), ...this.#runs.values()]) end.resolve();
    await Promise.all([...this.#sending].map(({ end }) => end.promise));
  }
}

function first<T>(jobs: ReadonlyMap<unknown, T>): T | undefined {
  return jobs.values().next().value;
}
