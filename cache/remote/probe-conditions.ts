import { randomUUID } from 'node:crypto';
import { leasesBeginning } from './layout.ts';
import { type ObjectStore, RemoteError } from './object-store.ts';

/**
 * What a server makes of writes whose condition does not hold. Some do not know conditions; others take no notice of
 * them, which only shows when they are tried.
 *
 * @throws {RemoteError} if that could not be found out
 */
export async function probeConditions(objects: ObjectStore): Promise<'kept' | 'ignored' | 'unsupported'> {
  const key = `${leasesBeginning}probe-${randomUUID()}`;
  const content = new TextEncoder().encode('{}');
  try {
    await objects.put(key, content, { onlyIf: 'absent' });
    for (const onlyIf of ['absent', { etag: '0'.repeat(32) }] as const)
      if ((await objects.put(key, content, { onlyIf })).isWritten) return 'ignored';
    return 'kept';
  } catch (error) {
    if (error instanceof RemoteError && error.fault === 'unsupported') return 'unsupported';
    throw error;
  } finally {
    await objects.delete(key).catch(() => undefined); // A few bytes, which the next collection of garbage removes.
  }
}
