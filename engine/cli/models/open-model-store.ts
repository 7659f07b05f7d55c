import { join, resolve } from 'node:path';
import { ModelStore, type ModelStoreSetting } from '../../io/models/model-store.ts';
import type { Workspace } from '../workspace.ts';

/** The store of models that the workspaces of this machine share: FLOW_MODELS_DIR, else in the cache folder. */
function modelsFolder({ cacheFolder }: Pick<Workspace, 'cacheFolder'>): string {
  return resolve(process.env.FLOW_MODELS_DIR || join(cacheFolder, 'models')); // Set to nothing is as good as not set.
}

/** The store, with the mirror that FLOW_MODELS_MIRROR names. */
export function openModelStore(
  workspace: Pick<Workspace, 'cacheFolder'>,
  setting: Pick<ModelStoreSetting, 'isOffline' | 'onProgress' | 'onTrouble'>,
): ModelStore {
  const mirror = process.env.FLOW_MODELS_MIRROR || undefined;
  return new ModelStore({ folder: modelsFolder(workspace), mirror, ...setting });
}
