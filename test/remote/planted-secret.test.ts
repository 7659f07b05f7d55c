/** No secret gets into what flow says, writes or sends, whatever the server does; and none of an address is repeated. */
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import { newSigningKey } from '../../cache/remote/signer.ts';
import { type Fault, type FaultPlan, startFaultProxy } from '../fault-proxy.ts';
import type { FlowRun, Rig } from '../rig.ts';
import { withoutS3 } from '../s3-server.ts';
import { textRun } from '../trust/text-run.ts';
import { objectsOf, of } from './fault-rig.ts';
import { leaksIn, leaksInBucket, leaksInFolder, type Secrets } from './leaks-in.ts';
import { SharedBucket } from './shared-bucket.ts';

const planted = 'planted+Secret/of40letters/like+Amazons0';
/** As long as some are that are given out, and short enough to pass for a name. */
const token = 'eyJwbGFudGVk.eyJ0b2tlbiI.c2lnbmF0dXJl-_0123456789';
const { pem } = newSigningKey();

/** The private key as the file has it, and its 32 bytes themselves. */
const ofSigningKey: Secrets = {
  pem: pem.split('\n')[1]!,
  seed: createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' }).subarray(-32),
};

/** A run with a component that would give away what its command is told by the environment. */
function tellingRig(): Rig {
  return textRun({
    'graphs/telling.yaml': `schema_version: 1
components:
  environment: { processor: first, rule: exec, inputs: { source: video }, params: { command: [sh, -c, env > env.txt], outputs: { text: env.txt } } }
stages:
  telling: { components: [copied, large, short, environment] }
`,
    'flow.yaml': 'schema_version: 1\nstage: telling\n',
  });
}

const clip = 'run:clip.mp4';
const recorded = ['--events', '../events.ndjson', '--trace', '../trace.json'];
const build = ['build', clip, '--verbose', '--explain', '--plain', ...recorded];
const stats = ['cache', 'stats', '--remote', '--json'];

interface Situation {
  readonly server: string;
  readonly plan: FaultPlan;
  readonly commands: readonly (readonly string[])[];
}

const refuse: Fault = { type: 'refuse' };

function echo(status: number): Fault {
  return { type: 'echo', status };
}

/** What a machine that holds secrets says. */
async function use(
  rig: Rig,
  { env }: SharedBucket,
  commands: Situation['commands'],
  more: Readonly<Record<string, string>> = {},
): Promise<FlowRun[]> {
  const TMPDIR = join(dirname(rig.root), 'tmp'); // To look there, too.
  mkdirSync(TMPDIR);
  const runs: FlowRun[] = [];
  for (const args of commands)
    runs.push(await rig.flow(args, { ...env, TMPDIR, FLOW_SIGNING_KEY: pem, ...more }));
  return runs;
}

function leaksOf(rig: Rig, runs: readonly FlowRun[], secrets: Secrets): string[] {
  const said = runs.map(({ stdout, stderr }) => stdout + stderr).join('\n');
  return [...leaksIn(said, secrets), ...leaksInFolder(dirname(rig.root), secrets)];
}

