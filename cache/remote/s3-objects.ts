/** Objects of an S3 server, one request for each call. Loads the AWS SDK: `open-objects.ts` imports it when it is needed. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  ListPartsCommand,
  type ListPartsCommandOutput,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { arrivingBody, type BodyStream } from './arriving-body.ts';
import {
  type FetchedObject,
  type GetOptions,
  type ListedObject,
  type ObjectFacts,
  type PutOptions,
  type PutOutcome,
  RemoteError,
  type UploadedPart,
} from './object-store.ts';
import { type ListedPage, listByPages, type PagedObjects } from './paged-objects.ts';
import { AnsweredError, toRemoteError } from './s3-fault.ts';

export interface S3Place {
  readonly bucket: string;
  /** What all keys begin with; empty, or with a slash at its end. */
  readonly prefix: string;
  /** Objects on a page of a list; where it is absent, as many as the server likes. */
  readonly pageLength?: number;
}

/** What a server has to keep up with. Nothing has a fixed total time: large things may take long. */
export interface S3Patience {
  /** Until an answer begins, beside the time that the content takes to send; milliseconds. */
  readonly answerMs: number;
  /** Until an upload is finished: the server puts all of its parts together; milliseconds. */
  readonly finishMs: number;
  /** Least speed of contents, there and back; bytes a second. */
  readonly bytesPerSecond: number;
  /** Over this time the speed of an answer's body is measured; milliseconds. */
  readonly stretchMs: number;
}

const defaultPatience: S3Patience = {
  answerMs: 5_000,
  finishMs: 60_000,
  bytesPerSecond: 64 * 1024,
  stretchMs: 10_000,
};

export class S3Objects implements PagedObjects {
  readonly #client: S3Client;
  readonly #place: S3Place;
  readonly #patience: S3Patience;

  /** @param client one that does not retry by itself */
  constructor(client: S3Client, place: S3Place, patience: Partial<S3Patience> = {}) {
    this.#client = client;
    this.#place = place;
    this.#patience = { ...defaultPatience, ...patience };
  }

