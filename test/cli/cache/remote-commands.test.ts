/** What people do with a bucket by hand: fill it, empty it, look into it and mend it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { blobsBeginning } from '../../../cache/remote/layout.ts';
import { newSigningKey } from '../../../cache/remote/signer.ts';
import { UploadQueue } from '../../../cache/remote/upload-queue.ts';
import { digestOf } from '../../../engine/core/digest.ts';
import { copyBucket } from '../../remote/copy-bucket.ts';
import { entriesOf, objectsOf, textRig } from '../../remote/fault-rig.ts';
import { executions, SharedBucket } from '../../remote/shared-bucket.ts';
import { type FlowRun, Rig } from '../../rig.ts';
import { withoutS3 } from '../../s3-server.ts';

async function json(
  bucket: SharedBucket,
  rig: Rig,
  args: readonly string[],
): Promise<Record<string, unknown>> {
  const run = await rig.flow(['cache', ...args, '--json'], bucket.env);
  return { status: run.status, ...(JSON.parse(run.stdout) as object) };
}

async function text(bucket: SharedBucket, rig: Rig, args: readonly string[]): Promise<string> {
  const run = await rig.flow(['cache', ...args], bucket.env);
  assert.equal(run.status, 0, run.stderr);
  return run.stdout;
}

/** The keys of all objects of a kind, in order. */
async function keysIn(bucket: SharedBucket, beginning: string): Promise<string[]> {
  const { objects, close } = await objectsOf(bucket);
  const listed = await Array.fromAsync(objects.list(beginning));
  close();
  return listed.map(({ key }) => key).sort();
}

