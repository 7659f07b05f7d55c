/** Two machines and one bucket: what the one has made the other does not make again. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { blobsBeginning } from '../../cache/remote/layout.ts';
import { newSigningKey } from '../../cache/remote/signer.ts';
import { realData, realFile } from '../real-data.ts';
import { type BuildRun, Rig } from '../rig.ts';
import { withoutS3 } from '../s3-server.ts';
import { sampleFilm } from '../sample-film.ts';
import { entriesOf, objectsOf } from './fault-rig.ts';
import { executions, SharedBucket } from './shared-bucket.ts';

describe('a cache that two machines share', { skip: withoutS3 }, () => {
  let bucket: SharedBucket;
  before(async () => {
    bucket = await SharedBucket.start();
  });
  after(() => bucket[Symbol.asyncDispose]());

  test('the second builds the sample film without executing anything, with few requests; a third one only what a changed parameter reaches', async () => {
    const { dir } = await sampleFilm();
    const here = bucket.fresh();
    using first = new Rig();
    using second = new Rig();
    const made = await here.build(first, [`run:${join(dir, 'sample.mp4')}`, '--stage', 'baseline']);
    assert.equal(made.summary.remote?.unsent, 0);
    copyFileSync(join(dir, 'sample.mp4'), second.path('another-name.mp4'));
    const found = await here.build(second, ['run:another-name.mp4', '--stage', 'baseline']);
    assert.deepEqual(executions(found), []);
    assertSameBytes(first, made, second, found);
    const { requests, blobs } = found.summary.remote!;
    assert.ok(requests <= 1 + 1.2 * blobs, `${requests} requests for ${blobs} blobs`);
    assert.ok(second.manifest(found).components.every(({ cache }) => cache === 'remote'));

    const profile =
      'schema_version: 1\nname: mine\nextends: default\ncomponents:\n  video_pacing: { params: { window_sec: 5 } }\n';
    using third = new Rig({ 'profiles/mine.yaml': profile });
    const changed = await here.build(third, [`run:${join(dir, 'sample.mp4')}`, '--profile', 'mine']);
    assert.deepEqual(changed.ran, ['render', 'video_pacing']);
    assert.deepEqual(changed.regenerated, []);
  });

  for (const clip of ['friday.mp4', 'cursed-vfr.mp4']) {
    const skip = realData === undefined && 'no shared/data folder';
    test(`the second builds ${clip} without executing anything`, { skip }, async () => {
      const here = bucket.fresh();
      using first = new Rig();
      using second = new Rig();
      const target = [`run:${realFile(`videos/${clip}`)}`, '--profile', 'builtin:offline']; // With models.
      const made = await here.build(first, target);
      const found = await here.build(second, target);
      assert.equal(found.status, 0, found.stderr);
      assert.deepEqual(executions(found), []);
      assertSameBytes(first, made, second, found);
    });
  }

  test('what was made before there was a remote cache is sent when there is one', async () => {
    const here = bucket.fresh();
    using first = textRig();
    using second = textRig();
    await first.build(['//...']);
    const again = await here.build(first, ['//...']);
    assert.deepEqual(executions(again), []);
    assert.equal(again.summary.remote?.unsent, 0);
    assert.deepEqual(executions(await here.build(second, ['//...'])), []);
  });

  test('who makes lost bytes again sends them, and leaves the result to the one who has signed it', async () => {
    const here = bucket.fresh();
    using first = textRig();
    using second = textRig();
    await here.build(first, ['//...'], { FLOW_SIGNING_KEY: newSigningKey().pem });
    const signed = await entriesOf(here);
    assert.equal(signed.size, 2);
    for (const text of signed.values()) assert.match(text, /"signature":"/);
    const { objects, close } = await objectsOf(here);
    for await (const { key } of objects.list(blobsBeginning)) await objects.delete(key);
    const repaired = await here.build(second, ['//...']);
    assert.deepEqual([repaired.ran, repaired.regenerated], [[], ['//large']]);
    const parsed = (entries: ReadonlyMap<string, string>): unknown[] =>
      [...entries.values()].map((text) => JSON.parse(text) as unknown);
    assert.deepEqual(parsed(await entriesOf(here)), parsed(signed)); // In whatever order of their fields.
    assert.equal((await Array.fromAsync(objects.list(blobsBeginning))).length, 1);
    close();
  });

  test('--remote-read-only sends nothing, --offline asks for nothing', async () => {
    const here = bucket.fresh();
    using first = textRig();
    using second = textRig();
    await here.build(first, ['//...', '--remote-read-only']);
    const alone = await here.build(second, ['//...', '--offline']);
    assert.equal(alone.ran.length, 2);
    assert.equal(alone.summary.remote, undefined);
    using third = textRig();
    assert.equal((await here.build(third, ['//...'])).ran.length, 2);
  });

  test('--no-wait leaves the uploads to the next build, which finishes them', async () => {
    const here = bucket.fresh();
    using first = textRig();
    using second = textRig();
    await here.build(first, ['//...', '--no-wait']);
    first.write('in.txt', 'changed\n');
    const next = await here.build(first, ['//...']);
    assert.equal(next.summary.remote?.unsent, 0);
    assert.deepEqual(executions(await here.build(second, ['//...'])), []); // The unchanged input.
  });
});

function assertSameBytes(first: Rig, made: BuildRun, second: Rig, found: BuildRun): void {
  const [a, b] = [first.digests(made), second.digests(found)];
  assert.deepEqual(b, a);
  const folderOf = (run: BuildRun): string => dirname(run.summary.runs[0]!.manifest!);
  for (const path of Object.keys(a))
    assert.ok(
      readFileSync(join(folderOf(made), path)).equals(readFileSync(join(folderOf(found), path))),
      path,
    );
}

/** One small result, which fits into its entry, and one large one. */
function textRig(): Rig {
  const command = (script: string, output: string): string =>
    `{ command: [sh, -c, ${JSON.stringify(script)}], outputs: { text: ${output} } }`;
  return new Rig({
    'in.txt': 'a line\n',
    'graphs/text.yaml': `schema_version: 1
components:
  small: { rule: exec, inputs: { source: "file:in.txt" }, params: ${command('cat in/source* > small.txt', 'small.txt')} }
  large: { rule: exec, inputs: { source: small.text }, params: ${command('seq 1 20000 | sed "s/^/$(cat in/source*) /" > large.txt', 'large.txt')} }
`,
  });
}
