/** A process of its own that holds leases in a bucket, and does as it is told by messages. */
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { openObjects } from '../../../cache/remote/open-objects.ts';
import { RemoteLeases } from '../../../cache/remote/remote-leases.ts';
import { type Digest, digestOf } from '../../../engine/core/digest.ts';

export type LeaseOrder =
  | { readonly act: 'acquire' | 'publish' | 'release'; readonly name: string }
  /** Does the work of each name that nobody has done, and notes in a file whose work it did. */
  | { readonly act: 'work'; readonly names: readonly string[]; readonly log: string };

const { S3_ENDPOINT, S3_REGION, S3_BUCKET, S3_ACCESS_KEY, S3_SECRET_KEY, LEASE_MS } = process.env;
const { objects } = await openObjects({
  url: `s3://${S3_BUCKET}/leases`,
  endpoint: S3_ENDPOINT,
  region: S3_REGION,
  accessKey: S3_ACCESS_KEY,
  secretKey: S3_SECRET_KEY,
});
const leases = new RemoteLeases({
  objects,
  leaseMs: Number(LEASE_MS),
  onOff: (reason) => {
    throw new Error(reason);
  },
});
const pollMs = 50;

process.on('message', (order: LeaseOrder) => {
  void follow(order).then((answer) => process.send!(answer)); // What it throws ends the process, and the test.
});

async function follow(order: LeaseOrder): Promise<string> {
  if (order.act === 'work') {
    for (const name of order.names) await workOn(name, order.log);
    return 'worked';
  }
  const key = digestOf(order.name);
  if (order.act === 'acquire') return leases.acquire(key);
  if (order.act === 'publish') return (await leases.mayPublish(key)) ? 'published' : 'lost';
  await leases.release(key);
  return 'released';
}

async function workOn(name: string, log: string): Promise<void> {
  const key = digestOf(name);
  while (!(await isDone(key))) {
    const outcome = await leases.acquire(key);
    if (outcome === 'unasked') throw new Error('There was no lease to be had.');
    if (outcome === 'taken') {
      await delay(pollMs);
      continue;
    }
    if (!(await isDone(key))) {
      appendFileSync(log, `${name}\n`);
      await objects.put(doneObject(key), new Uint8Array([1]));
    }
    await leases.release(key);
  }
}

async function isDone(key: Digest): Promise<boolean> {
  return (await objects.head(doneObject(key))) !== undefined;
}

function doneObject(key: Digest): string {
  return `done/${key}`;
}
