/** Does something with each item, some of them at a time. After a failure no more are begun. @throws the first failure */
export async function eachOf<T>(
  items: Iterable<T>,
  mostAtOnce: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const work = async (): Promise<void> => {
    for (let next = rest.next(); !next.done && failures.length === 0; next = rest.next())
      await action(next.value).catch((error) => failures.push(error));
  };
  await Promise.all(Array.from({ length: mostAtOnce }, work));
  if (failures.length > 0) throw failures[0];
}
