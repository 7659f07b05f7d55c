/** `flow cache verify`: reads every blob and every result, and takes out what is damaged. */
import { Quarantine } from '../../../cache/remote/quarantine.ts';
import { type SurveyedBlob, surveyCache } from '../../../cache/survey-cache.ts';
import { printable } from '../../core/errors.ts';
import { hashFile } from '../../io/hash-file.ts';
import { counted, sizeText } from '../duration-text.ts';
import { jsonLine } from '../json-line.ts';
import { byteProgress } from './byte-progress.ts';
import { type CacheFlags, type OpenedCache, openCache } from './open-cache.ts';

interface Verified {
  readonly blobs: number;
  readonly bytes: number;
  readonly results: number;
  /** Moved to the quarantine. */
  readonly damagedBlobs: readonly SurveyedBlob[];
  /** Keys of results that were removed. */
  readonly damagedResults: readonly string[];
}

/** @returns the exit status: 1 if anything was damaged */
export async function verifyCommand(flags: CacheFlags): Promise<number> {
  using cache = await openCache(flags);
  const verified = await verify(cache);
  process.stdout.write(
    flags.json ? jsonLine(document(verified)) : printable(`${textOf(verified, cache).join('\n')}\n`),
  );
  return verified.damagedBlobs.length + verified.damagedResults.length > 0 ? 1 : 0;
}

async function verify({ stores }: OpenedCache): Promise<Verified> {
  const { disk, blobs: files, actions, folder } = stores;
  const { blobs, results } = await surveyCache(stores);
  const quarantine = new Quarantine(disk, folder);
  const damagedBlobs: SurveyedBlob[] = [];
  const totalBytes = blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  using progress = byteProgress({ name: counted(blobs.length, 'blob'), totalBytes });
  for (const blob of blobs) {
    const isWhole = await isAsNamed(blob, files.pathOf(blob.id));
    progress.advance(blob.sizeBytes);
    if (isWhole) continue;
    damagedBlobs.push(blob);
    await quarantine.take(blob.id, files.pathOf(blob.id));
  }
  const damagedResults = results.filter(({ isDamaged }) => isDamaged).map(({ id }) => id);
  for (const key of damagedResults) actions.delete(key);
  return { blobs: blobs.length, bytes: totalBytes, results: results.length, damagedBlobs, damagedResults };
}

/** What has gone meanwhile is not damaged; what cannot be read is of no more use than what is wrong. */
async function isAsNamed({ id, sizeBytes }: SurveyedBlob, path: string): Promise<boolean> {
  try {
    return (await hashFile(path, sizeBytes)) === id;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function textOf(verified: Verified, { stores }: OpenedCache): string[] {
  const { blobs, bytes, results, damagedBlobs, damagedResults } = verified;
  const read = `Read ${counted(blobs, 'blob')}, ${sizeText(bytes)}, and ${counted(results, 'result')}`;
  if (damagedBlobs.length + damagedResults.length === 0) return [`${read}: all are whole.`];
  return [
    `${read}. Damaged:`,
    ...damagedBlobs.map(
      ({ id, component, sizeBytes }) => `  blob    ${id}  ${sizeText(sizeBytes)}  ${component ?? 'spilled'}`,
    ),
    ...damagedResults.map((key) => `  result  ${key}`),
    ...(damagedBlobs.length > 0 ? [`The blobs were moved to ${stores.quarantineFolder}.`] : []),
    'What is missing now is made again when it is wanted.',
    ...(damagedBlobs.some(({ freesBytes }) => freesBytes === 0)
      ? ['Some of them are results of runs, too, as hard links: `flow validate` finds those.']
      : []),
  ];
}

function document(verified: Verified): Record<string, unknown> {
  const { blobs, bytes, results, damagedBlobs, damagedResults } = verified;
  return {
    blobs,
    bytes,
    results,
    damaged_blobs: damagedBlobs.map(({ id, component, sizeBytes }) => ({
      digest: id,
      component: component ?? null,
      bytes: sizeBytes,
    })),
    damaged_results: damagedResults,
  };
}
