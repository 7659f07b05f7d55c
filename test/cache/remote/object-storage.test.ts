import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryObjects } from '../../../cache/remote/memory-objects.ts';
import { ObjectStorage } from '../../../cache/remote/object-storage.ts';
import { RemoteError, type RemoteFault } from '../../../cache/remote/object-store.ts';
import { storageKey } from '../../../engine/core/storage.ts';
import { testStorage } from '../../storage-contract.ts';

testStorage('objects', async () => new ObjectStorage(new MemoryObjects(), 's3://bucket/prefix'));
testStorage('objects on small pages', async () => {
  return new ObjectStorage(new MemoryObjects({ pageLength: 2 }), 's3://bucket/prefix');
});

test('what a server refuses is an error that says where, why and what to do', async () => {
  const codes: Readonly<Record<RemoteFault, string>> = {
    unavailable: 'remote_unavailable',
    throttled: 'remote_unavailable',
    off: 'remote_unavailable',
    unsupported: 'remote_unavailable',
    invalid: 'remote_unavailable',
    denied: 'auth_failed',
    no_bucket: 'config_invalid',
  };
  for (const [fault, code] of Object.entries(codes) as [RemoteFault, string][]) {
    const objects = new MemoryObjects();
    objects.head = () => Promise.reject(new RemoteError(fault, 'The server said no.'));
    const storage = new ObjectStorage(objects, 's3://bucket/prefix');
    await assert.rejects(storage.exists(storageKey('a/b')), {
      code,
      where: 's3://bucket/prefix/a/b',
      message: 'Cannot read this: The server said no.',
    });
  }
});
