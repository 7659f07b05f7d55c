/** Does something with each item, a batch after the other: enough at a time for the pacing of requests, and no more. */
export async function inBatches<Item>(
  items: readonly Item[],
  batchLength: number,
  act: (item: Item) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < items.length; at += batchLength)
    await Promise.all(items.slice(at, at + batchLength).map(act));
}
