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
  components: readonly Pick<ManifestComponent, 'name' | 'outputs'>[],
): Promise<void> {
  for (const { name, outputs } of components) {
    const place = join(folder, name);
    const listed = new Set(outputs.map(({ path }) => basename(path)));
    const present = await disk.list(place);
    const stale = present.filter((file) => !listed.has(file) && ownerOfTemporary(file) === undefined);
    for (const file of stale) await disk.remove(join(place, file));
    if (present.length > 0 && stale.length === present.length) await disk.remove(place);
  }
}
