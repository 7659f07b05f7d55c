/**
 * Brings a file from an HTTP server into a part file. It asks again where that may help, goes on where a body broke
 * off, and lets the body take as long as it likes while it keeps coming.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { PartFile } from './part-file.ts';

export interface Pace {
  /** So much has to come, … */
  readonly stretchBytes: number;
  /** … or the answer to begin, within so much time; milliseconds. */
  readonly stretchMs: number;
  /** Attempts that bring nothing new, one after the other. */
  readonly attempts: number;
  /** Before the second attempt; before each further one twice as long; milliseconds. */
  readonly firstPauseMs: number;
}

export const usualPace: Pace = { stretchBytes: 64 * 1024, stretchMs: 30_000, attempts: 5, firstPauseMs: 500 };

/** A machine without a network is not one that has lost it for a moment. */
const attemptsToReach = 2;

export interface Wanted {
  readonly url: string;
  /** As published; undefined where nobody has said. */
  readonly bytes: number | undefined;
  readonly signal: AbortSignal;
  readonly pace: Pace;
  readonly onProgress: (doneBytes: number, totalBytes: number | undefined) => void;
}

/**
 * `absent`: the server has no such file. `refused`: it will not give it. `broken`: it could not be had now. `unreached`:
 * there is no way to the server.
 * `resized`: it has another size than was published; the message says which.
 */
export type DownloadFault = 'absent' | 'refused' | 'broken' | 'unreached' | 'resized';

export class DownloadError extends Error {
  readonly fault: DownloadFault;

  /** @param message a clause: 'the server answered 404'; of `resized` the size that was found */
  constructor(fault: DownloadFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** @throws {DownloadError} what has come so far stays in the part; the signal's reason */
export async function download(part: PartFile, wanted: Wanted): Promise<void> {
  const { signal, pace } = wanted;
  let mostBytes = part.sizeBytes;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await request(part, wanted);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DownloadError) || !mayPass(error)) throw error;
      if (part.sizeBytes > mostBytes) attempt = 1; // It came further than ever: worth going on.
      mostBytes = Math.max(mostBytes, part.sizeBytes);
      if (attempt >= (error.fault === 'unreached' ? attemptsToReach : pace.attempts)) throw error;
      await delay(pace.firstPauseMs * 2 ** (attempt - 1), undefined, { signal });
    }
  }
}

function mayPass({ fault }: DownloadError): boolean {
  return fault === 'broken' || fault === 'unreached';
}

async function request(part: PartFile, wanted: Wanted): Promise<void> {
  const { bytes } = wanted;
  if (bytes !== undefined && part.sizeBytes === bytes) return; // All of it had come; only its name was missing.
  if (bytes !== undefined && part.sizeBytes > bytes) await part.restart();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(tooSlow(wanted)), wanted.pace.stretchMs);
  try {
    const signal = AbortSignal.any([wanted.signal, late.signal]);
    const response = await fetch(wanted.url, { headers: headersFor(part), signal });
    timer.refresh();
    await receive(part, response, { ...wanted, onStretch: () => timer.refresh() });
  } catch (error) {
    throw late.signal.aborted ? late.signal.reason : asDownloadError(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Lengths and ranges count what is sent: it has to be the file itself. */
function headersFor({ sizeBytes, validator }: PartFile): Record<string, string> {
  const plain = { 'accept-encoding': 'identity' };
  return validator === undefined ? plain : { ...plain, range: `bytes=${sizeBytes}-`, 'if-range': validator };
}

async function receive(
  part: PartFile,
  response: Response,
  wanted: Wanted & { readonly onStretch: () => void },
): Promise<void> {
  const { bytes, pace, onStretch, onProgress } = wanted;
  try {
    if (response.status === 416 && isWhole(part, response)) return;
    if (!response.ok) throw await answered(part, response);
    if (!isContinued(part, response)) await part.restart(strongTag(response));
    const totalBytes = announced(part, response) ?? bytes;
    if (bytes !== undefined && totalBytes !== bytes)
      throw new DownloadError('resized', `${totalBytes} bytes`);
    let endOfStretch = part.sizeBytes + pace.stretchBytes;
    for await (const piece of bodyOf(response)) {
      if (bytes !== undefined && part.sizeBytes + piece.length > bytes)
        throw new DownloadError('resized', 'more');
      await part.append(piece);
      onProgress(part.sizeBytes, totalBytes);
      if (part.sizeBytes < endOfStretch) continue;
      onStretch();
      endOfStretch = part.sizeBytes + pace.stretchBytes;
    }
    if (totalBytes !== undefined && part.sizeBytes !== totalBytes)
      throw new DownloadError('broken', `it broke off after ${part.sizeBytes} of ${totalBytes} bytes`);
  } finally {
    // The connection is not kept waiting for a body that nobody reads; one that has been read is closed already.
    await response.body?.cancel().catch(() => undefined);
  }
}

function bodyOf({ body }: Response): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  return body ?? [];
}

/** True if the body begins where the part ends. */
function isContinued({ sizeBytes, validator }: PartFile, { status, headers }: Response): boolean {
  if (status !== 206) return false;
  const from = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1];
  if (validator !== undefined && Number(from) === sizeBytes) return true;
  throw new DownloadError('broken', `the server sent bytes from ${from ?? '?'} on instead of ${sizeBytes}`);
}

/** What is asked for lies behind the end: the part is all that there is. */
function isWhole({ sizeBytes }: PartFile, { headers }: Response): boolean {
  return headers.get('content-range') === `bytes */${sizeBytes}`;
}

/** @returns length of the whole file; undefined where the server does not say */
function announced(part: PartFile, { headers }: Response): number | undefined {
  const length = headers.get('content-length');
  const isCoded = ![null, 'identity'].includes(headers.get('content-encoding')); // The length is that of its coded form.
  return length === null || isCoded ? undefined : part.sizeBytes + Number(length);
}

/** A weak ETag says that two contents mean the same, not that their bytes are. */
function strongTag({ headers }: Response): string | undefined {
  const tag = headers.get('etag');
  return tag?.startsWith('"') ? tag : undefined;
}

async function answered(part: PartFile, { status }: Response): Promise<DownloadError> {
  const message = `the server answered ${status}`;
  if (status === 416) await part.restart();
  if (status >= 500 || [408, 416, 425, 429].includes(status)) return new DownloadError('broken', message);
  return new DownloadError([404, 410].includes(status) ? 'absent' : 'refused', message);
}

function tooSlow({ pace: { stretchBytes, stretchMs } }: Wanted): DownloadError {
  const seconds = stretchMs / 1000;
  return new DownloadError('broken', `less than ${stretchBytes} bytes came within ${seconds} s`);
}

/** Errors of the disk stay what they are. */
function asDownloadError(error: unknown): unknown {
  const { name, cause } = error as Error;
  if (error instanceof DownloadError || name === 'AbortError' || !(error instanceof TypeError)) return error;
  const { code, message } = (cause ?? error) as NodeJS.ErrnoException; // `fetch` wraps what the network says.
  if (code !== undefined && withoutWay.has(code)) return new DownloadError('unreached', code);
  return new DownloadError('broken', code === undefined || code.startsWith('UND_') ? message : code);
}

const withoutWay: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);
