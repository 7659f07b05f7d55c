import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cacheSettings, limitsOn } from '../../cache/cache-limits.ts';

const GiB = 2 ** 30;

test('without settings the limits are on, and follow from the size of the disk', () => {
  const settings = cacheSettings.parse(undefined);
  const small = { floorBytes: GiB, minFreeBytes: 2 * GiB, ceilingBytes: 8 * GiB, maxAgeMs: undefined };
  assert.deepEqual(limitsOn(40 * GiB, settings), small);
  const large = { floorBytes: GiB, minFreeBytes: 10 * GiB, ceilingBytes: 100 * GiB, maxAgeMs: undefined };
  assert.deepEqual(limitsOn(4096 * GiB, settings), large);
});

test('sizes, shares and ages are read as they are written', () => {
  const settings = cacheSettings.parse({ floor: '2GiB', min_free: '5%', ceiling: '1.5 TB', max_age: '90d' });
  assert.deepEqual(limitsOn(1000 * GiB, settings), {
    floorBytes: 2 * GiB,
    minFreeBytes: 50 * GiB,
    ceilingBytes: 1.5e12,
    maxAgeMs: 90 * 24 * 3_600_000,
  });
});

test('where the size of the disk is not known shares ask for nothing, and sizes still hold', () => {
  const unknown = limitsOn(undefined, cacheSettings.parse({ ceiling: '20%' }));
  assert.deepEqual([unknown.minFreeBytes, unknown.ceilingBytes], [0, Infinity]);
  assert.equal(limitsOn(undefined, cacheSettings.parse({ ceiling: '2GiB' })).ceilingBytes, 2 * GiB);
});

for (const [key, value] of Object.entries({
  floor: 'much',
  min_free: '120%',
  ceiling: -5,
  max_age: '90 days',
  size: '5GiB',
}))
  test(`cache.${key}: ${value} is refused`, () => {
    assert.equal(cacheSettings.safeParse({ [key]: value }).success, false);
  });
