/** `flow cache gc --remote`: shows what of a bucket nobody needs any more, and removes it where that is confirmed. */
import { deleteContents } from '../../../cache/remote/delete-contents.ts';
import { type BucketSurvey, surveyBucket } from '../../../cache/remote/survey-bucket.ts';
import { printable } from '../../core/errors.ts';
import { isConfirmed } from '../confirmation.ts';
import { counted, sizeText } from '../duration-text.ts';
import { jsonLine } from '../json-line.ts';
import { byteProgress } from './byte-progress.ts';
import { contentsDocument, contentsTable, totalOf } from './contents-table.ts';
import {
  type BucketFlags,
  forgetSent,
  type OpenedBucket,
  type PartName,
  partNames,
  withBucket,
} from './open-bucket.ts';

export interface RemoteGcFlags extends BucketFlags {
  /** Milliseconds. */
  readonly olderThan?: number;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

type Surveys = Readonly<Record<PartName, BucketSurvey>>;

const defaultOldMs = 30 * 24 * 3_600_000;

/** @throws {FlowError} as `withBucket` */
export function remoteGcCommand(flags: RemoteGcFlags): Promise<void> {
  const { olderThan: oldMs = defaultOldMs, json = false } = flags;
  return withBucket(flags, async (bucket) => {
    const { trusted, scratch } = bucket.parts;
    const surveys: Surveys = {
      trusted: await surveyBucket({ objects: trusted, oldMs }),
      scratch: await surveyBucket({ objects: scratch, oldMs }),
    };
    if (!json) process.stdout.write(printable(`${textOf(surveys, bucket.url).join('\n')}\n`));
    const isWanted = await isAgreed(surveys, flags);
    if (isWanted) {
      await remove(surveys, bucket);
      forgetSent(bucket);
    }
    if (json) process.stdout.write(jsonLine(documentOf(surveys, bucket.url, isWanted)));
    else if (totalOf(unneededOf(surveys)).count > 0)
      process.stdout.write(`${outcomeText(surveys, isWanted)}\n`);
  });
}

async function isAgreed(surveys: Surveys, { dryRun, yes, json }: RemoteGcFlags): Promise<boolean> {
  const { count, bytes } = totalOf(unneededOf(surveys));
  if (dryRun || count === 0) return false;
  if (yes) return true;
  if (json || !process.stdin.isTTY) return false;
  return isConfirmed(`Remove ${counted(count, 'object')}, ${sizeText(bytes)}?`);
}

async function remove(surveys: Surveys, { parts }: OpenedBucket): Promise<void> {
  const { count, bytes } = totalOf(unneededOf(surveys));
  using progress = byteProgress({ name: counted(count, 'object'), totalBytes: bytes, act: 'removing' });
  for (const part of partNames)
    await deleteContents(parts[part], surveys[part].unneeded, ({ sizeBytes }) => progress.advance(sizeBytes));
}

function unneededOf({ trusted, scratch }: Surveys): Record<PartName, BucketSurvey['unneeded']> {
  return { trusted: trusted.unneeded, scratch: scratch.unneeded };
}

function stayingOf({ trusted, scratch }: Surveys): Record<PartName, BucketSurvey['staying']> {
  return { trusted: trusted.staying, scratch: scratch.staying };
}

function textOf(surveys: Surveys, url: string): string[] {
  const staying = totalOf(stayingOf(surveys));
  const rest = `${counted(staying.count, 'object')}, ${sizeText(staying.bytes)}`;
  if (totalOf(unneededOf(surveys)).count === 0)
    return [`${url}: there is nothing to remove; it holds ${rest}.`];
  const table = contentsTable(unneededOf(surveys)).map((line) => `  ${line}`);
  return [`${url}: not needed any more are`, ...table, `What stays: ${rest}.`];
}

function outcomeText(surveys: Surveys, isRemoved: boolean): string {
  const { count, bytes } = totalOf(unneededOf(surveys));
  if (isRemoved) return `Removed ${counted(count, 'object')}, ${sizeText(bytes)}.`;
  return 'Nothing was removed: --yes removes it.';
}

function documentOf(surveys: Surveys, url: string, isRemoved: boolean): Record<string, unknown> {
  const partOf = ({ unneeded, staying }: BucketSurvey): Record<string, unknown> => {
    return { unneeded: contentsDocument(unneeded), staying: contentsDocument(staying) };
  };
  return { url, is_removed: isRemoved, trusted: partOf(surveys.trusted), scratch: partOf(surveys.scratch) };
}