describe('a bucket', { skip: withoutS3, concurrency: 2 }, () => {
  let bucket: SharedBucket;
  /** With three results, of which two have blobs; everything of it is in `full`. */
  let sender: Rig;
  let full: SharedBucket;
  before(async () => {
    bucket = await SharedBucket.start();
    full = bucket.fresh();
    sender = textRig();
    await full.build(sender, ['//...']);
  });
  after(async () => {
    sender[Symbol.dispose]();
    await bucket[Symbol.asyncDispose]();
  });

  /** A part of the bucket with everything that the sender has made. */
  const filled = async (): Promise<SharedBucket> => {
    const here = bucket.fresh();
    await copyBucket(full, here);
    return here;
  };

  test('takes what is pushed; who pulls it builds without a network, and executes nothing', async () => {
    const here = bucket.fresh();
    using reader = textRig();
    const pushed = await json(here, sender, ['push', '//...']);
    assert.deepEqual([pushed.status, pushed.sent, pushed.present, pushed.unsent], [0, 3, 0, 0]);
    const pulled = await json(here, reader, ['pull', '//...']);
    assert.deepEqual([pulled.status, pulled.results, pulled.blobs, pulled.missing], [0, 3, 2, []]);
    assert.deepEqual(executions(await here.build(reader, ['//...', '--offline'])), []);
  });

  test('gets all of a cache with --all, to the end, and nothing twice', async () => {
    const here = bucket.fresh();
    const pushed = await sender.flow(['cache', 'push', '--all'], here.env);
    assert.deepEqual([pushed.status, pushed.stderr], [0, '']);
    assert.match(pushed.stdout, /: 3 results sent, /);
    assert.match(await text(here, sender, ['push', '--all']), /: 0 results sent; 3 there already\n$/);
  });

  test('gets the signature of who has made what is there unsigned, and of nobody else', async () => {
    const here = await filled();
    const signed = new SharedBucket(here.server, { ...here.env, FLOW_SIGNING_KEY: newSigningKey().pem });
    using taker = textRig();
    await here.build(taker, ['//...']);
    assert.match(
      await text(signed, taker, ['push', '//...']),
      /: 0 results sent; 3 there already, 3 of them unsigned\n$/,
    );
    assert.match(await text(signed, sender, ['push', '//...']), /: 3 results sent/);
    for (const entry of (await entriesOf(here)).values()) assert.match(entry, /"signature":"/);
    assert.match(await text(signed, sender, ['push', '//...']), /: 0 results sent; 3 there already\n$/);
  });

  test('is filled again by who has removed from it what was old', async () => {
    const here = await filled();
    using rig = textRig();
    await here.build(rig, ['//...']);
    await text(here, rig, ['gc', '--remote', '--older-than', '0h', '--yes']);
    assert.equal((await here.build(rig, ['//...', '--events', 'e.ndjson'])).summary.remote?.sent, 3);
  });

  test('with things in it that a reader did not believe gets others from the same machine, once it may send', async () => {
    const here = await filled();
    const { objects, close } = await objectsOf(here);
    for (const key of await keysIn(here, 'v1/')) {
      if (/^v1\/runs/.test(key)) await objects.delete(key);
      else if (/^v1\/ac/.test(key)) await objects.put(key, Buffer.from('{"v":1}'));
    }
    close();
    using rig = textRig();
    const reader = await here.build(rig, ['//...', '--remote-read-only']);
    assert.equal(reader.summary.remote?.refused, 3);
    assert.match(reader.stderr, /`flow cache push`.*`flow cache verify --remote --repair`/);
    assert.equal((await here.build(rig, ['//...'])).summary.remote?.sent, 3);
    assert.match(await text(here, rig, ['verify', '--remote']), /: all are sound\.\n$/);
  });

  test('names what is wrong with targets: what is no file is not said to be here, or to be sent', async () => {
    using rig = textRig();
    for (const act of ['push', 'pull']) {
      const { status, stdout, stderr } = await rig.flow(['cache', act, 'run:nonsense.mp4'], bucket.env);
      assert.deepEqual([status, stderr.includes('input_not_found')], [1, true], stderr);
      assert.doesNotMatch(stdout, /is here/);
    }
  });

  test('gets what waits also from a build that has nothing else to do', async () => {
    const here = bucket.fresh();
    using rig = textRig();
    const again = ['build', '//...'];
    for (let run = 0; run < 2; run += 1) await rig.flow(again, here.env);
    assert.match((await rig.flow(again, here.env)).stdout, /up to date/);
    const queue = new UploadQueue(`${rig.cacheDir}/uploads.db`, `${here.url}/`, assert.fail);
    queue.add({ kind: 'entry', key: digestOf('what an earlier build has left') });
    queue.close();
    assert.doesNotMatch((await rig.flow(again, here.env)).stdout, /up to date/);
    assert.match((await rig.flow(again, here.env)).stdout, /up to date/);
  });

  test('is said to lack what nobody has sent', async () => {
    using newcomer = textRig();
    const { status, stdout } = await newcomer.flow(['cache', 'pull', '//...'], bucket.fresh().env);
    assert.equal(status, 1);
    assert.match(stdout, / lacks:\n {2}the workspace: everything\n$/);
  });

  test('shows the whole run, in lines of 80 letters, when somebody has pushed who has made none of it', async () => {
    const here = await filled();
    using newcomer = textRig();
    const unmade = await json(here, newcomer, ['push', '//...']);
    assert.deepEqual([unmade.status, unmade.sent, unmade.unmade], [1, 0, 3]);
    const stats = await text(here, newcomer, ['stats', '--remote']);
    const ls = await text(here, newcomer, ['ls', '--remote']);
    assert.match(stats, /\n {2}results +3 +[\d.]+ KiB\n {2}blobs +2 +[\d.]+ KiB\n/);
    assert.match(
      ls,
      /^RUN +RESULTS +SIZE +SENT +COMPONENTS\nb3:\w{12}… +3 +[\d.]+ KiB +\d+ s ago +large, small, sorted\n$/,
    );
    for (const line of `${stats}${ls}`.split('\n')) assert.ok(line.length <= 80, line);
  });

  test('in which a blob is damaged and another one gone is seen through, mended, and filled again', async () => {
    const here = await filled();
    const [damaged, gone] = await keysIn(here, blobsBeginning);
    const { objects, close } = await objectsOf(here);
    const { notes } = (await objects.head(damaged!))!;
    await objects.put(damaged!, Buffer.from('no zstd'), { notes });
    await objects.delete(gone!);
    close();
    const seen = await sender.flow(['cache', 'verify', '--remote', '--repair'], here.env);
    assert.equal(seen.status, 1, seen.stderr);
    const [read, bad, ...advice] = seen.stdout.split('\n');
    assert.match(read!, /^Read \d+ objects, .+\. Bad:$/);
    assert.ok(bad!.startsWith(`  ${damaged}  `), bad);
    assert.match(advice.join('\n'), /^They were removed; .+\n1 result without all bytes: .+\n$/);
    await json(here, sender, ['push', '//...']);
    assert.match(await text(here, sender, ['verify', '--remote']), /: all are sound\.\n$/);
  });

  test('loses to gc only what is old, and only where that is confirmed', async () => {
    const here = await filled();
    const before = await keysIn(here, '');
    assert.match(
      await text(here, sender, ['gc', '--remote', '--yes']),
      /: there is nothing to remove; it holds 10 objects, /,
    );
    const foreseen = await text(here, sender, ['gc', '--remote', '--older-than', '0h']);
    assert.match(foreseen, /: not needed any more are\n(.*\n)* {2}in all +4 /);
    assert.match(foreseen, /\nNothing was removed: --yes removes it\.\n$/);
    assert.deepEqual(await keysIn(here, ''), before);
    const removed = await text(here, sender, ['gc', '--remote', '--older-than', '0h', '--yes']);
    assert.match(removed, /\nRemoved 4 objects, .+\.\n$/);
    const young = /^v1\/(cas|leases)\//; // Somebody may be about to send what names a blob, or hold a lease.
    assert.deepEqual(
      await keysIn(here, ''),
      before.filter((key) => young.test(key)),
    );
  });

  test('that cannot be used is an error, told once', async () => {
    const env = { ...bucket.env, S3_SECRET_KEY: 'wrong' };
    for (const args of [
      ['push', '--all'],
      ['stats', '--remote'],
    ])
      assertLost(await sender.flow(['cache', ...args], env));
  });
});

function assertLost({ status, stdout, stderr }: FlowRun): void {
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(
    stderr,
    /^s3:\S+: auth_failed\n {2}Cannot go on with the remote cache: the server answered 403/,
  );
}

test('without a bucket there is nothing to look into', async () => {
  using rig = new Rig();
  const run = await rig.flow(['cache', 'stats', '--remote']);
  assert.equal(run.status, 2);
  assert.match(run.stderr, /^--remote: config_invalid\n {2}Cannot use a remote cache: none is named\./);
});

test('what is about a bucket is refused without one', async () => {
  using rig = new Rig();
  const run = await rig.flow(['cache', 'gc', '--yes']);
  assert.equal(run.status, 2);
  assert.match(run.stderr, /it is about a bucket\.\n {2}Fix: Add --remote, or leave it out\./);
});
