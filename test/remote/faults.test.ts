/** A remote cache that is down, slow or lies costs time: no build fails by it, and none gives anything else. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { runsBeginning } from '../../cache/remote/layout.ts';
import { type FaultPlan, startFaultProxy } from '../fault-proxy.ts';
import { withoutS3 } from '../s3-server.ts';
import { assertTold, every, first, from, made, objectsOf, of, textRig } from './fault-rig.ts';
import { executions, SharedBucket } from './shared-bucket.ts';

const blobs = /\/v1\/cas\//;
const results = /\/v1\/(ac|runs)\//;
const index = /\/v1\/runs\//;
const any = /(?:)/;
const lost =
  /^The remote cache s3:\S+ is not used: .+\. The build goes on without it; `flow doctor` tells .+\.$/;
const failed = /^Requests to the remote cache failed, first because /;
const damaged = /^The artifact b3:\w+ in the remote cache is damaged \(/;
const disbelieved = /^A result in the remote cache is not used: its? /;

interface Case {
  readonly fault: string;
  readonly plan: () => FaultPlan;
  /** Undefined where asking again helps, so that nothing is lost. */
  readonly told?: RegExp;
  /** Of many requests at once one may be hit each time that it is sent: told then, and sent at the end all the same. */
  readonly mayBeTold?: RegExp;
  readonly isHuge?: boolean;
  /** What has to be made although it is in the bucket; unless it is left open. */
  readonly executes?: readonly string[];
}

const refuse = { type: 'refuse' } as const;
const status = (code: 403 | 404 | 500 | 503) => ({ type: 'status', status: code }) as const;
const swapped = { type: 'swap', content: Buffer.from('{"v":1}') } as const;

const whileSending: readonly Case[] = [
  { fault: 'is down from the start', plan: () => () => refuse, told: lost },
  {
    fault: 'goes down in the middle of uploads',
    plan: () => from('PUT', blobs, { nth: 2 }, refuse),
    told: lost,
  },
  { fault: 'answers every 3rd request with 500', plan: () => every(3, status(500)), mayBeTold: failed },
  {
    fault: 'answers every 3rd request with 503 SlowDown',
    plan: () => every(3, status(503)),
    mayBeTold: failed,
  },
  {
    fault: 'answers 500 to every blob',
    plan: () => of('PUT', blobs, status(500)),
    told: /failed|is not used/,
  },
  { fault: 'loses every 3rd answer', plan: () => every(3, { type: 'lose' }), mayBeTold: failed },
  { fault: 'gives wrong ETags', plan: () => () => ({ type: 'wrongEtag' }), isHuge: true, told: failed },
  {
    fault: 'refuses expired credentials in the middle',
    plan: () => from('PUT', blobs, { nth: 2 }, status(403)),
    told: lost,
  },
  { fault: 'has a bucket no more', plan: () => from('PUT', blobs, { nth: 1 }, status(404)), told: lost },
  { fault: 'has another time', plan: () => first(1, 'GET', any, { type: 'skew', ms: 3_600_000 }) },
];

