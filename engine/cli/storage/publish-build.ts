/** What a build has to do with the bucket of its runs, where they are in one. */
import type { RunSpec } from '../../run/run-progress.ts';
import { counted, sizeText } from '../duration-text.ts';
import { errorDocument } from '../error-text.ts';
import type { Session } from '../session.ts';
import type { Summary } from '../summary.ts';
import type { PublishOutcome, RunPublisher } from './run-publisher.ts';
import { storedRuns } from './run-storages.ts';

/** @returns undefined where results and states are in folders @throws {FlowError} as `openStorage` */
export async function publisherOf(
  { workspace }: Session,
  specs: readonly RunSpec[],
  say: (message: string) => void,
): Promise<RunPublisher | undefined> {
  const runs = publishedRuns(specs);
  const stored = runs.length > 0 ? await storedRuns(workspace) : undefined;
  if (!stored) return undefined;
  const { RunPublisher } = await import('./run-publisher.ts');
  return new RunPublisher(stored, runs, say);
}

/** The runs of the specs, as the bucket names them. */
export function publishedRuns(specs: readonly RunSpec[]): { label: string; name: string }[] {
  return specs.flatMap(({ record, scope }) => {
    if (!record) return [];
    const { platformId, videoId, runId } = record.name;
    return [{ label: scope.label, name: `${platformId}/${videoId}/${runId}` }];
  });
}

/** A run that others cannot read has failed, however well it went. */
export function withUnpublished(summary: Summary, { unpublished }: PublishOutcome): Summary {
  if (unpublished.length === 0) return summary;
  const errors = new Map(unpublished.map(({ name, error }) => [name, error]));
  return {
    ...summary,
    status: summary.status === 'cancelled' ? 'cancelled' : 'error',
    runs: summary.runs.map((run) => {
      const error = errors.get(run.target);
      return error ? { ...run, status: 'error', error: { code: error.code, message: error.message } } : run;
    }),
    errors: [
      ...summary.errors,
      ...unpublished.map(({ name, error }) => errorDocument(error, { target: name })),
    ],
  };
}

/** 'published 1 run: 3 files, 12 KiB', and what was not. */
export function publishedText({ runs, files, sizeBytes, place, unpublished }: PublishOutcome): string {
  const what = files > 0 ? `${counted(files, 'new file')}, ${sizeText(sizeBytes)}` : 'nothing new';
  const left =
    unpublished.length > 0 ? `; ${counted(unpublished.length, 'run')} not: the next build tries again` : '';
  return `published ${counted(runs, 'run')} to ${place}: ${what}${left}`;
}
