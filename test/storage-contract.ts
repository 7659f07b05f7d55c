/** What every storage keeps to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../engine/core/digest.ts';
import { contentOf, type Storage, storageKey, wholeOf } from '../engine/core/storage.ts';

/** Declares the tests of one kind. @param open gives an empty storage */
export function testStorage(kind: string, open: () => Promise<Storage>): void {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
  const key = storageKey('local/clip/r-1/decode/frames.npz');

  test(`${kind}: what is written is read, whole and in part, with its size and digest`, async () => {
    const storage = await open();
    const content = contentOf(Buffer.from('0123456789'));
    const version = await storage.write(key, content);

    const found = await storage.read(key);
    assert.equal(text(await wholeOf(found!)), '0123456789');
    assert.deepEqual([found!.sizeBytes, found!.version], [10, version]);
    assert.deepEqual(await storage.exists(key), { sizeBytes: 10, version });
    assert.equal(await storage.digestOf(key), content.digest);
    const ranges = { '2-5': '234', '8-99': '89' };
    for (const [name, expected] of Object.entries(ranges)) {
      const [from = 0, to = 0] = name.split('-').map(Number);
      assert.equal(text(await wholeOf((await storage.read(key, { from, to }))!)), expected);
    }
  });

  test(`${kind}: what is not there is undefined, also below something that is`, async () => {
    const storage = await open();
    await storage.write(storageKey('a/b'), contentOf(Buffer.from('x')));
    for (const absent of ['a', 'a/c', 'a/b/c'].map(storageKey)) {
      assert.equal(await storage.read(absent), undefined);
      assert.equal(await storage.exists(absent), undefined);
      assert.equal(await storage.digestOf(absent), undefined);
    }
    await storage.remove(storageKey('a/c'));
  });

  test(`${kind}: a list has the keys below a folder in order, and not those of one whose name begins alike`, async () => {
    const storage = await open();
    for (const name of ['v/r-1/b/x.npz', 'v/r-1/a/x.npz', 'v/r-10/a/x.npz', 'v/r-1/manifest.json'])
      await storage.write(storageKey(name), contentOf(Buffer.from(name)));
    const keys = (await Array.fromAsync(storage.list(storageKey('v/r-1')))).map((entry) => entry.key);
    assert.deepEqual(keys, ['v/r-1/a/x.npz', 'v/r-1/b/x.npz', 'v/r-1/manifest.json']);
    assert.equal((await Array.fromAsync(storage.list())).length, 4);
    await storage.remove(storageKey('v/r-10/a/x.npz'));
    assert.deepEqual(await Array.fromAsync(storage.list(storageKey('v/r-10'))), []);
  });

  test(`${kind}: a write that fails on the way leaves what was there`, async () => {
    const storage = await open();
    const before = contentOf(Buffer.from('before'));
    await storage.write(key, before);
    const large = 20 * 2 ** 20; // In parts, where there are parts.
    const broken = {
      sizeBytes: large,
      digest: digestOf('never read'),
      open: async function* () {
        yield new Uint8Array(large / 2);
        throw new Error('the disk is gone');
      },
    };
    await assert.rejects(storage.write(key, broken), /the disk is gone/);
    await assert.rejects(storage.write(key, { ...contentOf(Buffer.from('after')), digest: before.digest }), {
      code: 'output_invalid',
    });
    assert.equal(text(await wholeOf((await storage.read(key))!)), 'before');
    assert.equal((await Array.fromAsync(storage.list())).length, 1);
  });

  test(`${kind}: content of many parts comes back as it was, and replaces what was there`, async () => {
    const storage = await open();
    await storage.write(key, contentOf(Buffer.from('small')));
    const bytes = new Uint8Array(17 * 2 ** 20).map((_, at) => at % 251);
    const digest = digestOf(bytes);
    const pieces = async function* () {
      for (let at = 0; at < bytes.length; at += 700_001) yield bytes.subarray(at, at + 700_001);
    };
    await storage.write(key, { sizeBytes: bytes.length, digest, open: pieces });
    assert.equal(digestOf(await wholeOf((await storage.read(key))!)), digest);
    assert.equal(await storage.digestOf(key), digest);
  });
}