const whileReading: readonly Case[] = [
  { fault: 'is down from the start', plan: () => () => refuse, told: lost },
  {
    fault: 'goes down in the middle of downloads',
    plan: () => from('GET', blobs, { nth: 2 }, refuse),
    told: lost,
  },
  { fault: 'answers every 3rd request with 500', plan: () => every(3, status(500)), executes: [] },
  { fault: 'answers every 3rd request with 503', plan: () => every(3, status(503)), executes: [] },
  {
    fault: 'refuses expired credentials in the middle',
    plan: () => from('GET', blobs, { nth: 2 }, status(403)),
    told: lost,
  },
  { fault: 'cuts the first bodies off', plan: () => first(2, 'GET', any, { type: 'cutBody' }), executes: [] },
  { fault: 'cuts all bodies off', plan: () => of('GET', any, { type: 'cutBody' }), told: lost },
  {
    fault: 'cuts the lists of runs off',
    plan: () => of('GET', index, { type: 'cutBody' }),
    told: failed,
    executes: [],
  },
  { fault: 'gives halves of blobs', plan: () => of('GET', blobs, { type: 'truncate' }), told: damaged },
  {
    fault: 'gives halves of results',
    plan: () => of('GET', results, { type: 'truncate' }),
    told: disbelieved,
  },
  {
    fault: 'gives halves of lists of runs',
    plan: () => of('GET', index, { type: 'truncate' }),
    told: disbelieved,
    executes: [],
  },
  {
    fault: 'flips bits of blobs',
    plan: () => of('GET', blobs, { type: 'flip' }),
    told: damaged,
    isHuge: true,
  },
  { fault: 'flips bits of results', plan: () => of('GET', results, { type: 'flip' }), told: disbelieved },
  {
    fault: 'flips bits of lists of runs',
    plan: () => of('GET', index, { type: 'flip' }),
    told: disbelieved,
    executes: [],
  },
  { fault: 'gives other blobs', plan: () => of('GET', blobs, swapped), told: damaged },
  { fault: 'gives other results', plan: () => of('GET', results, swapped), told: disbelieved },
  {
    fault: 'gives other lists of runs',
    plan: () => of('GET', index, swapped),
    told: disbelieved,
    executes: [],
  },
  { fault: 'gives wrong ETags', plan: () => () => ({ type: 'wrongEtag' }), isHuge: true, executes: [] },
  {
    fault: 'has another time',
    plan: () => first(1, 'GET', any, { type: 'skew', ms: 3_600_000 }),
    executes: [],
  },
];

/** Something that is not in the bucket. */
const ownGraph = `schema_version: 1
components:
  own: { rule: exec, params: { command: [sh, -c, "seq 1 9 > own.txt"], outputs: { text: own.txt } } }
`;

