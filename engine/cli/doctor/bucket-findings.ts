/** Tries in a bucket what flow does there, and says what came of it. Nothing stays behind. */
import { randomUUID } from 'node:crypto';
import type { Answer } from '../../../cache/remote/answers-of.ts';
import { BucketPart } from '../../../cache/remote/bucket-part.ts';
import { leasesBeginning, runsBeginning, scratchPart } from '../../../cache/remote/layout.ts';
import { type ObjectStore, RemoteError } from '../../../cache/remote/object-store.ts';
import { probeConditions } from '../../../cache/remote/probe-conditions.ts';
import { readWhole } from '../../../cache/remote/read-whole.ts';
import { AnsweredError } from '../../../cache/remote/s3-fault.ts';
import { durationText } from '../duration-text.ts';
import type { Finding } from './finding.ts';

export interface BucketUse {
  readonly remoteReadOnly?: boolean;
  readonly remoteScratch?: boolean;
  /** Results or states of runs are there, and not the cache that machines share. */
  readonly holdsRuns?: boolean;
}

export interface Tried {
  readonly objects: ObjectStore;
  /** All so far. */
  readonly answers: readonly Answer[];
  readonly use: BucketUse;
}

/** Ends where the rest would say the same once more. */
export async function* bucketFindings({ objects, answers, use }: Tried): AsyncGenerator<Finding> {
  const purpose = use.holdsRuns ? ofRuns : ofCache;
  const unread = await faultOf(() => read(objects));
  const unlisted = unread ? undefined : await faultOf(() => list(objects));
  if (answers.length > 0) yield* answerFindings(answers);
  if (unread) return yield refusalFinding(unread, { purpose, isAnswered: answers.length > 0 });
  // Any server may answer that there is no such object, but what is no list was not made by S3.
  if (unlisted && unlisted.fault !== 'denied') return yield notAllowed('listing', unlisted, strange);
  yield pass('credentials', 'the server takes them');
  yield pass('reading', allowed);
  yield unlisted ? notAllowed('listing', unlisted, purpose.lists) : pass('listing', allowed);
  if (use.remoteReadOnly) yield { name: 'writing', level: 'info', found: 'not tried: --remote-read-only' };
  else
    yield* writingFindings(
      use.remoteScratch ? new BucketPart(async () => objects, scratchPart) : objects,
      purpose,
    );
}

// ---- The server -----------------------------------------------------------------------------------------------------

/** Less does not show in ages, and requests are refused from a quarter of an hour on. */
const mostSkewMs = 60_000;

function* answerFindings(answers: readonly Answer[]): Generator<Finding> {
  const fastestMs = Math.min(...answers.map(({ sentAtMs, answeredAtMs }) => answeredAtMs - sentAtMs));
  yield pass('server', `answers within ${Math.max(1, fastestMs)} ms`);
  yield clock(answers[0]!);
}

function clock({ sentAtMs, answeredAtMs, serverAtMs }: Answer): Finding {
  if (serverAtMs === undefined) return { name: 'clock', level: 'info', found: 'the server tells none' };
  // What it tells is cut to a second.
  const aheadMs = serverAtMs + 500 - (sentAtMs + answeredAtMs) / 2;
  if (Math.abs(aheadMs) < mostSkewMs) return pass('clock', "agrees with the server's");
  const apart = `${durationText(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'}`;
  return {
    name: 'clock',
    level: 'warn',
    found: `the server's is ${apart} this machine's: ages in the bucket are off by that, and from 15 min on requests are refused at first`,
    fix: 'Set the clocks of this machine and of the server by a time server.',
  };
}

/** Of the first request: what it was that the server, or the way to it, did not like. */
function refusalFinding(
  refusal: RemoteError,
  { purpose, isAnswered }: { readonly purpose: Purpose; readonly isAnswered: boolean },
): Finding {
  const { fault } = refusal;
  const code = refusal instanceof AnsweredError ? refusal.code : undefined;
  const fail = (name: string, fix: string): Finding => ({ name, level: 'fail', found: refusal.reason, fix });
  if (fault === 'no_bucket') return fail('bucket', 'Make it, or correct the name in s3://BUCKET/PREFIX.');
  if (fault === 'denied' && code === 'AccessDenied')
    return fail(
      'reading',
      'Allow s3:GetObject, and s3:ListBucket: without it a server answers 403 for what is not there.',
    );
  if (fault === 'denied' && /region/i.test(refusal.message)) return fail('region', 'Set S3_REGION.');
  if (fault === 'denied')
    return fail('credentials', 'Correct S3_ACCESS_KEY and S3_SECRET_KEY, or renew what the AWS SDK finds.');
  if (!isAnswered) return fail('server', `Check that it runs, and S3_ENDPOINT; ${purpose.without}.`);
  return fail('reading', 'Look into the log of the server; check that S3_ENDPOINT is one of S3.');
}

// ---- What may be done -----------------------------------------------------------------------------------------------

const allowed = 'allowed';

const strange: Advice = { level: 'fail', fix: 'Check that S3_ENDPOINT is the address of an S3 server.' };

