import { leasesBeginning } from './layout.ts';
import { type ObjectStore, RemoteError } from './object-store.ts';

/** Always the same, so that there is never more than one to be removed: who may write need not have the right to delete. */
const probeKey = `${leasesBeginning}probe`;

/**
 * What a server makes of writes whose condition does not hold. Some do not know conditions; others take no notice of
 * them, which only shows when they are tried.
 *
 * @throws {RemoteError} if that could not be found out
 */
export async function probeConditions(objects: ObjectStore): Promise<'kept' | 'ignored' | 'unsupported'> {
  const content = new TextEncoder().encode('{}');
  try {
    await objects.put(probeKey, content);
    for (const onlyIf of ['absent', { etag: '0'.repeat(32) }] as const)
      if ((await objects.put(probeKey, content, { onlyIf })).isWritten) return 'ignored';
    return 'kept';
  } catch (error) {
    if (error instanceof RemoteError && error.fault === 'unsupported') return 'unsupported';
    throw error;
  }
}
