/** Where a workspace has the results and the states of its runs. */
import { type StoragePlace, storagePlace } from './storage-place.ts';
import type { StoredRuns } from './stored-runs.ts';

export interface RunStorages {
  readonly resultsFolder: string;
  readonly runStatesFolder: string;
  /** `s3://bucket/prefix`, of which the folder is a working copy; undefined where the folder is all there is. */
  readonly resultsUrl: string | undefined;
  readonly statesUrl: string | undefined;
}

export interface Naming {
  readonly flags: { readonly results?: string | undefined; readonly state?: string | undefined };
  readonly settings: { readonly results: string; readonly state: string };
  /** Of the workspace. */
  readonly root: string;
}

/** A flag is relative to the current folder, a setting to the workspace. @throws {FlowError} `config_invalid` */
export function runStorages(naming: Naming): RunStorages {
  const [results, states] = [namedPlace('results', naming), namedPlace('state', naming)];
  return {
    resultsFolder: results.folder,
    runStatesFolder: states.folder,
    resultsUrl: results.url,
    statesUrl: states.url,
  };
}

function namedPlace(name: 'results' | 'state', { flags, settings, root }: Naming): StoragePlace {
  const flag = flags[name];
  return flag
    ? storagePlace(flag, { root, base: process.cwd(), where: `--${name}` })
    : storagePlace(settings[name], { root, base: root, where: `flow.yaml: ${name}` });
}

function areStored({ resultsUrl, statesUrl }: Pick<RunStorages, 'resultsUrl' | 'statesUrl'>): boolean {
  return resultsUrl !== undefined || statesUrl !== undefined;
}

/** What brings runs from their bucket; undefined, at once, where they are in folders. @throws {FlowError} as `openStorage` */
export async function storedRuns(storages: RunStorages): Promise<StoredRuns | undefined> {
  if (!areStored(storages)) return undefined;
  const { resultsFolder, runStatesFolder, resultsUrl, statesUrl } = storages;
  const { StoredRuns } = await import('./stored-runs.ts'); // Nobody else waits for what speaks to buckets.
  return StoredRuns.open({
    results: { folder: resultsFolder, url: resultsUrl },
    states: { folder: runStatesFolder, url: statesUrl },
  });
}
