/** The buckets of results and states, where they are in buckets: without them nothing is built. */
import { bucketSettings } from '../remote-settings.ts';
import type { RunStorages } from '../storage/run-storages.ts';
import type { Check } from './finding.ts';
import { bucketAddress } from './remote-checks.ts';

export function runBucketChecks({
  resultsUrl,
  statesUrl,
}: Pick<RunStorages, 'resultsUrl' | 'statesUrl'>): Check[] {
  return [...checksOf('results', resultsUrl), ...checksOf('states', statesUrl)];
}

function checksOf(area: 'results' | 'states', url: string | undefined): Check[] {
  if (url === undefined) return [];
  const settings = bucketSettings(url, { where: area, env: process.env });
  return [
    { area, name: area, examine: () => [bucketAddress(area, settings)] },
    {
      area,
      name: 'server',
      examine: async () => {
        const { examineBucket } = await import('./examine-bucket.ts'); // As `remoteChecks` does.
        return examineBucket(settings, { holdsRuns: true });
      },
    },
  ];
}