  async get(key: string, options: GetOptions = {}): Promise<FetchedObject | undefined> {
    const { range } = options;
    const wanted = range && { Range: `bytes=${range.from}-${range.to - 1}` };
    const command = new GetObjectCommand({ ...this.#at(key), ...wanted });
    try {
      if (range && range.from >= range.to) return await this.#getNothing(key);
      const output = await this.#ask((sending) => this.#client.send(command, sending), options);
      return this.#fetched(output, options);
    } catch (error) {
      if (isAnswer(error, [416])) return this.#getNothing(key); // The range begins behind the object's end.
      return undefinedIfMissing(error);
    }
  }

  async head(key: string): Promise<ObjectFacts | undefined> {
    const command = new HeadObjectCommand(this.#at(key));
    try {
      const output = await this.#ask((options) => this.#client.send(command, options));
      return factsOf(output, output.ContentLength);
    } catch (error) {
      return undefinedIfMissing(error);
    }
  }

  async put(key: string, content: Uint8Array, options: PutOptions = {}): Promise<PutOutcome> {
    const { notes = {}, onlyIf, signal } = options;
    const command = new PutObjectCommand({
      ...this.#at(key),
      ...conditionOf(onlyIf),
      Body: content,
      ContentLength: content.length,
      Metadata: { ...notes },
    });
    const sentBytes = content.length;
    try {
      const output = await this.#ask((sending) => this.#client.send(command, sending), { sentBytes, signal });
      return { isWritten: true, etag: bare(output.ETag) };
    } catch (error) {
      if (onlyIf !== undefined && isRefusal(error)) return { isWritten: false };
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    const command = new DeleteObjectCommand(this.#at(key));
    await this.#ask((options) => this.#client.send(command, options)).catch(undefinedIfMissing);
  }

  list(beginning: string): AsyncIterable<ListedObject> {
    return listByPages(this, beginning);
  }

  async listPage(beginning: string, after: string): Promise<ListedPage> {
    const { bucket, prefix, pageLength } = this.#place;
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix + beginning,
      ...(after !== '' && { StartAfter: prefix + after }),
      ...(pageLength !== undefined && { MaxKeys: pageLength }),
    });
    // A page is understood as a whole, so its body has its time here as well.
    const waitMs = this.#patience.answerMs + this.#patience.stretchMs;
    const page = await this.#ask((options) => this.#client.send(command, options), { waitMs });
    const objects = (page.Contents ?? []).map((object) => ({
      key: (object.Key ?? '').slice(prefix.length),
      sizeBytes: object.Size ?? 0,
      etag: bare(object.ETag),
      modifiedAtMs: object.LastModified?.getTime() ?? 0,
    }));
    return { objects, isLast: page.IsTruncated !== true };
  }

  async beginUpload(key: string, { notes = {} }: Pick<PutOptions, 'notes'> = {}): Promise<string> {
    const command = new CreateMultipartUploadCommand({ ...this.#at(key), Metadata: { ...notes } });
    const { UploadId } = await this.#ask((options) => this.#client.send(command, options));
    if (UploadId === undefined) throw new RemoteError('invalid', 'The server gave an upload no name.');
    return UploadId;
  }

  async putPart(
    key: string,
    upload: string,
    part: number,
    content: Uint8Array,
    signal?: AbortSignal,
  ): Promise<UploadedPart> {
    const sentBytes = content.length;
    const command = new UploadPartCommand({
      ...this.#at(key),
      UploadId: upload,
      PartNumber: part,
      Body: content,
      ContentLength: sentBytes,
    });
    const { ETag } = await this.#ask((options) => this.#client.send(command, options), { sentBytes, signal });
    return { number: part, etag: bare(ETag), sizeBytes: sentBytes };
  }

  async listParts(key: string, upload: string): Promise<readonly UploadedPart[] | undefined> {
    const parts: UploadedPart[] = [];
    try {
      for (let after: string | undefined = ''; after !== undefined; ) {
        const page = await this.#partsAfter(key, upload, after);
        for (const { PartNumber = 0, ETag, Size = 0 } of page.Parts ?? [])
          parts.push({ number: PartNumber, etag: bare(ETag), sizeBytes: Size });
        after = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
      }
      return parts;
    } catch (error) {
      return undefinedIfMissing(error);
    }
  }

  #partsAfter(key: string, upload: string, after: string): Promise<ListPartsCommandOutput> {
    const marker = after === '' ? {} : { PartNumberMarker: after };
    const command = new ListPartsCommand({ ...this.#at(key), UploadId: upload, ...marker });
    return this.#ask((options) => this.#client.send(command, options));
  }

  async finishUpload(key: string, upload: string, parts: readonly UploadedPart[]): Promise<void> {
    const command = new CompleteMultipartUploadCommand({
      ...this.#at(key),
      UploadId: upload,
      MultipartUpload: { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
    });
    await this.#ask((options) => this.#client.send(command, options), { waitMs: this.#patience.finishMs });
  }

  async abortUpload(key: string, upload: string): Promise<void> {
    const command = new AbortMultipartUploadCommand({ ...this.#at(key), UploadId: upload });
    await this.#ask((options) => this.#client.send(command, options)).catch(undefinedIfMissing);
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#place.bucket, Key: this.#place.prefix + key };
  }

  async #getNothing(key: string): Promise<FetchedObject | undefined> {
    const facts = await this.head(key);
    return facts && { ...facts, body: (async function* () {})() };
  }

  #fetched(output: GetObjectCommandOutput, { range, signal }: GetOptions): FetchedObject {
    const { bytesPerSecond, stretchMs } = this.#patience;
    const stream = streamOf(output.Body);
    try {
      const facts = factsOf(output, wholeSizeOf(output, range));
      const arrival = {
        sizeBytes: output.ContentLength ?? 0,
        stretchBytes: (bytesPerSecond * stretchMs) / 1000,
        stretchMs,
        signal,
      };
      return { ...facts, body: arrivingBody(stream, arrival) };
    } catch (error) {
      stream.destroy();
      throw error;
    }
  }

  /** @throws {RemoteError}, or the signal's reason */
  async #ask<Output>(
    send: (options: { abortSignal: AbortSignal }) => Promise<Output>,
    { sentBytes = 0, waitMs = this.#patience.answerMs, signal }: Asking = {},
  ): Promise<Output> {
    signal?.throwIfAborted();
    const stop = new AbortController();
    const onAbort = (): void => stop.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const longestMs = waitMs + (1000 * sentBytes) / this.#patience.bytesPerSecond;
    const timer = setTimeout(onAbort, longestMs);
    try {
      return await send({ abortSignal: stop.signal });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (stop.signal.aborted) throw tooLate(longestMs);
      throw toRemoteError(error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  }
}

interface Asking {
  readonly sentBytes?: number;
  /** Beside what the content takes. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal | undefined;
}

function conditionOf(onlyIf: PutOptions['onlyIf']): { IfNoneMatch?: string; IfMatch?: string } {
  if (onlyIf === undefined) return {};
  // Without quotes: some servers take them for a part of the etag.
  return onlyIf === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: onlyIf.etag };
}

/** @throws {RemoteError} if the server does not tell the size */
function factsOf(output: HeadObjectCommandOutput, sizeBytes: number | undefined): ObjectFacts {
  if (sizeBytes === undefined)
    throw new RemoteError('invalid', 'The server answered without a size, or with another range.');
  return {
    sizeBytes,
    etag: bare(output.ETag),
    modifiedAtMs: output.LastModified?.getTime() ?? 0,
    notes: output.Metadata ?? {},
  };
}

/** Undefined if another range came than was asked for. */
function wholeSizeOf(
  { ContentRange, ContentLength }: GetObjectCommandOutput,
  range: GetOptions['range'],
): number | undefined {
  if (!range) return ContentLength;
  const [, from, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(ContentRange ?? '') ?? [];
  return Number(from) === range.from ? Number(size) : undefined;
}

function streamOf(body: GetObjectCommandOutput['Body']): BodyStream {
  return body as unknown as BodyStream; // It is a stream in Node; the type allows for browsers too.
}

function bare(etag: string | undefined): string {
  return (etag ?? '').replaceAll('"', '');
}

function isAnswer(error: unknown, statuses: readonly number[]): error is AnsweredError {
  return error instanceof AnsweredError && statuses.includes(error.status);
}

/** The condition did not hold (412), somebody else was writing (409), or what should have an etag is not there (404). */
function isRefusal(error: unknown): boolean {
  return isAnswer(error, [404, 409, 412]) && error.fault === 'invalid';
}

/** @throws the error, if it says anything else */
function undefinedIfMissing(error: unknown): undefined {
  if (isAnswer(error, [404]) && error.fault === 'invalid') return undefined;
  throw error;
}

function tooLate(ms: number): RemoteError {
  return new RemoteError('unavailable', `The server did not answer within ${Math.ceil(ms / 1000)} s.`);
}
