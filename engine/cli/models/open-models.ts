/** Entries and store, for the commands about models. */
import type { PullProgress } from '../../io/models/fetch-model-file.ts';
import type { ModelStore } from '../../io/models/model-store.ts';
import { ReadingLine } from '../terminal/reading-line.ts';
import { warnAside } from '../warn-aside.ts';
import { findWorkspace, type Workspace } from '../workspace.ts';
import { type LoadedCatalog, loadCatalog } from './load-catalog.ts';
import { openModelStore } from './open-model-store.ts';

export interface ModelsFlags {
  readonly cacheDir?: string;
  readonly json?: boolean;
}

export interface OpenedModels extends Disposable {
  readonly workspace: Workspace;
  readonly catalog: LoadedCatalog;
  readonly store: ModelStore;
}

/**
 * On a terminal, downloads are told of.
 *
 * @param isUnlocked entries are as they are written, whatever the lock says
 * @param isOffline neither a server nor a URL is asked
 * @throws {AggregateError} of `FlowError`s `config_invalid`
 */
export function openModels(
  { cacheDir }: ModelsFlags,
  {
    isUnlocked = false,
    isOffline = false,
  }: { readonly isUnlocked?: boolean; readonly isOffline?: boolean } = {},
): OpenedModels {
  const workspace = findWorkspace({ cacheDir });
  const catalog = isUnlocked ? loadCatalog(workspace, {}) : loadCatalog(workspace);
  const line = process.stderr.isTTY ? new ReadingLine(process.stderr, { act: 'fetching' }) : undefined;
  const onProgress = ({ name, doneBytes, totalBytes = doneBytes }: PullProgress): void =>
    line?.listen({ type: 'progress', activity: 'download', name, doneBytes, totalBytes, atMs: Date.now() });
  const store = openModelStore(workspace, { isOffline, onProgress, onTrouble: warnAside });
  return {
    workspace,
    catalog,
    store,
    [Symbol.dispose]: () => {
      line?.[Symbol.dispose]();
      store[Symbol.dispose]();
    },
  };
}
