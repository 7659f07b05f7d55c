/** What an untrusted machine has made is taken by those who trust whoever vouches for it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodeEntry, type OpenedEntry, sealEntry } from '../../../cache/remote/entry.ts';
import { blobObject, entriesBeginning, entryObject, scratchPart } from '../../../cache/remote/layout.ts';
import type { ObjectStore } from '../../../cache/remote/object-store.ts';
import { readWhole } from '../../../cache/remote/read-whole.ts';
import { newSigningKey, readSigner, type Signer } from '../../../cache/remote/signer.ts';
import { anybody } from '../../../cache/remote/trust.ts';
import { digestOf } from '../../../engine/core/digest.ts';
import { copyBucket } from '../../remote/copy-bucket.ts';
import { objectsOf, textRig } from '../../remote/fault-rig.ts';
import { executions, SharedBucket } from '../../remote/shared-bucket.ts';
import { type FlowRun, Rig } from '../../rig.ts';
import { withoutS3 } from '../../s3-server.ts';

const vouching = newSigningKey();
const untrusted = newSigningKey();

const trusting = { 'flow.yaml': `schema_version: 1\ntrusted_keys: [${vouching.writer}]\n` };

async function promote(bucket: SharedBucket, args: readonly string[]): Promise<FlowRun> {
  using rig = textRig({ files: trusting });
  return await rig.flow(['cache', 'promote', ...args], { ...bucket.env, FLOW_SIGNING_KEY: vouching.pem });
}

/** What a machine executes that trusts whoever has promoted, and sends nothing. */
async function executed(bucket: SharedBucket): Promise<string[]> {
  using reader = textRig({ files: trusting });
  return executions(await bucket.build(reader, ['//...', '--remote-read-only'])).sort();
}

describe('results in scratch', { skip: withoutS3, concurrency: 2 }, () => {
  let bucket: SharedBucket;
  /** What a pull request has sent. */
  let sent: SharedBucket;
  before(async () => {
    bucket = await SharedBucket.start();
    sent = bucket.fresh();
    using sender = textRig({ files: trusting });
    await sent.build(sender, ['//...', '--remote-scratch'], { FLOW_SIGNING_KEY: untrusted.pem });
  });
  after(() => bucket[Symbol.asyncDispose]());

  test('are not seen by trusted readers before they are promoted, and spare them everything then', async () => {
    const here = bucket.fresh();
    await copyBucket(sent, here);
    assert.deepEqual(await executed(here), ['//large', '//small', '//sorted']);
    const { status, stdout, stderr } = await promote(here, ['//...', '--recompute', '1', '--json']);
    assert.equal(status, 0, stderr);
    const document = JSON.parse(stdout) as Record<string, unknown[] & number>;
    assert.deepEqual([document.promoted!.length, document.refused, document.differing], [3, [], 0]);
    assert.ok(document.recomputed! >= 1);
    assert.deepEqual(await executed(here), []);
  });

  test('that are hostile are refused with a reason, each by itself, and the others are promoted', async () => {
    const here = bucket.fresh();
    await copyBucket(sent, here);
    const { objects, close } = await objectsOf(here);
    const { small, large, sorted } = await entriesInScratch(objects);
    const text = { ...small.result.outputs.text!, extension: '../../evil' };
    await objects.put(inScratch(entryObject(small.key)), lie(small, { outputs: { text } }));
    await objects.put(inScratch(blobObject(sorted.result.outputs.text!.digest)), Buffer.from('other bytes'));
    const told = [
      /\nrefused: b3:\w{12}…: it .*no ending of a file/,
      /\nrefused: b3:\w{12}…: its bytes b3:\w{64} are not what they should be\n/,
    ];
    const dry = await promote(here, ['--all', '--dry-run']);
    assert.match(dry.stdout, /: 1 result would be promoted\n/);
    for (const one of told) assert.match(dry.stdout, one);
    assert.deepEqual(await Array.fromAsync(objects.list('v1/')), []);
    const { status, stdout } = await promote(here, ['--all']);
    assert.equal(status, 1);
    assert.match(stdout, /: 1 result promoted\n/);
    for (const one of told) assert.match(stdout, one);
    const promoted = await Array.fromAsync(objects.list(entriesBeginning));
    assert.deepEqual(
      promoted.map(({ key }) => key),
      [entryObject(large.key)],
    );
    close();
  });

  test('that are not there are missing, and the command says so', async () => {
    const { status, stdout } = await promote(bucket.fresh(), ['//...']);
    assert.equal(status, 1);
    assert.match(stdout, /: 0 results promoted\n1 result that nobody has sent\n$/);
  });

  test('of which one is something else when it is made anew are not promoted, none of them', async () => {
    const here = bucket.fresh();
    await copyBucket(sent, here);
    const { objects, close } = await objectsOf(here);
    const { sorted } = await entriesInScratch(objects);
    const digest = digestOf('a lie');
    const text = { ...sorted.result.outputs.text!, digest, content: digest, sizeBytes: 5 };
    await objects.put(inScratch(entryObject(sorted.key)), lie(sorted, { outputs: { text } }));
    await objects.put(inScratch(blobObject(digest)), Buffer.from('a lie'), { notes: { size: '5' } });
    const { status, stdout } = await promote(here, ['//...', '--recompute', '3']);
    assert.equal(status, 1);
    assert.match(stdout, /^3 results drawn, made anew here and compared\n.*: 0 results promoted: who sends /);
    assert.match(stdout, /\nrefused: b3:\w{12}…: it is something else when it is made here\n$/);
    assert.deepEqual(await Array.fromAsync(objects.list('v1/')), []);
    close();
  });
});

