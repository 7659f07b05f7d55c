/** Builds are killed while they send to a bucket: nobody takes what is half there for whole, and the next build sends the rest. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { listContents } from '../../cache/remote/bucket-contents.ts';
import { blobObject, digestOfObject } from '../../cache/remote/layout.ts';
import type { ObjectStore } from '../../cache/remote/object-store.ts';
import { readRunIndex, soundEntries } from '../../cache/remote/read-run-index.ts';
import { anybody } from '../../cache/remote/trust.ts';
import { UploadQueue } from '../../cache/remote/upload-queue.ts';
import { verifyBucket } from '../../cache/remote/verify-bucket.ts';
import { blobsOf } from '../../engine/core/blobs-of.ts';
import { digestOf } from '../../engine/core/digest.ts';
import type { OutputRecord } from '../../engine/core/store.ts';
import { type FaultPlan, type FaultProxy, startFaultProxy } from '../fault-proxy.ts';
import { made, objectsOf, textRig } from '../remote/fault-rig.ts';
import { SharedBucket } from '../remote/shared-bucket.ts';
import type { Rig } from '../rig.ts';
import { withoutS3 } from '../s3-server.ts';
import { buildHere } from '../trust/build-here.ts';
import { WarmBuilders } from './builder.ts';

/** Two parts that do not become less by compression. */
const noiseBytes = 9 * 2 ** 20;
const noiseGraph = `schema_version: 1
components:
  noise: { rule: exec, inputs: { source: "file:noise.bin" }, params: { command: [cp, in/source.bin, out.bin], outputs: { bytes: out.bin } } }
`;

/** Where in the uploads of a build: method, path and query of a request, and which of its kind. */
interface Moment {
  readonly request: RegExp;
  readonly nth: number;
}

