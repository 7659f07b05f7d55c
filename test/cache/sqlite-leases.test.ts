import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { SqliteLeases } from '../../cache/sqlite-leases.ts';
import { digestOf } from '../../engine/core/digest.ts';
import { processIdentity } from '../../engine/io/process-identity.ts';

const key = digestOf('key');

function inFolder(): { path: string; leases: SqliteLeases; troubles: string[] } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'flow-leases-'));
  const path = join(folder, 'leases.db');
  const troubles: string[] = [];
  const leases = new SqliteLeases(path, (message) => troubles.push(message));
  const end = (): void => {
    leases.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { path, leases, troubles, [Symbol.dispose]: end };
}

function giveTo(path: string, owner: string): void {
  using database = new DatabaseSync(path);
  database.prepare('INSERT OR REPLACE INTO leases VALUES (?, ?)').run(key, owner);
}

test('a free lease is had, and is free again once it is released', () => {
  using place = inFolder();
  assert.equal(place.leases.acquire(key), true);
  place.leases.release(key);
  assert.equal(place.leases.acquire(key), true);
});

test('a lease that a living process holds is not had', async () => {
  using place = inFolder();
  const other = spawn('sleep', ['60']);
  giveTo(place.path, processIdentity(other.pid));
  assert.equal(place.leases.acquire(key), false);
  const gone = new Promise((done) => other.on('exit', done));
  other.kill('SIGKILL');
  await gone;
  assert.equal(place.leases.acquire(key), true, 'and once that process is dead, it is had');
});

for (const owner of ['999999999 1', `${process.pid} 1`, 'nonsense', '', '0 0', '-1 5']) {
  test(`a lease of "${owner.replace(String(process.pid), 'PID')}", which is no living process, is taken over`, () => {
    using place = inFolder();
    giveTo(place.path, owner);
    assert.equal(place.leases.acquire(key), true);
  });
}

test('releasing a lease that another process holds changes nothing', () => {
  using place = inFolder();
  giveTo(place.path, processIdentity(process.ppid));
  place.leases.release(key);
  assert.equal(place.leases.acquire(key), false);
});

test('without a file for them every lease is free, and that is told', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flow-leases-'));
  mkdirSync(join(folder, 'leases.db'));
  const troubles: string[] = [];
  const leases = new SqliteLeases(join(folder, 'leases.db'), (message) => troubles.push(message));
  assert.equal(leases.acquire(key), true);
  assert.equal(troubles.length, 1);
  leases.close();
  rmSync(folder, { recursive: true });
});

test('a damaged file of leases is begun anew', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flow-leases-'));
  const path = join(folder, 'leases.db');
  writeFileSync(path, 'garbage '.repeat(1000));
  const troubles: string[] = [];
  const leases = new SqliteLeases(path, (message) => troubles.push(message));
  assert.equal(leases.acquire(key), true);
  assert.match(troubles[0] ?? '', /begun anew/);
  leases.close();
  rmSync(folder, { recursive: true });
});
