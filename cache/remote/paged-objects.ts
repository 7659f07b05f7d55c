/** Listing by single requests: what a list is made of, so that each of them can be retried, paced and counted. */
import type { ListedObject, ObjectStore } from './object-store.ts';

export interface ListedPage {
  readonly objects: readonly ListedObject[];
  /** False if there may be more after the last of them. */
  readonly isLast: boolean;
}

export interface PagedObjects extends ObjectStore {
  /** One request's worth of `list`: objects whose keys come after `after`, from the first one on. */
  listPage(beginning: string, after: string): Promise<ListedPage>;
}

/** All pages in turn; the next one is asked for when the last one is used up. */
export async function* listByPages(objects: PagedObjects, beginning: string): AsyncGenerator<ListedObject> {
  for (let after = '', isLast = false; !isLast; ) {
    const page = await objects.listPage(beginning, after);
    yield* page.objects;
    after = page.objects.at(-1)?.key ?? after;
    isLast = page.isLast || page.objects.length === 0;
  }
}