/** What the bucket is for, and what that needs. */
interface Purpose {
  /** What builds do if there is no server, as a part of a sentence. */
  readonly without: string;
  readonly lists: Advice;
  readonly writes: Advice;
  readonly deletes: Advice;
  /** Where what is tried is written. */
  readonly probePlace: string;
  readonly hasLeases: boolean;
}

const ofCache: Purpose = {
  without: 'without it builds work for themselves',
  lists: { level: 'warn', fix: 'Allow s3:ListBucket: flow cache stats, ls and gc --remote need it.' },
  writes: {
    level: 'fail',
    fix: 'Allow s3:PutObject; or build with --remote-read-only, or send to --remote-scratch.',
  },
  deletes: {
    level: 'warn',
    fix: 'Allow s3:DeleteObject: flow cache gc --remote needs it. What was tried has stayed behind, a few bytes.',
  },
  probePlace: leasesBeginning,
  hasLeases: true,
};

const ofRuns: Purpose = {
  without: 'without it nothing is built',
  lists: { level: 'fail', fix: 'Allow s3:ListBucket: builds and flow runs list what is there.' },
  writes: { level: 'fail', fix: 'Allow s3:PutObject: builds publish their runs there.' },
  deletes: {
    level: 'fail',
    fix: 'Allow s3:DeleteObject: builds remove what a run no longer gives. What was tried has stayed behind, a few bytes.',
  },
  probePlace: '',
  hasLeases: false,
};

const readsBack: Advice = { level: 'fail', fix: 'Allow s3:GetObject for all that is below the prefix.' };
const leases: Advice = {
  level: 'warn',
  fix: 'Nothing that is built is wrong without them; a server with If-None-Match on PUT has them.',
};

async function* writingFindings(objects: ObjectStore, purpose: Purpose): AsyncGenerator<Finding> {
  const key = `${purpose.probePlace}probe-${randomUUID()}`;
  const unwritten = await faultOf(async () => void (await objects.put(key, probe)));
  if (unwritten) return yield notAllowed('writing', unwritten, purpose.writes);
  yield pass('writing', allowed);
  yield await readBack(objects, key);
  const undeleted = await faultOf(() => objects.delete(key));
  yield undeleted ? notAllowed('deleting', undeleted, purpose.deletes) : pass('deleting', allowed);
  if (purpose.hasLeases) yield await conditions(objects);
}

async function readBack(objects: ObjectStore, key: string): Promise<Finding> {
  const name = 'contents';
  try {
    const there = await readWhole(objects, key, { mostBytes: 2 * probe.length });
    if (there && 'bytes' in there && probe.equals(there.bytes))
      return pass(name, 'what is written is read as it was');
    const fix = 'Use a server that speaks S3 as Amazon does; look for a proxy that changes bodies.';
    return { name, level: 'fail', found: 'what was written is read as something else', fix };
  } catch (error) {
    return notAllowed(name, asRemoteError(error), readsBack);
  }
}

async function conditions(objects: ObjectStore): Promise<Finding> {
  const name = 'leases';
  try {
    const outcome = await probeConditions(objects);
    if (outcome === 'kept') return pass(name, 'conditional writes work: machines share work out');
    const why = outcome === 'ignored' ? 'ignores the conditions of writes' : 'has no conditional writes';
    const found = `off: the server ${why}, so machines that build the same at the same time do it twice`;
    return { name, found, ...leases };
  } catch (error) {
    return notAllowed(name, asRemoteError(error), leases);
  }
}

const probe = Buffer.from('flow doctor looks whether it may write here\n');

async function read(objects: ObjectStore): Promise<void> {
  const ask = async (): Promise<void> =>
    void (await readWhole(objects, `${runsBeginning}none`, { mostBytes: 0 }));
  // By the answer the client has corrected its clock.
  await ask().catch((error) => (isSkew(error) ? ask() : Promise.reject(error)));
}

function isSkew(error: unknown): boolean {
  return error instanceof AnsweredError && error.code === 'RequestTimeTooSkewed';
}

async function list(objects: ObjectStore): Promise<void> {
  for await (const _ of objects.list(`${runsBeginning}none`)) return;
}

// ---- Findings -------------------------------------------------------------------------------------------------------

function pass(name: string, found: string): Finding {
  return { name, level: 'pass', found };
}

interface Advice {
  readonly level: 'warn' | 'fail';
  /** For who is not allowed to. */
  readonly fix: string;
}

function notAllowed(name: string, { fault, reason }: RemoteError, { level, fix }: Advice): Finding {
  const isTold = fault === 'denied' || fault === 'invalid';
  return { name, level, found: reason, fix: isTold ? fix : 'Look into the log of the server.' };
}

async function faultOf(request: () => Promise<void>): Promise<RemoteError | undefined> {
  try {
    await request();
    return undefined;
  } catch (error) {
    return asRemoteError(error);
  }
}

/** @throws the error, if it is another one */
function asRemoteError(error: unknown): RemoteError {
  if (error instanceof RemoteError) return error;
  throw error;
}