describe('a remote cache that fails', { skip: withoutS3, concurrency: 2 }, () => {
  let bucket: SharedBucket;
  let right: Record<string, string>;
  /** A part where everything is. */
  let filled: SharedBucket;
  before(async () => {
    bucket = await SharedBucket.start();
    using alone = textRig({ isHuge: true });
    assert.equal((await alone.build(['//...'])).status, 0);
    right = made(alone, { isHuge: true });
    filled = bucket.fresh();
    await filled.build(alone, ['//...']);
    using small = textRig();
    await filled.build(small, ['//...']);
  });
  after(() => bucket[Symbol.asyncDispose]());

  const assertRight = (outputs: Record<string, string>): void => {
    for (const [name, digest] of Object.entries(outputs)) assert.equal(digest, right[name], name);
  };

  for (const { fault, plan, told, mayBeTold, isHuge = false } of whileSending)
    test(`while a build sends, it ${fault}: the next build sends the rest`, async () => {
      const here = bucket.fresh();
      await using proxy = await startFaultProxy(bucket.env.S3_ENDPOINT!, plan());
      using sender = textRig({ isHuge });
      using reader = textRig({ isHuge });
      const faulty = await here.via(proxy.url).build(sender, ['//...']);
      assertRight(made(sender, { isHuge }));
      const isTold = told !== undefined || faulty.events.some(({ type }) => type === 'warning');
      assertTold(faulty, isTold ? (told ?? mayBeTold) : undefined);
      const { unsent, lost: why, failed_requests: failures } = faulty.summary.remote!;
      assert.equal(unsent > 0, told !== undefined);
      if (told === lost) assert.ok(why);
      if (!/ETag/.test(fault)) assert.ok(failures > 0);
      const next = await here.build(sender, ['//...']);
      assert.equal(next.summary.remote?.unsent, 0);
      assertTold(next, undefined);
      assert.deepEqual(executions(await here.build(reader, ['//...'])), []);
    });

  for (const { fault, plan, told, isHuge = false, executes } of whileReading)
    test(`while a build reads, it ${fault}: the results are the same`, async () => {
      using reader = textRig({ isHuge });
      await using proxy = await startFaultProxy(bucket.env.S3_ENDPOINT!, plan());
      const faulty = await filled.via(proxy.url).build(reader, ['//...']);
      assertRight(made(reader, { isHuge }));
      assertTold(faulty, told);
      if (executes) assert.deepEqual(executions(faulty), executes);
      const { refused } = faulty.summary.remote!;
      assert.equal(refused > 0, told === damaged || told === disbelieved);
    });

  test('one that answers after 10 s costs a build a few deadlines, once', async (t) => {
    await using proxy = await startFaultProxy(bucket.env.S3_ENDPOINT!, () => ({ type: 'delay', ms: 10_000 }));
    using rig = textRig();
    const run = await filled.via(proxy.url).build(rig, ['//...']);
    assertRight(made(rig));
    assertTold(run, lost);
    t.diagnostic(`the build took ${run.summary.duration_ms} ms`);
  });

  for (const { what, wrong } of [
    { what: 'wrong keys', wrong: { S3_SECRET_KEY: 'not-the-secret' } },
    { what: 'a bucket that does not exist', wrong: { FLOW_REMOTE: 's3://no-such-bucket/prefix' } },
  ])
    test(`with ${what} a build is told so once, after a single request`, async () => {
      using rig = textRig();
      const run = await filled.build(rig, ['//...'], wrong);
      assertRight(made(rig));
      assertTold(run, lost);
      assert.equal(run.summary.remote?.requests, 1);
      const text = (await rig.flow(['build', '//...'], { ...filled.env, ...wrong })).stdout;
      assert.match(text, /^remote: 0 results found; \d+ requests? failed/m);
    });

  test('keys that may read and not write take results, send none, and are told so once', async () => {
    const forbid = of('PUT', any, { type: 'status', status: 403, code: 'AccessDenied' });
    await using proxy = await startFaultProxy(bucket.env.S3_ENDPOINT!, forbid);
    const env = filled.via(proxy.url).env;
    using rig = textRig({ files: { 'graphs/own.yaml': ownGraph } });
    const run = await filled.build(rig, ['//...'], env);
    assertRight(made(rig));
    assertTold(run, /cannot be written to: the server answered 403 \(AccessDenied\)/);
    const { found, sent, unsent, failed_requests } = run.summary.remote!;
    assert.deepEqual([found, sent, unsent, failed_requests], [3, 0, 1, 1]);
  });

  test('blobs that are gone are made again and sent again', async () => {
    const here = bucket.fresh();
    using sender = textRig();
    using reader = textRig();
    using third = textRig();
    await here.build(sender, ['//...']);
    const opened = await objectsOf(here);
    for await (const { key } of opened.objects.list('v1/cas/')) await opened.objects.delete(key);
    opened.close();
    const found = await here.build(reader, ['//...']);
    assertRight(made(reader));
    assertTold(found, undefined);
    assert.deepEqual([found.ran, found.regenerated], [[], ['//large', '//sorted']]);
    assert.deepEqual(executions(await here.build(third, ['//...'])), []);
    assertRight(made(third));
  });

  test('lists of runs that are gone, or name what is gone, cost requests and nothing else', async () => {
    const here = bucket.fresh();
    using sender = textRig();
    using reader = textRig();
    await here.build(sender, ['//...']);
    const opened = await objectsOf(here);
    for await (const { key } of opened.objects.list(runsBeginning)) await opened.objects.delete(key);
    opened.close();
    const found = await here.build(reader, ['//...']);
    assert.deepEqual(executions(found), []);
    assertTold(found, undefined);
  });
});

describe('a server without conditional writes', { skip: withoutS3 }, () => {
  test('is said to be one, once, and is a cache all the same', async () => {
    await using bucket = await SharedBucket.start('swift');
    using sender = textRig();
    using reader = textRig();
    const sent = await bucket.build(sender, ['//...']);
    assertTold(sent, /has no leases: its server has no conditional writes\. /);
    const found = await bucket.build(reader, ['//...']);
    assert.deepEqual(executions(found), []);
    assert.deepEqual(made(reader), made(sender));
    assertTold(found, undefined);
  });
});
