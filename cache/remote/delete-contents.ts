/** Deletes objects so that, wherever it is cut off, nothing is left that names what is gone. */

import { eachOf } from '../../engine/core/each-of.ts';
import { type BucketContents, objectKinds } from './bucket-contents.ts';
import type { ListedObject, ObjectStore } from './object-store.ts';

const atOnce = 64;

/** @param onDeleted told of each object that is gone @throws {RemoteError} the rest stays */
export async function deleteContents(
  objects: ObjectStore,
  contents: BucketContents,
  onDeleted: (object: ListedObject) => void,
): Promise<void> {
  for (const kind of objectKinds)
    await eachOf(contents[kind], atOnce, async (object) => {
      await objects.delete(object.key);
      onDeleted(object);
    });
}
