import assert from 'node:assert/strict';
import test from 'node:test';
import { type RemoteChoice, remoteSettings } from '../../engine/cli/remote-settings.ts';
import { FlowError, formatError } from '../../engine/core/errors.ts';

type Environment = Parameters<typeof remoteSettings>[1];

const urlOf = (choice: RemoteChoice, env: Environment): string | undefined =>
  remoteSettings(choice, env)?.url;

test('the flag beats the environment, the environment beats flow.yaml', () => {
  const env = { FLOW_REMOTE: 's3://from-env/a' };
  assert.equal(urlOf({ flag: 's3://from-flag', setting: 's3://from-file' }, env), 's3://from-flag');
  assert.equal(urlOf({ setting: 's3://from-file' }, env), 's3://from-env/a');
  assert.equal(urlOf({ setting: 's3://from-file' }, { FLOW_REMOTE: '' }), 's3://from-file');
});

test('a bucket that is only set turns no remote on', () => {
  assert.equal(remoteSettings({}, { S3_BUCKET: 'results', S3_ENDPOINT: 'http://localhost:9000' }), undefined);
});

test('a URL without a bucket takes the bucket and the prefix that are set', () => {
  assert.equal(urlOf({ flag: 's3://' }, { S3_BUCKET: 'team', S3_PREFIX: 'flow/ci' }), 's3://team/flow/ci');
  assert.equal(urlOf({ flag: 's3://' }, { S3_BUCKET: 'team' }), 's3://team/');
});

test('endpoint, region, keys and path style come from the environment', () => {
  const settings = remoteSettings(
    { flag: 's3://team/flow' },
    {
      S3_ENDPOINT: 'http://localhost:9000',
      S3_REGION: 'eu-1',
      S3_ACCESS_KEY: 'key',
      S3_SECRET_KEY: 'secret',
      S3_SESSION_TOKEN: 'token',
      S3_FORCE_PATH_STYLE: 'false',
    },
  );
  assert.deepEqual(settings, {
    url: 's3://team/flow',
    endpoint: 'http://localhost:9000',
    region: 'eu-1',
    accessKey: 'key',
    secretKey: 'secret',
    sessionToken: 'token',
    forcePathStyle: false,
  });
});

test('what cannot be used is a config error that names its place and shows no secret', () => {
  const check = (url: string, env: Environment, where: string, said: RegExp): void => {
    assert.throws(
      () => remoteSettings({ flag: url }, env),
      (error) => {
        assert.ok(error instanceof FlowError);
        assert.equal(error.code, 'config_invalid');
        assert.equal(error.where, where);
        assert.match(error.message, said);
        assert.ok(!formatError(error).includes('planted'));
        return true;
      },
    );
  };
  for (const url of ['team/flow', 's3:/team', 's3://a', 's3://team/../x', 's3://team/a//b', 'x'])
    check(url, {}, '--remote', /^Cannot use the remote ".*": it is not s3:\/\/bucket\/prefix/);
  check('s3://', {}, '--remote', /names no bucket/);
  for (const secretive of [
    's3://key:planted@team/flow',
    's3://key:plan/planted@team/flow',
    'key:planted@team/flow',
    'https://key:planted@host/team',
    's3://team/a?X-Amz-Signature=planted',
  ])
    check(secretive, {}, '--remote', /holds a user, a password or a query/);
  const url = 's3://team/flow';
  check(url, { S3_ENDPOINT: 'localhost:9000' }, 'S3_ENDPOINT', /no http:\/\/ or https:\/\/ address/);
  for (const S3_ENDPOINT of [
    'http://me:planted@host',
    'http://me:plan/planted@host',
    'me:planted@host:9000',
    'http://host/?X-Amz-Signature=planted',
  ])
    check(url, { S3_ENDPOINT }, 'S3_ENDPOINT', /holds a user, a password or a query/);
  check(url, { S3_ACCESS_KEY: 'planted' }, 'S3_ACCESS_KEY', /S3_SECRET_KEY is not/);
  check(url, { S3_SECRET_KEY: 'planted' }, 'S3_SECRET_KEY', /S3_ACCESS_KEY is not/);
  check(url, { S3_FORCE_PATH_STYLE: 'maybe' }, 'S3_FORCE_PATH_STYLE', /"maybe"/);
});
