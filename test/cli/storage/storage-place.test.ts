import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storagePlace } from '../../../engine/cli/storage/storage-place.ts';

const naming = { root: '/space', base: '/space/below', where: '--results' };

test('a folder is itself, and an address has a working copy in the workspace', () => {
  assert.deepEqual(storagePlace('../r', naming), { folder: '/space/r', url: undefined });
  const { folder, url } = storagePlace('s3://team/videos/', naming);
  assert.equal(url, 's3://team/videos');
  assert.match(folder, /^\/space\/\.flow\/storage\/[0-9a-f]{16}\/copy$/);
  assert.equal(storagePlace('s3://team/videos', naming).folder, folder);
  assert.notEqual(storagePlace('s3://team/other', naming).folder, folder);
});

test('an address that is none is refused, and what it may hold of a secret is not shown', () => {
  for (const bad of [
    's3://a b/c',
    's3://team/../other',
    'gs://team/x',
    's3://me:hidden@team/x',
    'https://me:hidden@host/x',
  ])
    assert.throws(
      () => storagePlace(bad, naming),
      ({ code, where, message, fix }) =>
        code === 'config_invalid' &&
        where === '--results' &&
        /^Cannot /.test(message) &&
        !`${message}${fix}`.includes('hidden'),
      bad,
    );
});
