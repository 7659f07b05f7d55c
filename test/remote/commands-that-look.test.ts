/** `flow doctor`, `flow plan` and `flow why` look into a bucket, and say what is there and what is not. */
import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { examineBucket } from '../../engine/cli/doctor/examine-bucket.ts';
import type { ExplanationDocument } from '../../engine/cli/explain/explanation-text.ts';
import { bucketSettings } from '../../engine/cli/remote-settings.ts';
import { startFaultProxy } from '../fault-proxy.ts';
import type { FlowRun, Rig } from '../rig.ts';
import { withoutS3 } from '../s3-server.ts';
import { of, textRig } from './fault-rig.ts';
import { SharedBucket } from './shared-bucket.ts';

type Environment = Readonly<Record<string, string>>;

describe('commands that look into a bucket', { skip: withoutS3 }, () => {
  let bucket: SharedBucket;
  before(async () => {
    bucket = await SharedBucket.start();
  });
  after(() => bucket[Symbol.asyncDispose]());

  test('a plan on a fresh machine says what would come from the bucket, and brings nothing', async () => {
    const here = bucket.fresh();
    using first = textRig();
    using fresh = textRig();
    const local = await told(fresh, ['plan', '//...'], here.env);
    assert.match(local.stdout, /1 action would run, 2 more may, 0 cached/);
    await here.build(first, ['//...']);
    const { stdout } = await told(fresh, ['plan', '//...'], here.env);
    assert.match(stdout, /^nothing would run: 3 actions cached \(3 of them remote\); \d+ KiB to fetch; /m);
    const json = await told(fresh, ['plan', '//...', '--json'], here.env);
    const { runs } = JSON.parse(json.stdout) as { runs: { bytes_to_fetch: number }[] };
    const { bytes_down } = (await here.build(fresh, ['//...'])).summary.remote!;
    assert.equal(runs[0]!.bytes_to_fetch, bytes_down);
    assert.match((await told(fresh, ['plan', '//...'], here.env)).stdout, /3 actions cached$/m);
  });

  test('offline, and with a warning where the server is down, plan and why answer from this machine', async () => {
    const here = bucket.fresh();
    using first = textRig();
    using fresh = textRig();
    await here.build(first, ['//...']);
    const near = await told(fresh, ['why', '//small'], here.env);
    assert.match(near.stdout, /cached \(remote\): made elsewhere/);
    const offline = await told(fresh, ['why', '//small', '--offline'], here.env);
    assert.match(offline.stdout, /would run: never built here/);
    assert.equal(offline.stderr, '');
    const down = await told(fresh, ['plan', '//...'], { ...here.env, S3_ENDPOINT: 'http://127.0.0.1:9' });
    assert.match(down.stdout, /1 action would run, 2 more may/);
    assert.match(down.stderr, /^warning: The remote cache .* is not used: .*ECONNREFUSED.*\n$/);
  });

  test('a result that was not sent is told with the reason and the time, until it was sent', async () => {
    const here = bucket.fresh();
    using rig = textRig();
    await rig.build(['//...']);
    for (const folder of readdirSync(join(rig.cacheDir, 'cas')))
      rmSync(join(rig.cacheDir, 'cas', folder), { recursive: true });
    await rig.flow(['cache', 'push', '--all'], here.env);
    const asked = await told(rig, ['why', '//large'], here.env);
    const reason = 'its bytes are not in the local cache any more';
    assert.match(
      asked.stdout,
      new RegExp(`was not sent to the remote cache on \\d{4}-\\d\\d-\\d\\d [\\d:]{8}: ${reason}\n`),
    );
    const { stdout } = await told(rig, ['why', '//large', '--json'], here.env);
    const [{ actions }] = JSON.parse(stdout) as [{ actions: [ExplanationDocument] }];
    assert.equal(actions[0].not_uploaded?.reason, reason);
    rig.remove('out');
    await here.build(rig, ['//...']); // Makes the bytes again, and sends them.
    assert.doesNotMatch((await told(rig, ['why', '//large'], here.env)).stdout, /not sent/);
  });

  test('flow doctor passes a bucket that is as it should be', async () => {
    assert.deepEqual(await faults(bucket.env), []);
  });

  test('flow doctor tells wrong keys and a missing bucket from each other', async () => {
    const { env } = bucket;
    assert.deepEqual(await faults({ ...env, S3_ACCESS_KEY: 'nobody' }), [
      'fail credentials: the server answered 403 (InvalidAccessKeyId)',
    ]);
    assert.deepEqual(await faults({ ...env, S3_SECRET_KEY: 'wrong' }), [
      'fail credentials: the server answered 403 (SignatureDoesNotMatch)',
    ]);
    assert.deepEqual(await faults({ ...env, FLOW_REMOTE: 's3://no-such-bucket/x' }), [
      'fail bucket: the server answered 404 (NoSuchBucket)',
    ]);
  });

  test('flow doctor tells of keys that may only read, of a wrong clock, and of a server that hangs', async () => {
    await using proxy = await startFaultProxy(bucket.env.S3_ENDPOINT!);
    const env = { ...bucket.env, S3_ENDPOINT: proxy.url };
    proxy.setPlan(of('PUT', /./, { type: 'status', status: 403 }));
    assert.deepEqual(await faults(env), ['fail writing: the server answered 403 (ExpiredToken)']);
    proxy.setPlan(() => ({ type: 'skew', ms: 600_000 }));
    assert.match((await faults(env)).join(), /^warn clock: the server's is 10 min.* ahead/);
    proxy.setPlan(of('PUT', /./, { type: 'hang' }));
    assert.match((await faults(env, 200)).join(), /^fail speed: /);
  });
});

/** Of a command that ends well. */
async function told(rig: Rig, words: readonly string[], env: Environment): Promise<FlowRun> {
  const run = await rig.flow(words, env);
  assert.equal(run.status, 0, run.stderr);
  return run;
}

/** What does not pass, as 'level name: what was found'. */
async function faults(env: Environment, withinMs?: number): Promise<string[]> {
  const settings = bucketSettings(env.FLOW_REMOTE!, { where: 'the test', env });
  const findings = await examineBucket(settings, {}, withinMs);
  return findings
    .filter(({ level }) => level !== 'pass')
    .map(({ level, name, found }) => `${level} ${name}: ${found}`);
}