const env = { FLOW_REMOTE: 's3://bucket/prefix', S3_ENDPOINT: 'http://127.0.0.1:9' };

test('who has no key can vouch for nothing', async () => {
  using rig = new Rig();
  const run = await rig.flow(['cache', 'promote', '--all'], { ...env, XDG_CONFIG_HOME: rig.root });
  assert.equal(run.status, 2);
  assert.match(
    run.stderr,
    /config_invalid\n {2}Cannot vouch for anything: this machine has no signing key\./,
  );
});

test('what is known by its key alone cannot be made anew', async () => {
  using rig = new Rig();
  const flags = ['--all', '--recompute', '1'];
  const run = await rig.flow(['cache', 'promote', ...flags], { ...env, FLOW_SIGNING_KEY: vouching.pem });
  assert.equal(run.status, 2);
  assert.match(
    run.stderr,
    /^--recompute: config_invalid\n {2}Cannot make anew what is known by its key alone\./,
  );
});

function signerOf({ pem }: { readonly pem: string }): Signer {
  const read = readSigner(pem);
  assert.ok('signer' in read);
  return read.signer;
}

/** An entry as the untrusted machine would have signed it, had it given something else. */
function lie(entry: OpenedEntry, change: Partial<OpenedEntry['result']>): Buffer {
  const sealed = sealEntry({ ...entry, result: { ...entry.result, ...change } }, signerOf(untrusted));
  return Buffer.from(JSON.stringify(sealed));
}

function inScratch(key: string): string {
  return `${scratchPart}${key}`;
}

async function entriesInScratch(
  objects: ObjectStore,
): Promise<Record<'small' | 'large' | 'sorted', OpenedEntry>> {
  const found: Record<string, OpenedEntry> = {};
  for await (const { key } of objects.list(inScratch(entriesBeginning))) {
    const whole = await readWhole(objects, key, { mostBytes: 2 ** 20 });
    assert.ok(whole && 'bytes' in whole);
    const opened = decodeEntry(whole.bytes, { trust: anybody });
    assert.ok('entry' in opened);
    found[String(opened.entry.ingredients.component)] = opened.entry;
  }
  return found as Awaited<ReturnType<typeof entriesInScratch>>; // The three components of the workspace.
}
