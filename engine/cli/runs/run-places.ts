import { globSync } from 'node:fs';
import { join } from 'node:path';

/** Where one run's results lie. */
export interface RunPlace {
  /** The folder of the manifest and of the components' folders. */
  readonly folder: string;
  readonly manifestPath: string;
  /** `platform/video/run`. */
  readonly name: string;
}

/** Every run of a results folder, sorted by name; none where there is no such folder. Manifests are not read. */
export function runPlaces(resultsFolder: string): RunPlace[] {
  return globSync('*/*/*/manifest.json', { cwd: resultsFolder })
    .sort()
    .map((path) => runPlace(resultsFolder, path.slice(0, -'/manifest.json'.length)));
}

function runPlace(resultsFolder: string, name: string): RunPlace {
  const folder = join(resultsFolder, name);
  return { folder, manifestPath: join(folder, 'manifest.json'), name };
}
