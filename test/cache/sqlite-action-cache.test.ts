import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { SqliteActionCache } from '../../cache/sqlite-action-cache.ts';
import { digestOf } from '../../engine/core/digest.ts';
import type { ActionResult } from '../../engine/core/store.ts';

const key = digestOf('key');
const result: ActionResult = {
  status: 'success',
  warnings: ['ünïcode', '"quotes"'],
  outputs: {
    text: {
      digest: digestOf('content'),
      content: digestOf('content'),
      sizeBytes: 7,
      format: 'text',
      extension: 'txt',
      isEphemeral: false,
      inline: 'Y29udGVudA==',
    },
  },
  durationMs: 1.5,
};

interface Opened extends Disposable {
  readonly path: string;
  readonly troubles: string[];
  open(): SqliteActionCache & Disposable;
}

function inFolder(): Opened {
  const folder = mkdtempSync(join(tmpdir(), 'flow-actions-'));
  const path = join(folder, 'actions.db');
  const troubles: string[] = [];
  return {
    path,
    troubles,
    open: () => {
      const cache = new SqliteActionCache(path, (message) => troubles.push(message));
      return Object.assign(cache, { [Symbol.dispose]: () => cache.close() });
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function stored(place: Opened): void {
  using cache = place.open();
  cache.put(key, result, { v: 1 });
}

test('a result is there for the next process, as it was put', () => {
  using place = inFolder();
  stored(place);
  using cache = place.open();
  assert.deepEqual(cache.get(key), result);
  assert.equal(cache.get(digestOf('other key')), undefined);
  cache.delete(key);
  assert.equal(cache.get(key), undefined);
  assert.deepEqual(place.troubles, []);
});

for (const column of ['result', 'checksum']) {
  for (const value of [
    `replace(${column}, 'a', 'b')`,
    `substr(${column}, 1, 20)`,
    `''`,
    'NULL',
    '7',
    `x'00ff'`,
  ]) {
    test(`a row whose ${column} became ${value} is a miss`, () => {
      using place = inFolder();
      stored(place);
      using database = new DatabaseSync(place.path);
      database.exec(`UPDATE actions SET ${column} = ${value}`);
      using cache = place.open();
      assert.equal(cache.get(key), undefined);
      cache.put(key, result, {});
      assert.deepEqual(cache.get(key), result);
    });
  }
}

test('a file that is damaged while it is open is begun anew, and what is put then is kept', () => {
  using place = inFolder();
  {
    using cache = place.open();
    for (let index = 0; index < 300; index += 1) cache.put(digestOf(String(index)), result, {});
  }
  using cache = place.open();
  const garbage = Buffer.alloc(400_000, 0xa5);
  writeFileSync(place.path, garbage);
  rmSync(`${place.path}-wal`, { force: true });
  for (let index = 0; index < 300; index += 1) {
    const found = cache.get(digestOf(String(index)));
    if (found) assert.deepEqual(found, result);
  }
  cache.put(key, result, {});
  assert.deepEqual(cache.get(key), result);
});

test('a damaged file is moved aside together with its log, told once, and begun anew', () => {
  using place = inFolder();
  stored(place);
  for (const ending of ['', '-wal', '-shm']) writeFileSync(`${place.path}${ending}`, 'garbage '.repeat(1000));
  {
    using cache = place.open();
    assert.equal(cache.get(key), undefined);
    cache.put(key, result, {});
  }
  assert.ok(existsSync(`${place.path}.broken`));
  using cache = place.open();
  assert.deepEqual(cache.get(key), result);
  assert.equal(place.troubles.length, 1);
});

test('where no file can be had, results serve this process, and that is told', () => {
  using place = inFolder();
  mkdirSync(place.path);
  using cache = place.open();
  cache.put(key, result, {});
  assert.deepEqual(cache.get(key), result);
  assert.equal(place.troubles.length, 1);
  assert.match(place.troubles[0]!, /Cannot open the list of action results/);
});

test('a result of another machine is stored with its seal, or not at all', () => {
  using place = inFolder();
  stored(place);
  using cache = place.open();
  using database = new DatabaseSync(place.path);
  database.exec(`CREATE TRIGGER full BEFORE INSERT ON actions BEGIN SELECT RAISE(ABORT, 'no room'); END`);
  const seal = { writer: 'another machine', signature: 'of it' };
  cache.put(key, { ...result, durationMs: 2 }, {}, seal);
  assert.deepEqual([cache.get(key), cache.sealOf(key)], [result, undefined]);
  database.exec('DROP TRIGGER full');
  cache.put(key, result, {}, seal);
  assert.deepEqual(cache.sealOf(key), seal);
  cache.delete(key);
  assert.equal(cache.sealOf(key), undefined);
});
