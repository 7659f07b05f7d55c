/** Brings a file of a model into the store: from a mirror, or from where it is published. */
import { statSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { FlowError, isTransient } from '../../core/errors.ts';
import type { ModelFile } from '../../core/model-entry.ts';
import { DownloadError, download, type Pace } from './download.ts';
import {
  digestMismatch,
  type FileOfModel,
  fetchFailed,
  modelNotFound,
  shownUrl,
  sizeMismatch,
} from './model-errors.ts';
import { findInFolder, isServer, mirrorUrls } from './model-mirror.ts';
import { PartFile } from './part-file.ts';
import { sha256OfFile } from './sha256-of-file.ts';
import type { WeightFile, WeightFiles } from './weight-files.ts';

/** How far a download is; told last when all of it has come. */
export interface PullProgress {
  readonly name: string;
  readonly doneBytes: number;
  /** Undefined where neither the entry nor the server says. */
  readonly totalBytes: number | undefined;
}

export interface Fetching {
  readonly files: WeightFiles;
  /** A folder or a URL. */
  readonly mirror: string | undefined;
  readonly isOffline: boolean;
  readonly pace: Pace;
  readonly onProgress: (progress: PullProgress) => void;
  /** Told of what costs time and nothing else. */
  readonly onTrouble: (message: string) => void;
}

/** @throws {FlowError} `model_fetch_failed`, `model_not_found`, `model_digest_mismatch`, `config_invalid`; the signal's reason */
export async function fetchModelFile(
  wanted: FileOfModel,
  by: Fetching,
  signal: AbortSignal,
): Promise<WeightFile> {
  const copied = await copyFromMirror(wanted, by);
  if (copied) return copied;
  const failures: FlowError[] = [];
  for (const url of sourcesOf(wanted.file, by)) {
    try {
      return await fetchFrom(url, wanted, by, signal);
    } catch (error) {
      if (!(error instanceof FlowError)) throw error;
      failures.push(error);
      if (url !== wanted.file.url && error.code !== 'model_not_found')
        by.onTrouble(`The mirror is of no use: ${error.message}`);
    }
  }
  throw failures.find(({ code }) => isTransient(code)) ?? failures.at(-1) ?? nowhere(wanted, by);
}

async function copyFromMirror(wanted: FileOfModel, by: Fetching): Promise<WeightFile | undefined> {
  const { file } = wanted;
  const { mirror, files } = by;
  if (mirror === undefined || isServer(mirror)) return undefined;
  const path = await findInFolder(mirror, wanted, (one) => files.digestOf(one));
  if (path === undefined) return undefined;
  const misfit = sizeMismatch(wanted, path, statSync(path).size);
  if (misfit) throw misfit;
  const sha256 = await files.add(path);
  if (file.sha256 === undefined || file.sha256 === sha256) return { path: files.pathOf(sha256), sha256 };
  await files.remove([sha256]); // It was written to while it was copied.
  return undefined;
}

/** Whether there is a place to look for a file in: a mirror, or a server. */
export function mayBeElsewhere(file: ModelFile, by: Pick<Fetching, 'mirror' | 'isOffline'>): boolean {
  const hasFolder = by.mirror !== undefined && !isServer(by.mirror);
  return hasFolder || sourcesOf(file, by).length > 0;
}

function sourcesOf(file: ModelFile, { mirror, isOffline }: Pick<Fetching, 'mirror' | 'isOffline'>): string[] {
  if (isOffline) return [];
  const mirrored = mirror !== undefined && isServer(mirror) ? mirrorUrls(mirror, file) : [];
  return file.url === undefined ? mirrored : [...mirrored, file.url];
}

function nowhere(wanted: FileOfModel, { isOffline }: Fetching): FlowError {
  const why = isOffline
    ? 'it is not on this machine, and flow is offline'
    : 'it is not on this machine, and its entry names no URL';
  return modelNotFound(wanted, why);
}

async function fetchFrom(
  url: string,
  wanted: FileOfModel,
  by: Fetching,
  signal: AbortSignal,
): Promise<WeightFile> {
  if (!isServer(url)) throw modelNotFound(wanted, `flow fetches from http and https, not from "${url}"`);
  const folder = by.files.partsOf(url);
  try {
    await using part = await PartFile.claim(folder, { mayResume: wanted.file.sha256 !== undefined });
    return await complete(part, { ...wanted, url }, by, signal);
  } catch (error) {
    throw error instanceof DownloadError ? meaningOf(error, { ...wanted, url }) : error;
  } finally {
    await rmdir(folder).catch(() => undefined); // Unless somebody's part is in it.
  }
}

type Fetched = FileOfModel & { readonly url: string };

async function complete(
  part: PartFile,
  wanted: Fetched,
  by: Fetching,
  signal: AbortSignal,
): Promise<WeightFile> {
  const { sha256: expected, bytes } = wanted.file;
  const onProgress = inTurn(wanted.file.name, by.onProgress);
  for (let isResumed = part.sizeBytes > 0; ; isResumed = false) {
    await download(part, { url: wanted.url, bytes, signal, pace: by.pace, onProgress });
    const found = await sha256OfFile(part.path);
    if (expected === undefined || found === expected) {
      await part.moveTo(await by.files.placeFor(found));
      return { path: by.files.pathOf(found), sha256: found };
    }
    await part.restart();
    // What a process that was killed has left may be damaged: that says nothing of the server.
    if (!isResumed) throw mismatch(wanted, { expected: `sha256 ${expected}`, found });
  }
}

const betweenTellingMs = 100;

/** Tells from time to time, and when all has come. */
function inTurn(
  name: string,
  onProgress: Fetching['onProgress'],
): (doneBytes: number, totalBytes: number | undefined) => void {
  let toldAtMs = 0;
  return (doneBytes, totalBytes) => {
    const nowMs = performance.now();
    if (doneBytes !== totalBytes && nowMs - toldAtMs < betweenTellingMs) return;
    toldAtMs = nowMs;
    onProgress({ name, doneBytes, totalBytes });
  };
}

function meaningOf({ fault, message }: DownloadError, wanted: Fetched): FlowError {
  switch (fault) {
    case 'absent':
    case 'refused':
      return modelNotFound(wanted, `${message} for ${shownUrl(wanted.url)}`);
    case 'broken':
    case 'unreached':
      return fetchFailed(wanted, shownUrl(wanted.url), message);
    case 'resized':
      return mismatch(wanted, { expected: `${wanted.file.bytes} bytes`, found: message });
    default:
      return fault satisfies never;
  }
}

function mismatch(wanted: Fetched, difference: { expected: string; found: string }): FlowError {
  return digestMismatch({
    ...wanted,
    ...difference,
    where: shownUrl(wanted.url),
    fix: 'Nothing of it was kept. If the publisher has replaced the file, name the new one as a new version of the model; if something on the way answers instead, use another network.',
  });
}
