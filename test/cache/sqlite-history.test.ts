import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SqliteHistory } from '../../cache/sqlite-history.ts';
import { digestOf } from '../../engine/core/digest.ts';
import type { ActionPlace } from '../../engine/core/history.ts';

const folder = mkdtempSync(join(tmpdir(), 'flow-history-'));
after(() => rmSync(folder, { recursive: true }));

const place: ActionPlace = {
  origin: '/clip.mp4',
  component: 'decode',
  phase: 'run',
  segment: 3,
  request: '',
};

function open(name: string): SqliteHistory {
  return new SqliteHistory(join(folder, name), assert.fail);
}

function past(name: string, atMs: number, outcome: 'ran' | 'cached' = 'ran', durationMs = 5) {
  return { key: digestOf(name), atMs, outcome, durationMs };
}

function keysIn(history: SqliteHistory, at = place): string[] {
  return history.of(at).map(({ key }) => key);
}

test('the keys of an action are told newest first, also by a later process', () => {
  const first = open('keys.db');
  first.note(place, past('a', 1));
  first.note(place, past('b', 2));
  first.note({ ...place, segment: 4 }, past('c', 3));
  first.note({ ...place, segment: null }, past('d', 3));
  first.close();
  const second = open('keys.db');
  assert.deepEqual(keysIn(second), [digestOf('b'), digestOf('a')]);
  assert.deepEqual(keysIn(second, { ...place, segment: null }), [digestOf('d')]);
  second.close();
});

test('what is cached under its newest key is not written again; a key that comes back is the newest', () => {
  const history = open('again.db');
  history.note(place, past('a', 1));
  history.note(place, past('a', 2, 'cached'));
  assert.deepEqual(
    history.of(place).map(({ atMs, outcome }) => [atMs, outcome]),
    [[1, 'ran']],
  );
  history.note(place, past('b', 3));
  history.note(place, past('a', 4, 'cached'));
  assert.deepEqual(keysIn(history), [digestOf('a'), digestOf('b')]);
  history.close();
});

test('a later process knows what is newest: it does not write that again, and forgets what is old', () => {
  const noteAlone = (what: ReturnType<typeof past>): void => {
    const history = open('processes.db');
    history.note(place, what);
    history.close();
  };
  noteAlone(past('a', 1));
  noteAlone(past('a', 2, 'cached'));
  const history = open('processes.db');
  assert.deepEqual(
    history.of(place).map(({ atMs, outcome }) => [atMs, outcome]),
    [[1, 'ran']],
  );
  history.close();
  for (let index = 0; index < 10; index += 1) noteAlone(past(String(index), 3 + index));
  const last = open('processes.db');
  assert.equal(last.of(place).length, 8);
  last.close();
});

test('of many keys the last eight are remembered, for each request by itself', () => {
  const history = open('many.db');
  for (let index = 0; index < 20; index += 1) history.note(place, past(String(index), index));
  history.note({ ...place, request: '{"fps":1}' }, past('other', 0));
  const keys = history.of(place);
  assert.deepEqual(
    keys.map(({ atMs, request }) => [atMs, request]),
    [...[19, 18, 17, 16, 15, 14, 13, 12].map((atMs) => [atMs, '']), [0, '{"fps":1}']],
  );
  history.close();
});

test('an estimate leans on the executions of a component, and is not there where it never ran', () => {
  const history = open('durations.db');
  assert.equal(history.expectedMs('decode', 'run'), undefined);
  history.note(place, past('a', 1, 'cached', 1000));
  assert.equal(history.expectedMs('decode', 'run'), undefined);
  for (let index = 0; index < 100; index += 1) history.note(place, past(`b${index}`, 2 + index, 'ran', 50));
  assert.equal(history.expectedMs('decode', 'run'), 50);
  for (let index = 0; index < 100; index += 1) history.note(place, past(`c${index}`, 200 + index, 'ran', 90));
  assert.ok(Math.abs(history.expectedMs('decode', 'run')! - 90) < 1);
  assert.equal(history.expectedMs('decode', 'merge'), undefined);
  history.close();
});

test('a damaged history is begun anew, and that is told once', () => {
  writeFileSync(join(folder, 'damaged.db'), 'no database, and long enough to be taken for one'.repeat(100));
  const troubles: string[] = [];
  const history = new SqliteHistory(join(folder, 'damaged.db'), (message) => troubles.push(message));
  history.note(place, past('a', 1));
  assert.deepEqual(keysIn(history), [digestOf('a')]);
  assert.equal(troubles.length, 1);
  history.close();
});

test('the last build of an origin is known, also where it changed nothing', () => {
  const history = open('builds.db');
  assert.equal(history.lastBuildMs(place.origin), undefined);
  history.note(place, past('a', 1));
  history.note(place, past('a', 5, 'cached'));
  history.note({ ...place, origin: '/other.mp4' }, past('a', 3));
  assert.equal(history.lastBuildMs(place.origin), 5);
  assert.equal(history.lastBuildMs('/other.mp4'), 3);
  history.close();
});
