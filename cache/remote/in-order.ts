/**
 * Values that are made several at a time and given one by one, in their order. When the reader leaves, what is still
 * being made is told to stop, and waited for.
 */
export async function* inOrder<T>(
  count: number,
  atOnce: number,
  make: (index: number, stopped: AbortSignal) => Promise<T>,
): AsyncGenerator<T> {
  const stop = new AbortController();
  const coming: Promise<T>[] = [];
  try {
    for (let index = 0, begun = 0; index < count; index += 1) {
      for (; begun < Math.min(index + atOnce, count); begun += 1) {
        const value = make(begun, stop.signal);
        value.catch(() => undefined); // It is told when its turn comes.
        coming.push(value);
      }
      yield await coming.shift()!;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(coming);
  }
}
