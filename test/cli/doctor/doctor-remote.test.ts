/** What `flow doctor` says of a remote cache, as a person asks it. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { UploadQueue } from '../../../cache/remote/upload-queue.ts';
import type { Examined } from '../../../engine/cli/doctor/examine.ts';
import { untilLate } from '../../../engine/cli/doctor/examine-bucket.ts';
import type { Finding } from '../../../engine/cli/doctor/finding.ts';
import { digestOf } from '../../../engine/core/digest.ts';
import { Rig } from '../../rig.ts';

/** Nothing listens there. */
const nowhere = {
  FLOW_REMOTE: 's3://team/flow',
  S3_ENDPOINT: 'http://127.0.0.1:9',
  S3_ACCESS_KEY: 'planted-access',
  S3_SECRET_KEY: 'planted-secret',
};

interface Told {
  readonly status: number | null;
  readonly text: string;
  /** Of the remote cache, by name. */
  readonly found: ReadonlyMap<string, Examined>;
}

async function doctor(rig: Rig, env: Readonly<Record<string, string>>): Promise<Told> {
  const { status, stdout, stderr } = await rig.flow(['doctor', '--json'], env);
  const { findings } = JSON.parse(stdout) as { findings: Examined[] };
  const ofRemote = findings.filter(({ area }) => area === 'remote');
  return { status, text: stdout + stderr, found: new Map(ofRemote.map((one) => [one.name, one])) };
}

test('a server that is down fails, all else is looked at, and no text holds a secret', async () => {
  using rig = new Rig();
  mkdirSync(rig.cacheDir);
  const queue = new UploadQueue(`${rig.cacheDir}/uploads.db`, 's3://team/flow/', assert.fail);
  for (const name of ['a', 'b']) queue.add({ kind: 'entry', key: digestOf(name) });
  queue.close();
  const { status, text, found } = await doctor(rig, nowhere);
  assert.equal(status, 1);
  const levels = [...found.values()].map(({ level, name }) => `${level} ${name}`);
  assert.deepEqual(levels, [
    'info remote cache',
    'fail server',
    'info signing key',
    'info trusted keys',
    'info uploads',
  ]);
  assert.match(found.get('remote cache')!.found, /^s3:\/\/team\/flow at .*:9, region us-east-1, .* path$/);
  assert.match(found.get('server')!.found, /ECONNREFUSED/);
  assert.match(found.get('uploads')!.found, /^2 results of earlier builds wait/);
  assert.doesNotMatch(text, /planted/);
});

test('an address that is none is told as a build tells it', async () => {
  using rig = new Rig();
  const { status, found } = await doctor(rig, { FLOW_REMOTE: 'team/flow' });
  assert.equal(status, 1);
  assert.deepEqual([...found.keys()], ['remote cache']);
  assert.match(found.get('remote cache')!.fix!, /^Write it like s3:/);
});

test('of a server that takes too long what was found by then is told', async () => {
  const server: Finding = { name: 'server', level: 'pass', found: 'answers' };
  const found = await untilLate(
    (async function* () {
      yield server;
      await new Promise(() => undefined);
    })(),
    20,
  );
  assert.deepEqual(
    found.map(({ name, level }) => `${level} ${name}`),
    ['pass server', 'fail speed'],
  );
});
