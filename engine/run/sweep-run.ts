/** Keeps a run's folder to what its manifest lists. */
import { basename, join } from 'node:path';
import type { ManifestComponent } from '../core/manifest.ts';
import { type Disk, ownerOfTemporary } from '../io/disk.ts';

/**
 * Removes what earlier builds have left in the folders of components: outputs that have another name now, or
 * that a component no longer gives. What another process is about to deliver is left alone.
 *
 * @param folder the run's own
 */
export async function sweepRun(
  disk: Disk,
  folder: string,
  components: readonly ManifestComponent[],
): Promise<void> {
  for (const { name, outputs } of components) {
    const listed = new Set(outputs.map(({ path }) => basename(path)));
    for (const file of await disk.list(join(folder, name)))
      if (!listed.has(file) && ownerOfTemporary(file) === undefined)
        await disk.remove(join(folder, name, file));
  }
}
