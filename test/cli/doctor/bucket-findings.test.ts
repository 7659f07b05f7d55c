import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../../cache/remote/answers-of.ts';
import { FaultyObjects, type ObjectFault } from '../../../cache/remote/faulty-objects.ts';
import { MemoryObjects, type MemoryServer } from '../../../cache/remote/memory-objects.ts';
import type { ObjectStore } from '../../../cache/remote/object-store.ts';
import type { RequestName } from '../../../cache/remote/observed-objects.ts';
import { AnsweredError } from '../../../cache/remote/s3-fault.ts';
import { type BucketUse, bucketFindings } from '../../../engine/cli/doctor/bucket-findings.ts';
import type { Finding } from '../../../engine/cli/doctor/finding.ts';

async function findings(
  objects: ObjectStore,
  { use = {}, answers = [] }: { use?: BucketUse; answers?: readonly Answer[] } = {},
): Promise<Finding[]> {
  return Array.fromAsync(bucketFindings({ objects, answers, use }));
}

/** 'pass listing', for each. */
function levels(found: readonly Finding[]): string[] {
  for (const { level, fix, name } of found)
    assert.equal(fix !== undefined, level === 'warn' || level === 'fail', name);
  return found.map(({ level, name }) => `${level} ${name}`);
}

/** What is found where requests of some kinds are refused. */
function refused(
  names: readonly RequestName[],
  refuse: 'denied' | 'unavailable' | 'no_bucket' | 'invalid',
): Promise<Finding[]> {
  const fault: ObjectFault = { isHit: ({ name }) => names.includes(name), effect: { refuse } };
  return findings(new FaultyObjects(new MemoryObjects(), fault));
}

const whole = [
  'pass credentials',
  'pass reading',
  'pass listing',
  'pass writing',
  'pass contents',
  'pass deleting',
  'pass leases',
];

test('where all is allowed all passes, and one probe of a few bytes stays in the bucket', async () => {
  for (const use of [{}, { remoteScratch: true }]) {
    const objects = new MemoryObjects();
    assert.deepEqual(levels(await findings(objects, { use })), whole);
    const part = 'remoteScratch' in use ? 'scratch/' : '';
    assert.deepEqual([...objects.kept.keys()], [`${part}v1/leases/probe`]);
  }
});

test('a reader is not tried at writing', async () => {
  const objects = new FaultyObjects(new MemoryObjects(), { isHit: () => false, effect: 'cut' });
  const found = await findings(objects, { use: { remoteReadOnly: true } });
  assert.deepEqual(levels(found), [...whole.slice(0, 3), 'info writing']);
  assert.deepEqual(new Set(objects.calls.map(({ name }) => name)), new Set(['get', 'listPage']));
});

test('what is not allowed is told by itself, with what it is needed for', async () => {
  const listing = await refused(['listPage'], 'denied');
  assert.deepEqual(levels(listing), whole.with(2, 'warn listing'));
  assert.match(listing[2]!.fix!, /s3:ListBucket/);
  const writing = await refused(['put'], 'denied');
  assert.deepEqual(levels(writing), [...whole.slice(0, 3), 'fail writing']);
  assert.match(writing.at(-1)!.fix!, /--remote-read-only/);
  assert.deepEqual(levels(await refused(['delete'], 'denied')), whole.with(5, 'warn deleting'));
});

test('wrong keys, a missing bucket, a server that is down and one of another kind: each is told once', async () => {
  assert.deepEqual(levels(await refused(['get', 'put'], 'denied')), ['fail credentials']);
  assert.deepEqual(levels(await refused(['get', 'put'], 'no_bucket')), ['fail bucket']);
  assert.deepEqual(levels(await refused(['get', 'put'], 'unavailable')), ['fail server']);
  assert.deepEqual(levels(await refused(['listPage', 'put'], 'invalid')), ['fail listing']);
});

test('keys that the server knows and does not let read are told as such', async () => {
  const denied = new AnsweredError('denied', { status: 403, code: 'AccessDenied' });
  const objects = Object.assign(new MemoryObjects(), { get: () => Promise.reject(denied) });
  const [finding] = await findings(objects);
  assert.equal(finding!.name, 'reading');
  assert.match(finding!.fix!, /s3:GetObject/);
});

test('a clock that was wrong for the first request alone, by which the client sets its own, is no fault', async () => {
  const skewed = new AnsweredError('unavailable', { status: 403, code: 'RequestTimeTooSkewed' });
  const memory = new MemoryObjects();
  let count = 0;
  const get: ObjectStore['get'] = async (...asked) => {
    count += 1;
    if (count === 1) throw skewed;
    return MemoryObjects.prototype.get.call(memory, ...asked);
  };
  assert.deepEqual(levels(await findings(Object.assign(memory, { get }))), whole);
});

test('without conditional writes there are no leases, and it is said what that means', async () => {
  const of = (conditions: MemoryServer['conditions']): Promise<Finding[]> =>
    findings(new MemoryObjects({ ...(conditions && { conditions }) }));
  for (const conditions of ['unsupported', 'ignored'] as const) {
    const found = await of(conditions);
    assert.deepEqual(levels(found), whole.with(6, 'warn leases'));
    assert.match(found.at(-1)!.found, /do it twice$/);
  }
});

test("a server's clock that is a minute off is told, one that is a second off is not", async () => {
  const at = async (aheadMs: number): Promise<Finding> => {
    const answer = { sentAtMs: 1_000_000, answeredAtMs: 1_000_010, serverAtMs: 1_000_000 + aheadMs };
    const found = await findings(new MemoryObjects(), { answers: [answer] });
    assert.deepEqual(levels(found)[0], 'pass server');
    assert.equal(found[0]!.found, 'answers within 10 ms');
    return found[1]!;
  };
  assert.equal((await at(-1000)).level, 'pass');
  assert.match((await at(120_000)).found, /2 min.* ahead of this machine's/);
  assert.match((await at(-120_000)).found, /2 min.* behind this machine's/);
});
