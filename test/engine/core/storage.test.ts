import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storageKey } from '../../../engine/core/storage.ts';

test('a key is a relative path that cannot lead out of the storage', () => {
  for (const good of ['manifest.json', 'local/clip-1/r-1/decode/frames.npz', '..a/b..', 'ä b/c'])
    assert.equal(storageKey(good), good);
  for (const bad of [
    '',
    '/etc/passwd',
    '../x',
    'a/../b',
    'a/./b',
    'a//b',
    'a/',
    'a\\..\\b',
    'a\0b',
    'x'.repeat(900),
  ])
    assert.throws(() => storageKey(bad), {
      code: 'config_invalid',
      message: /^Cannot use ".*" as a place in a storage: /,
    });
});
