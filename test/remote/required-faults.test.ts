/** `--remote-required`: a build without the remote cache has failed, and says so soon. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type FaultPlan, startFaultProxy } from '../fault-proxy.ts';
import { withoutS3 } from '../s3-server.ts';
import { from, made, textRig } from './fault-rig.ts';
import { SharedBucket } from './shared-bucket.ts';

interface Case {
  readonly when: string;
  readonly plan?: () => FaultPlan;
  readonly wrong?: Readonly<Record<string, string>>;
  /** `remote_unavailable`, unless it says another one. */
  readonly code?: string;
}

const refuse = { type: 'refuse' } as const;

const fromTheStart: readonly Case[] = [
  { when: 'it is down', plan: () => () => refuse },
  { when: 'it hangs', plan: () => () => ({ type: 'hang' }) },
  { when: 'the keys are wrong', wrong: { S3_SECRET_KEY: 'not-the-secret' }, code: 'auth_failed' },
  {
    when: 'there is no such bucket',
    wrong: { FLOW_REMOTE: 's3://no-such-bucket/prefix' },
    code: 'config_invalid',
  },
];

const later: readonly Case[] = [
  {
    when: 'it goes down while results are looked for',
    plan: () => from('GET', /\/v1\/ac\//, { nth: 1 }, refuse),
  },
  { when: 'it goes down while results are sent', plan: () => from('PUT', /\/v1\/cas\//, { nth: 1 }, refuse) },
  {
    when: 'it hangs while results are sent',
    plan: () => from('PUT', /\/v1\/cas\//, { nth: 1 }, { type: 'hang' }),
  },
  {
    when: 'it takes all but one result',
    plan: () => {
      const sent = new Set<string>();
      return ({ method, path }) => {
        if (method === 'PUT' && /\/v1\/ac\//.test(path)) sent.add(path);
        return path === [...sent][0] ? { type: 'status', status: 500 } : undefined;
      };
    },
  },
];

describe('a remote cache that is required', { skip: withoutS3, concurrency: 2 }, () => {
  let bucket: SharedBucket;
  before(async () => {
    bucket = await SharedBucket.start();
  });
  after(() => bucket[Symbol.asyncDispose]());

  const build = async ({ plan, wrong, code }: Case, onRun: Parameters<typeof check>[0]): Promise<void> => {
    await using proxy = await startFaultProxy(bucket.env.S3_ENDPOINT!, plan?.());
    await check(onRun, { env: { ...bucket.fresh().via(proxy.url).env, ...wrong }, code });
  };

  for (const one of fromTheStart)
    test(`nothing is built if ${one.when}`, async (t) => {
      await build(one, ({ run, durationMs }) => {
        assert.deepEqual(run.events, []);
        t.diagnostic(`after ${durationMs} ms`);
      });
    });

  for (const one of later)
    test(`the build fails if ${one.when}`, async (t) => {
      await build(one, ({ run, durationMs }) => {
        assert.equal(run.events.at(-1)?.type, 'build_finished');
        t.diagnostic(`after ${durationMs} ms`);
      });
    });

  test('a build that has it all along is one like any other', async () => {
    using rig = textRig();
    const run = await bucket.fresh().build(rig, ['//...', '--remote-required']);
    assert.deepEqual([run.summary.status, run.summary.errors], ['success', []]);
    assert.equal(Object.keys(made(rig)).length, 3);
  });
});

type Looked = {
  readonly run: Awaited<ReturnType<ReturnType<typeof textRig>['build']>>;
  readonly durationMs: number;
};

interface Required {
  readonly env: Readonly<Record<string, string>>;
  readonly code: string | undefined;
}

async function check(
  look: (looked: Looked) => void,
  { env, code = 'remote_unavailable' }: Required,
): Promise<void> {
  using rig = textRig();
  const startedMs = performance.now();
  const run = await rig.build(['//...', '--remote-required'], env); // Reads what is printed as one document.
  assert.deepEqual(
    [run.status, run.summary.status],
    [code === 'config_invalid' ? 2 : 1, 'error'],
    run.stderr,
  );
  assert.deepEqual(
    run.summary.errors.map(({ code }) => code),
    [code],
  );
  const said = run.stderr.split(`${code}\n  Cannot use the remote cache, which is required: `);
  assert.equal(said.length, 2, run.stderr);
  assert.doesNotMatch(run.stderr, /left alone|Why:/);
  look({ run, durationMs: Math.round(performance.now() - startedMs) });
}
