import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { CacheKeeper } from '../../cache/cache-keeper.ts';
import { cacheSettings } from '../../cache/cache-limits.ts';
import { type LocalStores, openLocalStores } from '../../cache/local-stores.ts';
import { digestOf } from '../../engine/core/digest.ts';
import { cacheHolders } from '../../engine/io/cache-hold.ts';
import { RealDisk } from '../../engine/io/disk.ts';
import { until } from '../trust/until.ts';
import { makeOlder } from './made-older.ts';

let folder: string;
let stores: LocalStores & Disposable;
let keeper: CacheKeeper;
let warnings: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flow-keeper-'));
  warnings = [];
  const onPut = (sizeBytes: number): void => keeper.noteWritten(sizeBytes);
  stores = openLocalStores(folder, { disk: new RealDisk(), onTrouble: assert.fail, onPut });
  keeper = new CacheKeeper({
    stores,
    settings: cacheSettings.parse({ floor: 0, min_free: 0, ceiling: 1000 }),
    onTrouble: (message) => warnings.push(message),
  });
});
afterEach(async () => {
  await keeper[Symbol.asyncDispose]();
  stores[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function putOld(text: string): Promise<() => Promise<boolean>> {
  const content = new TextEncoder().encode(text.repeat(1000));
  await stores.blobs.put(digestOf(content), content);
  stores.records.flush();
  await makeOlder(folder, 3);
  return () => stores.blobs.has(digestOf(content));
}

test('at the end of a build what is over the ceiling is collected, and told as progress', async () => {
  const isThere = await putOld('old');
  let toldBytes = 0;
  keeper.begin((doneBytes) => {
    toldBytes = doneBytes;
  });
  await keeper.end();
  assert.deepEqual([await isThere(), toldBytes], [false, 3000]);
});

test('in the middle of a build a collection begins once enough has been written', async () => {
  const isThere = await putOld('old');
  let isDone = false;
  keeper.begin(() => {
    isDone = true;
  });
  keeper.noteWritten(2 ** 26);
  await until(() => isDone, 'it has collected');
  assert.equal(await isThere(), false);
});

test('what the build itself has made stays, though that is over the ceiling', async () => {
  keeper.begin(() => undefined);
  const content = new Uint8Array(5000);
  await stores.blobs.put(digestOf(content), content);
  await keeper.end();
  assert.equal(await stores.blobs.has(digestOf(content)), true);
});

test('a build that writes nothing looks at no file', async () => {
  stores.records.setUsedBytes(10);
  const isThere = await putOld('old'); // More than the ceiling, but nobody has counted it.
  const other = new CacheKeeper({
    stores,
    settings: cacheSettings.parse({ floor: 0, ceiling: 1000 }),
    onTrouble: assert.fail,
  });
  other.begin(assert.fail);
  await other.end();
  await other[Symbol.asyncDispose]();
  assert.equal(await isThere(), true);
});

test('a collection that fails is one warning', async () => {
  await putOld('old');
  keeper.begin(() => {
    throw new Error('the disk is gone');
  });
  await keeper.end();
  await keeper.end();
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /^Cannot collect the local cache: the disk is gone\. The build goes on\.$/);
});

test('from its beginning to its end a build holds', async () => {
  keeper.begin(() => undefined);
  const [{ sinceMs } = { sinceMs: Infinity }] = cacheHolders(folder);
  assert.ok(sinceMs <= Date.now());
  await keeper[Symbol.asyncDispose]();
  assert.deepEqual(cacheHolders(folder), []);
});