describe('no secret', { skip: withoutS3, concurrency: 2 }, () => {
  let bucket: SharedBucket;
  before(async () => {
    bucket = await SharedBucket.start();
  });
  after(() => bucket[Symbol.asyncDispose]());

  test('is in what machines say, keep and share', async () => {
    const here = bucket.fresh();
    const secrets = { ...ofSigningKey, secret: here.env.S3_SECRET_KEY! };
    const stored = ['--results', `${here.url}/results`, '--state', `${here.url}/state`];
    const more = [['why', clip], ['plan', clip], ['keys', 'show'], ['show', clip, ...stored], ['doctor']];
    using first = tellingRig();
    using second = tellingRig();
    using third = tellingRig();
    const made = await use(first, here, [[...build, ...stored], stats, ...more]);
    const found = await use(second, here, [build, ['cache', 'verify', '--remote']]);
    await using proxy = await startFaultProxy(here.env.S3_ENDPOINT!, of('GET', /\/cas\//, echo(200)));
    const misled = await use(third, here.via(proxy.url), [build]);
    for (const { status, stdout, stderr } of [...made, ...found, ...misled])
      assert.equal(status, 0, stdout + stderr);
    assert.match(misled[0]!.stderr, /in the remote cache is damaged/);
    assert.deepEqual(leaksOf(first, made, secrets), []);
    assert.deepEqual(leaksOf(second, found, secrets), []);
    assert.deepEqual(leaksOf(third, misled, secrets), []);
    const { objects, close } = await objectsOf(here);
    assert.ok((await Array.fromAsync(objects.list('results/'))).length > 0);
    assert.deepEqual(await leaksInBucket(objects, secrets), []);
    close();
  });

  for (const { server, plan, commands } of [
    { server: 'refuses the keys', plan: () => undefined, commands: [build, stats, ['doctor']] },
    { server: 'is down', plan: () => refuse, commands: [build, stats] },
    // The fifth failure in a row is the last, and the one that is told.
    { server: 'hangs', plan: ({ count }) => (count < 5 ? refuse : { type: 'hang' }), commands: [build] },
    { server: 'answers 200 with what it was sent', plan: () => echo(200), commands: [build, stats] },
    {
      server: 'answers 400 with what it was sent',
      plan: () => echo(400),
      commands: [build, stats, ['doctor']],
    },
    { server: 'answers 500 with what it was sent', plan: () => echo(500), commands: [build, stats] },
  ] satisfies readonly Situation[])
    test(`is in what a machine says and keeps whose server ${server}`, async () => {
      await using proxy = await startFaultProxy(bucket.env.S3_ENDPOINT!, plan);
      using rig = tellingRig();
      const env = { S3_SECRET_KEY: planted, S3_SESSION_TOKEN: token };
      const runs = await use(rig, bucket.fresh().via(proxy.url), commands, env);
      assert.equal(runs[0]!.status, 0, runs[0]!.stderr);
      assert.match(runs[0]!.stderr, /^warning {2}.*remote cache/m);
      assert.deepEqual(leaksOf(rig, runs, { ...ofSigningKey, secret: planted, token }), []);
    });
});

test('an address that holds a secret is refused, and not repeated', async () => {
  const secrets = { password: 'plantedPassword' };
  const address = 's3://anna:half/plantedPassword@team/flow';
  using rig = textRun();
  const check = async (args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> => {
    const run = await rig.flow(args, env);
    assert.equal(run.status, 2, run.stdout + run.stderr);
    assert.match(run.stderr, /config_invalid\n {2}Cannot use this address/);
    assert.deepEqual(leaksIn(run.stdout + run.stderr, secrets), []);
  };
  const endpoint = { FLOW_REMOTE: 's3://team/flow', S3_ENDPOINT: 'http://anna:plantedPassword@host' };
  await Promise.all([
    check(['build', clip, '--verbose'], { FLOW_REMOTE: address }),
    check(['build', clip, '--remote', address], {}),
    check(['build', clip, '--results', address], {}),
    check(['build', clip], endpoint),
    check(['cache', 'stats', '--remote', address], {}),
  ]);
  assert.deepEqual(leaksInFolder(dirname(rig.root), secrets), []);
  rig.write('flow.yaml', `schema_version: 1\nremote: ${address}\n`);
  await check(['build', clip], {});
});

test('a secret would be found in any of its forms', () => {
  const secrets = { token: 'planted?Token/that is+looked>for' };
  const forms: Record<string, string | Uint8Array> = {
    itself: `a ${secrets.token} b`,
    zstd: zstdCompressSync(`a ${secrets.token} b`),
    base64: Buffer.from(`a${secrets.token}b`).toString('base64'),
    base64url: Buffer.from(`ab${secrets.token}b`).toString('base64url'),
    hexadecimal: Buffer.from(secrets.token).toString('hex'),
    'part of a URL': `?token=${encodeURIComponent(secrets.token)}&`,
  };
  for (const [form, content] of Object.entries(forms))
    assert.deepEqual(leaksIn(content, secrets), ['token'], form);
  assert.deepEqual(leaksIn('nothing', secrets), []);
});
