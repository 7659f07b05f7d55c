/** Vouching for what strangers have sent, over two parts of a bucket in memory. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { LocalBlobStore } from '../../../cache/local-blob-store.ts';
import { notesOf } from '../../../cache/remote/blob-encoding.ts';
import type { EntryContent } from '../../../cache/remote/entry.ts';
import { entryObject } from '../../../cache/remote/layout.ts';
import type { MemoryObjects } from '../../../cache/remote/memory-objects.ts';
import { Promoter } from '../../../cache/remote/promoter.ts';
import { readEntry } from '../../../cache/remote/read-entry.ts';
import { readRunIndex, soundEntries } from '../../../cache/remote/read-run-index.ts';
import { RemoteBlobs } from '../../../cache/remote/remote-blobs.ts';
import { anybody, Trust } from '../../../cache/remote/trust.ts';
import { type Digest, digestOf } from '../../../engine/core/digest.ts';
import { RealDisk } from '../../../engine/io/disk.ts';
import { resultOf, SampleBucket } from './sample-bucket.ts';
import { newSigner } from './sample-entry.ts';

const promoterKey = newSigner();
const colleague = newSigner();

class PromotionRig implements Disposable {
  readonly scratch = new SampleBucket(newSigner());
  readonly trusted = new SampleBucket(colleague);
  readonly #folder = mkdtempSync(join(tmpdir(), 'flow-promoter-'));
  readonly #trust = new Trust({ trusted: [colleague.writer], own: promoterKey.writer });

  promoter({ isDryRun = false } = {}): Promoter {
    const disk = new RealDisk();
    const cacheFolder = this.#folder;
    const partOf = ({ objects }: SampleBucket): { objects: MemoryObjects; blobs: RemoteBlobs } => ({
      objects,
      blobs: new RemoteBlobs({
        objects,
        remote: 's3://bucket',
        disk,
        cacheFolder,
        onBad: () => undefined,
        onTrouble: assert.fail,
      }),
    });
    return new Promoter({
      scratch: partOf(this.scratch),
      trusted: partOf(this.trusted),
      trust: this.#trust,
      signer: promoterKey,
      staging: new LocalBlobStore(disk, cacheFolder),
      isDryRun,
    });
  }

  /** @returns 'promoted', or why not */
  async promote({ key }: Pick<EntryContent, 'key'>, options = {}): Promise<string> {
    using promoter = this.promoter(options);
    const candidate = await promoter.candidate(key);
    if (candidate.state === 'refused') return candidate.reason;
    if (candidate.state !== 'new') return candidate.state;
    const outcome = await promoter.promote(candidate.entry);
    return 'reason' in outcome ? outcome.reason : 'promoted';
  }

  /** Who vouches for a result in the trusted part; undefined if nobody does whom a reader would believe. */
  async voucher({ key }: EntryContent): Promise<string | undefined> {
    const opened = await readEntry(this.trusted.objects, key, this.#trust);
    return opened && 'entry' in opened ? opened.entry.writer : undefined;
  }

  /** Promotes a result that is in scratch as one of a run. */
  async promoteRun(name: string, result: EntryContent): Promise<void> {
    await this.scratch.putResult(result);
    using promoter = this.promoter();
    const promoted = await promoter.promote(result);
    assert.ok('key' in promoted);
    await promoter.promoteRun(digestOf(name), [promoted]);
  }

  /** Who has signed each result that the list of a run in the trusted part has. */
  async vouchers(name: string): Promise<Record<Digest, string | undefined>> {
    const index = await readRunIndex(this.trusted.objects, digestOf(name));
    assert.ok(index && !('refusal' in index));
    return Object.fromEntries([...soundEntries(index, anybody)].map(({ key, writer }) => [key, writer]));
  }

  /** Files that promotion has left on this machine. */
  get staged(): string[] {
    const files = readdirSync(this.#folder, { recursive: true, withFileTypes: true });
    return files
      .filter((file) => file.isFile() && !file.parentPath.includes('quarantine'))
      .map(({ name }) => name);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

test('a result that is what it says goes with its bytes, signed by whoever promotes it', async () => {
  using rig = new PromotionRig();
  const result = resultOf('result', ['bytes']);
  await rig.scratch.putResult(result);
  const blob = await rig.scratch.putBlob('bytes');
  assert.equal(await rig.promote(result), 'promoted');
  assert.equal(await rig.voucher(result), promoterKey.writer);
  assert.deepEqual(rig.trusted.keys, [entryObject(result.key), blob].sort());
  assert.equal(await rig.promote(result), 'present');
  assert.deepEqual(rig.staged, []);
});

test('a dry run checks everything and writes nothing', async () => {
  using rig = new PromotionRig();
  const [whole, without] = [resultOf('whole', ['bytes']), resultOf('without', ['no bytes'])];
  for (const result of [whole, without]) await rig.scratch.putResult(result);
  await rig.scratch.putBlob('bytes');
  assert.equal(await rig.promote(whole, { isDryRun: true }), 'promoted');
  assert.match(await rig.promote(without, { isDryRun: true }), /^its bytes b3:\w+ are not there$/);
  assert.deepEqual(rig.trusted.keys, []);
});

test('a result whose bytes are others is refused, and so is one over another key', async () => {
  using rig = new PromotionRig();
  const [damaged, other] = [resultOf('damaged', ['damaged']), resultOf('other', [])];
  await rig.scratch.putResult(damaged);
  const blob = await rig.scratch.putBlob('damaged');
  await rig.scratch.objects.put(blob, Buffer.from('dAmaged'), { notes: notesOf('identity', 7) });
  await rig.scratch.putResult(other);
  const wanted = digestOf('another key');
  await rig.scratch.objects.put(
    entryObject(wanted),
    rig.scratch.objects.kept.get(entryObject(other.key))!.content,
  );
  assert.match(await rig.promote(damaged), /are not what they should be$/);
  assert.match(await rig.promote({ key: wanted }), /it is that of another action/);
  assert.deepEqual(rig.trusted.keys, []);
});

test('who lies about the size of bytes keeps no honest result out, and gets nothing in', async () => {
  const [honest, liar] = [resultOf('honest', ['bytes']), lengthened(resultOf('liar', ['bytes']))];
  for (const order of [
    [honest, liar],
    [liar, honest],
  ]) {
    using rig = new PromotionRig();
    await rig.scratch.putBlob('bytes');
    for (const result of order) await rig.scratch.putResult(result);
    using promoter = rig.promoter();
    for (const { key } of order) {
      const candidate = await promoter.candidate(key);
      assert.ok('entry' in candidate);
      await promoter.promote(candidate.entry);
    }
    assert.equal(await rig.voucher(honest), promoterKey.writer);
    assert.equal(await rig.voucher(liar), undefined);
  }
});

test('bytes that are damaged in the trusted part are written anew', async () => {
  using rig = new PromotionRig();
  const result = resultOf('result', ['bytes']);
  await rig.scratch.putResult(result);
  const blob = await rig.scratch.putBlob('bytes');
  await rig.trusted.objects.put(blob, Buffer.from('bytEs'), { notes: notesOf('identity', 5) });
  assert.equal(await rig.promote(result), 'promoted');
  assert.deepEqual(Buffer.from(rig.trusted.objects.kept.get(blob)!.content), Buffer.from('bytes'));
});

test('bytes that only the trusted part still has are enough', async () => {
  using rig = new PromotionRig();
  const result = resultOf('result', ['bytes']);
  await rig.scratch.putResult(result);
  await rig.trusted.putBlob('bytes');
  assert.equal(await rig.promote(result), 'promoted');
});

test('what a colleague has vouched for stays his; what a stranger has put there is replaced', async () => {
  using rig = new PromotionRig();
  const [his, strange] = [resultOf('his', []), resultOf('strange', [])];
  for (const result of [his, strange]) await rig.scratch.putResult(result);
  await rig.trusted.putResult(his);
  const stranger = rig.scratch.objects.kept.get(entryObject(strange.key))!.content;
  await rig.trusted.objects.put(entryObject(strange.key), stranger);
  assert.equal(await rig.promote(his), 'present');
  assert.equal(await rig.promote(strange), 'promoted');
  assert.equal(await rig.voucher(his), colleague.writer);
  assert.equal(await rig.voucher(strange), promoterKey.writer);
});

test('the list of a run keeps what is trusted in it, and gains what is promoted', async () => {
  using rig = new PromotionRig();
  const [his, ours] = [resultOf('his', []), resultOf('ours', [])];
  await rig.trusted.putRun('run', [his]);
  await rig.promoteRun('run', ours);
  assert.deepEqual(await rig.vouchers('run'), {
    [his.key]: colleague.writer,
    [ours.key]: promoterKey.writer,
  });
});

test('the list of a run loses what a stranger has put into it', async () => {
  using rig = new PromotionRig();
  const [strange, ours] = [resultOf('strange', []), resultOf('ours', [])];
  const list = await rig.scratch.putRun('run', [strange]);
  await rig.trusted.objects.put(list, rig.scratch.objects.kept.get(list)!.content);
  await rig.promoteRun('run', ours);
  assert.deepEqual(await rig.vouchers('run'), { [ours.key]: promoterKey.writer });
});

/** The same, of which each output is said to be a byte longer. */
function lengthened(content: EntryContent): EntryContent {
  const longer = Object.entries(content.result.outputs).map(([name, output]) => [
    name,
    { ...output, sizeBytes: output.sizeBytes + 1 },
  ]);
  return { ...content, result: { ...content.result, outputs: Object.fromEntries(longer) } };
}
