import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CatalogModel } from '../../core/model-catalog.ts';
import type { WeightFiles } from '../../io/models/weight-files.ts';

/** Of all files of a model, as they are or as their entry says; undefined where nobody knows of one of them. */
export function modelBytes({ entry, folder }: CatalogModel, files: WeightFiles): number | undefined {
  let sum = 0;
  for (const { path, sha256, bytes } of entry.files) {
    const place = path === undefined ? sha256 && files.pathOf(sha256) : resolve(folder, path);
    const size = bytes ?? (place ? statSync(place, { throwIfNoEntry: false })?.size : undefined);
    if (size === undefined) return undefined;
    sum += size;
  }
  return sum;
}
