/** Finds out what the files of a model are for which neither entry nor lock says it, and notes it in the lock. */
import type { CatalogModel } from '../../core/model-catalog.ts';
import type { ModelStore } from '../../io/models/model-store.ts';
import type { Workspace } from '../workspace.ts';
import { addPins, isPinnable, type Pin } from './models-lock.ts';

/**
 * @returns pulls the files of a model that have no digest, and gives the model with the digests of all of them; it
 *   throws as `ModelStore.open` and `addPins` do
 */
export function pinningTo(
  workspace: Pick<Workspace, 'root' | 'stateFolder'>,
  store: ModelStore,
): (model: CatalogModel, signal?: AbortSignal) => Promise<CatalogModel> {
  return async (model, signal) => {
    const pinned = await store.pin(model, signal);
    addPins(model.entry, pinsOf(model, pinned), { workspace });
    return pinned;
  };
}

/** What the lock has to say of a model. @param pinned the same model with the digests of all its files */
export function pinsOf({ entry }: CatalogModel, pinned: CatalogModel): Record<string, Pin> {
  const found = pinned.entry.files.filter((_, index) => isPinnable(entry.files[index]!));
  return Object.fromEntries(
    found.map(({ name, sha256, bytes }) => [name, { sha256: sha256!, bytes: bytes! }]),
  ); // `pin` has found both.
}
