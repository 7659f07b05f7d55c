import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { LocalBlobStore } from '../../cache/local-blob-store.ts';
import { digestOf } from '../../engine/core/digest.ts';
import { RealDisk, writeAtomically } from '../../engine/io/disk.ts';
import { FaultyDisk, InjectedFault, MemoryDisk } from './memory-disk.ts';

const blob = new TextEncoder().encode('some content that is long enough to be cut');
const digest = digestOf(blob);

function ignoreInjected(error: unknown): void {
  if (!(error instanceof InjectedFault)) throw error;
}

async function contentIn(disk: MemoryDisk): Promise<Uint8Array | undefined> {
  return new LocalBlobStore(disk, '/cache').get(digest);
}

test('a put broken at any disk call leaves the blob whole or absent', async () => {
  for (let failAt = 1; ; failAt += 1) {
    const disk = new MemoryDisk();
    const faulty = new FaultyDisk(disk, failAt);
    await new LocalBlobStore(faulty, '/cache').put(digest, blob).catch(ignoreInjected);
    assert.deepEqual((await contentIn(disk)) ?? blob, blob, `broken at call ${failAt}`);

    await new LocalBlobStore(disk, '/cache').put(digest, blob);
    assert.deepEqual(await contentIn(disk), blob, `put again after call ${failAt}`);
    if (!faulty.hasFired) return; // Every call has had its turn.
  }
});

test('a put over a damaged blob that is broken at any disk call leaves the old or the new one', async () => {
  for (let failAt = 1; ; failAt += 1) {
    const disk = new MemoryDisk();
    const damaged = blob.slice();
    damaged[3]! ^= 1;
    disk.files.set(new LocalBlobStore(disk, '/cache').pathOf(digest), damaged);
    const faulty = new FaultyDisk(disk, failAt);
    await new LocalBlobStore(faulty, '/cache').put(digest, blob).catch(ignoreInjected);
    const found = digestOf((await contentIn(disk))!);
    assert.ok(found === digest || found === digestOf(damaged));
    if (!faulty.hasFired) return assert.equal(found, digest);
  }
});

test('writing a file broken at any disk call leaves the old or the new content', async () => {
  for (let failAt = 1; ; failAt += 1) {
    const disk = new MemoryDisk();
    await writeAtomically(disk, '/file', 'the old content');
    const faulty = new FaultyDisk(disk, failAt);
    await writeAtomically(faulty, '/file', 'new').catch(ignoreInjected);
    const found = new TextDecoder().decode(disk.files.get('/file'));
    assert.ok(found === 'the old content' || found === 'new', found);
    if (!faulty.hasFired) return assert.equal(found, 'new');
  }
});

function onRealDisk(): { store: LocalBlobStore; folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'flow-blobs-'));
  return {
    folder,
    store: new LocalBlobStore(new RealDisk(), folder),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

test('a blob is a read-only file in a folder of its first two digits', async () => {
  using real = onRealDisk();
  await real.store.put(digest, blob);
  const path = real.store.pathOf(digest);
  assert.equal(path, join(real.folder, 'cas', digest.slice(3, 5), digest.slice(3)));
  assert.equal(statSync(path).mode & 0o777, 0o444);
  assert.deepEqual(new Uint8Array((await real.store.get(digest))!), blob);
});

test('puts of one blob at the same time leave it whole and nothing else', async () => {
  using real = onRealDisk();
  await Promise.all(Array.from({ length: 16 }, () => real.store.put(digest, blob)));
  assert.deepEqual(new Uint8Array((await real.store.get(digest))!), blob);
  assert.equal(readdirSync(dirname(real.store.pathOf(digest))).length, 1);
});

test('a put replaces a blob that was damaged in its place, or by a folder', async () => {
  using real = onRealDisk();
  const path = real.store.pathOf(digest);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    blob.map((byte) => byte ^ 1),
  );
  await real.store.put(digest, blob);
  assert.deepEqual(new Uint8Array((await real.store.get(digest))!), blob);
  rmSync(path);
  mkdirSync(join(path, 'in the way'), { recursive: true });
  assert.equal(await real.store.has(digest), false);
  assert.equal(await real.store.get(digest), undefined);
  await real.store.put(digest, blob);
  assert.deepEqual(new Uint8Array((await real.store.get(digest))!), blob);
});

test('a blob that is not there is absent, and deleting it is no error', async () => {
  using real = onRealDisk();
  assert.equal(await real.store.has(digest), false);
  assert.equal(await real.store.get(digest), undefined);
  await real.store.delete(digest);
});