const moments: readonly Moment[] = [
  { request: /^POST .*\/cas\/.*\?uploads/, nth: 1 },
  { request: /^PUT .*\/cas\/.*partNumber/, nth: 1 },
  { request: /^PUT .*\/cas\/.*partNumber/, nth: 2 },
  { request: /^POST .*\/cas\/.*uploadId/, nth: 1 },
  { request: /^PUT .*\/cas\/(?!.*partNumber)/, nth: 1 },
  { request: /^PUT .*\/cas\/(?!.*partNumber)/, nth: 2 },
  { request: /^PUT .*\/ac\//, nth: 1 },
  { request: /^PUT .*\/ac\//, nth: 2 },
  { request: /^PUT .*\/ac\//, nth: 4 },
  { request: /^PUT .*\/runs\//, nth: 1 },
];

/**
 * `asked`: as the request comes in; its content may be cut off, or not. `done`: when the server has done it, and before
 * the build can know.
 */
type Stage = 'asked' | 'done';

interface Round extends Moment {
  readonly stage: Stage;
  /** What is sent was made just now; else before there was a remote cache. */
  readonly isNew: boolean;
}

const rounds: readonly Round[] = moments.flatMap((moment, index) => [
  { ...moment, stage: 'asked', isNew: index % 2 === 0 },
  { ...moment, stage: 'done', isNew: index % 2 === 1 },
]);

/** Of each fifth round somebody else looks what he finds, while it is half there. */
const readEvery = 5;

function killedAt({ request, nth, stage }: Round, kill: () => void): FaultPlan {
  let seen = 0;
  return ({ method, path, query }) => {
    if (seen === nth) kill();
    if (seen === nth || !request.test(`${method} ${path}${query}`)) return undefined;
    seen += 1;
    if (seen < nth) return undefined;
    if (stage === 'done') return { type: 'lose' }; // It is asked for again: then it has been done.
    kill();
    return undefined;
  };
}

function writeInputs(rig: Rig, round: number): void {
  rig.write('in.txt', `round ${round}\n`);
  rig.write('noise.bin', randomBytes(noiseBytes));
}

function noisyRig(): Rig {
  return textRig({ files: { 'graphs/noise.yaml': noiseGraph } });
}

function delivered(rig: Rig): Record<string, string> {
  return { ...made(rig), noise: digestOf(readFileSync(rig.path('out/noise/bytes.bin'))) };
}

/** What another machine with the same sources, which sends nothing, has to execute, and what it has then. */
async function readElsewhere(rig: Rig, remote: string): Promise<Reading> {
  using reader = noisyRig();
  for (const name of ['in.txt', 'noise.bin']) reader.write(name, readFileSync(rig.path(name)));
  const built = await buildHere(reader, ['//...'], { remote, remoteReadOnly: true });
  assert.deepEqual([built.status, built.warnings], [0, []]);
  return { executed: [...built.ran, ...built.regenerated], outputs: delivered(reader) };
}

interface Reading {
  readonly executed: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
}

/** Whatever is there is what its name says, and everything that it names is there. */
async function assertWhole(here: SharedBucket, when: string): Promise<void> {
  const { objects, close } = await objectsOf(here);
  const contents = await listContents(objects);
  const verified = await verifyBucket({ objects, contents, trust: anybody, onVerified: () => undefined });
  assert.deepEqual(verified, { bad: [], untrusted: 0, incomplete: 0 }, when);
  const present = new Set(contents.blobs.map(({ key }) => key));
  for (const { key } of contents.runs)
    for (const { digest } of await blobsOfRun(objects, key))
      assert.ok(present.has(blobObject(digest)), `${when}: ${key} names ${digest}, which is not there`);
  close();
}

async function blobsOfRun(objects: ObjectStore, key: string): Promise<OutputRecord[]> {
  const index = await readRunIndex(objects, digestOfObject(key)!);
  assert.ok(index && !('refusal' in index));
  return [...soundEntries(index, anybody)].flatMap(({ result }) => blobsOf(result));
}

function leftToSend({ cacheDir }: Rig, url: string): number {
  const queue = new UploadQueue(join(cacheDir, 'uploads.db'), `${url}/`, assert.fail);
  const left = queue.takeOver();
  queue.close();
  return left.length;
}

describe('a build that is killed while it sends', { skip: withoutS3 }, () => {
  let bucket: SharedBucket;
  let proxy: FaultProxy;
  before(async () => {
    bucket = await SharedBucket.start();
    proxy = await startFaultProxy(bucket.env.S3_ENDPOINT!);
    // For the builds of this process, and of those that are killed; they name their remote cache themselves.
    Object.assign(process.env, bucket.via(proxy.url).env, { FLOW_REMOTE: '' });
  });
  after(async () => {
    await proxy[Symbol.asyncDispose]();
    await bucket[Symbol.asyncDispose]();
  });

  test(`leaves nothing half, and the next one sends the rest (kill -9 in ${rounds.length} rounds)`, async () => {
    using rig = noisyRig();
    writeInputs(rig, 0);
    assert.equal((await buildHere(rig)).status, 0);
    using builders = new WarmBuilders(rig);
    for (const [index, round] of rounds.entries()) {
      const here = bucket.fresh();
      const remote = here.url;
      const name = `round ${index}: ${round.request} ${round.nth} ${round.stage}`;
      if (round.isNew) writeInputs(rig, index);
      using builder = builders.take();
      proxy.setPlan(killedAt(round, () => builder[Symbol.dispose]()));
      assert.equal(await builder.build(['//...'], { remote }), 'SIGKILL', name);
      proxy.setPlan(() => undefined);

      await assertWhole(here, name);
      const early = index % readEvery === 0 ? await readElsewhere(rig, remote) : undefined;
      // What was made before is in the queue, whatever is built next.
      const next = await buildHere(rig, [round.isNew ? '//...' : '//small'], { remote });
      assert.deepEqual([next.status, next.warnings], [0, []], name);
      assert.equal(leftToSend(rig, remote), 0, name);
      const late = await readElsewhere(rig, remote);
      assert.deepEqual(late, { executed: [], outputs: delivered(rig) }, name);
      if (early) assert.deepEqual(early.outputs, late.outputs, name);
    }
  });
});
