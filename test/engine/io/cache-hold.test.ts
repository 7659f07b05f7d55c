import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { CacheHold, cacheHolders, holdsFolder } from '../../../engine/io/cache-hold.ts';
import { startHolder } from '../../cache/cache-holder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flow-hold-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a hold is there until it is disposed of, and says since when', () => {
  const beforeMs = Date.now();
  {
    using _hold = new CacheHold(folder);
    const [holder, ...others] = cacheHolders(folder);
    assert.deepEqual([holder?.name, others], [`process ${process.pid}`, []]);
    assert.ok(holder!.sinceMs >= beforeMs && holder!.sinceMs <= Date.now());
  }
  assert.deepEqual(cacheHolders(folder), []);
});

test('another process holds as long as it lives, and what it leaves behind is swept away', async () => {
  const holder = await startHolder(folder);
  assert.deepEqual(
    cacheHolders(folder).map(({ name }) => name),
    [`process ${holder.pid}`],
  );
  await holder.kill();
  assert.deepEqual(cacheHolders(folder), []);
  assert.deepEqual(readdirSync(join(folder, holdsFolder)), []);
});

test('a new hold sweeps away that of a process that was killed', async () => {
  const holder = await startHolder(folder);
  await holder.kill();
  using _hold = new CacheHold(folder);
  assert.equal(readdirSync(join(folder, holdsFolder)).length, 1);
});

test('a process of another machine holds as long as it touches its file', () => {
  mkdirSync(join(folder, holdsFolder));
  const path = join(folder, holdsFolder, '1 1@0123456789abcdef');
  writeFileSync(path, JSON.stringify({ host: 'elsewhere', sinceMs: 5 }));
  assert.deepEqual(cacheHolders(folder), [{ name: 'process 1 of elsewhere', sinceMs: 5 }]);
  const longAgoS = Date.now() / 1000 - 3600;
  utimesSync(path, longAgoS, longAgoS);
  assert.deepEqual(cacheHolders(folder), []);
});

test('a hold that cannot be read yet holds everything', () => {
  using _hold = new CacheHold(folder);
  const [name] = readdirSync(join(folder, holdsFolder));
  writeFileSync(join(folder, holdsFolder, name!), '');
  assert.deepEqual(cacheHolders(folder), [{ name: `process ${process.pid}`, sinceMs: 0 }]);
});

test('a folder that cannot be written to is no error', () => {
  writeFileSync(join(folder, 'file'), '');
  using _hold = new CacheHold(join(folder, 'file'));
  assert.deepEqual(cacheHolders(join(folder, 'file')), []);
});
