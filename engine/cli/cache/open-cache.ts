/** The local cache, for commands that look into it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type CacheLimits, limitsOn } from '../../../cache/cache-limits.ts';
import { type LocalStores, openLocalStores } from '../../../cache/local-stores.ts';
import { FlowError } from '../../core/errors.ts';
import { RealDisk } from '../../io/disk.ts';
import { type DiskSpace, diskSpace } from '../../io/disk-space.ts';
import { shown } from '../shown-path.ts';
import { warnAside } from '../warn-aside.ts';
import { findWorkspace } from '../workspace.ts';

export interface CacheFlags {
  readonly cacheDir?: string;
  readonly json?: boolean;
}

export interface OpenedCache extends Disposable {
  readonly stores: LocalStores;
  readonly space: DiskSpace | undefined;
  readonly limits: CacheLimits;
}

/** @throws {FlowError} `config_invalid` if there is no cache in the folder */
export async function openCache(flags: CacheFlags): Promise<OpenedCache> {
  const { cacheFolder, cacheSettings } = findWorkspace(flags);
  if (!existsSync(join(cacheFolder, 'actions.db'))) throw noCache(cacheFolder);
  const space = await diskSpace(cacheFolder);
  const stores = openLocalStores(cacheFolder, { disk: new RealDisk(), onTrouble: warnAside });
  return {
    stores,
    space,
    limits: limitsOn(space?.totalBytes, cacheSettings),
    [Symbol.dispose]: () => stores[Symbol.dispose](),
  };
}

function noCache(folder: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: shown(folder),
    message: 'Cannot look into this cache: nothing has been built with it.',
    fix: 'Build something, or name the right one: --cache-dir, or FLOW_CACHE_DIR.',
  });
}
