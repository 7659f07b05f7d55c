import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CacheLimits } from '../../cache/cache-limits.ts';
import { type Candidate, chooseEvictions, type Standing } from '../../cache/choose-evictions.ts';

const dayMs = 24 * 3_600_000;
const nowMs = 100 * dayMs;

/** A blob of 10 bytes that was used so many days ago. */
function blob(id: string, daysAgo: number, more: Partial<Candidate> = {}): Candidate {
  const sizeBytes = more.sizeBytes ?? 10;
  return {
    id,
    rank: 'bytes',
    sizeBytes,
    freesBytes: sizeBytes,
    lastUsedAtMs: nowMs - daysAgo * dayMs,
    ...more,
  };
}

/** Ten of them, `a` the oldest: 100 bytes. */
const ten = [...'abcdefghij'].map((id, index) => blob(id, 20 - index));

function chosen(
  candidates: readonly Candidate[],
  limits: Partial<CacheLimits>,
  standing: Partial<Standing> = {},
): string {
  const none = { floorBytes: 0, minFreeBytes: 0, ceilingBytes: Infinity, maxAgeMs: undefined };
  const usedBytes = candidates.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const now = { usedBytes, freeBytes: 1000, heldSinceMs: Infinity, nowMs };
  return chooseEvictions(candidates, { ...none, ...limits }, { ...now, ...standing })
    .map(({ candidate, reason }) => `${candidate.id} ${reason}`)
    .join(', ');
}

test('a cache within its limits loses nothing', () => {
  assert.equal(chosen(ten, { floorBytes: 50, minFreeBytes: 1000, ceilingBytes: 100 }), '');
});

test('above the ceiling the least recently used go, to a tenth below it', () => {
  assert.equal(chosen(ten, { ceilingBytes: 80 }), 'a ceiling, b ceiling, c ceiling');
  assert.equal(chosen([...ten].reverse(), { ceilingBytes: 80 }), 'a ceiling, b ceiling, c ceiling');
});

test('the floor is stronger than the ceiling', () => {
  assert.equal(chosen(ten, { floorBytes: 80, ceilingBytes: 20 }), 'a ceiling, b ceiling');
});

test('the floor is stronger than the free space', () => {
  const limits = { floorBytes: 80, minFreeBytes: 500 };
  assert.equal(chosen(ten, limits, { freeBytes: 0 }), 'a free_space, b free_space');
});

test('the floor is stronger than the age', () => {
  assert.equal(chosen(ten, { floorBytes: 90, maxAgeMs: dayMs }), 'a age');
});

test('the floor is never gone below by a part of an entry', () => {
  const large = [blob('large', 21, { sizeBytes: 60 }), ...ten];
  assert.equal(chosen(large, { floorBytes: 101, ceilingBytes: 20 }), '');
  assert.equal(chosen(large, { floorBytes: 100, ceilingBytes: 20 }), 'large ceiling');
});

test('the free space is stronger than the ceiling: what that allows goes all the same', () => {
  const limits = { minFreeBytes: 20, ceilingBytes: 1000 };
  assert.equal(chosen(ten, limits, { freeBytes: 0 }), 'a free_space, b free_space, c free_space');
});

test('the ceiling holds where the free space asks for nothing', () => {
  assert.equal(chosen(ten, { minFreeBytes: 20, ceilingBytes: 90 }), 'a ceiling, b ceiling');
});

test('what is wanted for the disk goes first, and the ceiling takes what is still too much', () => {
  const limits = { minFreeBytes: 10, ceilingBytes: 70 };
  assert.equal(chosen(ten, limits, { freeBytes: 0 }), 'a free_space, b free_space, c ceiling, d ceiling');
});

test('what frees nothing on the disk is not removed for its sake', () => {
  const linked = [blob('linked', 30, { freesBytes: 0 }), ...ten];
  assert.equal(chosen(linked, { minFreeBytes: 5 }, { freeBytes: 0 }), 'a free_space');
});

test('where the file system does not say what is free nothing goes for it', () => {
  assert.equal(chosen(ten, { minFreeBytes: 500 }, { freeBytes: undefined }), '');
});

test('spilled bytes go before older outputs, and bare results last', () => {
  const mixed = [
    blob('result', 40, { rank: 'result' }),
    blob('old', 30),
    blob('spilled', 1, { rank: 'spilled' }),
  ];
  assert.equal(chosen(mixed, { ceilingBytes: 25 }), 'spilled ceiling');
  assert.equal(chosen(mixed, { ceilingBytes: 0 }), 'spilled ceiling, old ceiling, result ceiling');
});

test('too old is whatever was not used for longer than that, of every rank', () => {
  const mixed = [blob('result', 40, { rank: 'result' }), blob('old', 31), blob('young', 29)];
  assert.equal(chosen(mixed, { maxAgeMs: 30 * dayMs }), 'old age, result age');
});

test('what a running build holds stays, whatever the limits say', () => {
  const limits = { minFreeBytes: 5000, ceilingBytes: 0, maxAgeMs: dayMs };
  const heldSinceMs = nowMs - 18 * dayMs;
  assert.equal(chosen(ten, limits, { freeBytes: 0, heldSinceMs }), 'a age, b age');
});
