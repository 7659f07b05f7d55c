/**
 * Values that are made several at a time and given one by one, in their order. Each is disposed of when the next one
 * is asked for; when the reader leaves, what is still being made is told to stop, and waited for.
 *
 * @param make begins with a value; is called in the order of the values
 */
export async function* inOrder<T extends Disposable>(
  count: number,
  atOnce: number,
  make: (index: number, stopped: AbortSignal) => Promise<T>,
): AsyncGenerator<T> {
  const stop = new AbortController();
  const coming: Promise<T>[] = [];
  try {
    for (let index = 0, begun = 0; index < count; index += 1) {
      for (; begun < Math.min(index + atOnce, count); begun += 1) coming.push(make(begun, stop.signal));
      for (const promise of coming) promise.catch(() => undefined); // It is told when its turn comes.
      using value = await coming.shift()!;
      yield value;
    }
  } finally {
    stop.abort();
    for (const made of await Promise.allSettled(coming))
      if (made.status === 'fulfilled') made.value[Symbol.dispose]();
  }
}
