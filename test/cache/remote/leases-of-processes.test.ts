/** Leases between processes that share nothing but a bucket of a real server. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type S3Server, startS3, withoutS3 } from '../../s3-server.ts';
import type { LeaseOrder } from './lease-process.ts';

/** For leases that shall run out. */
const shortMs = 1000;
/** For leases that shall not, however busy the machine is. */
const longMs = 60_000;
const pollMs = 100;

describe('leases in a bucket', { skip: withoutS3 }, () => {
  let server: S3Server;
  before(async () => {
    server = await startS3({ kind: 'radosgw' });
  });
  after(() => server.stop());

  test('four processes that want the same 30 actions do each of them once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'flow-leases-'));
    const log = join(folder, 'log');
    const names = Array.from({ length: 30 }, (_, index) => `action ${index}`);
    const machines = Array.from({ length: 4 }, () => new Machine(server, { leaseMs: longMs }));
    await Promise.all(machines.map((machine) => machine.tell({ act: 'work', names, log })));
    const done = readFileSync(log, 'utf8').trim().split('\n');
    assert.deepEqual(done.toSorted(), names.toSorted());
    for (const machine of machines) machine.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  test('the lease of a killed process is taken over', async () => {
    using holder = new Machine(server, { leaseMs: shortMs });
    using other = new Machine(server, { leaseMs: shortMs });
    const name = 'killed';
    assert.equal(await holder.tell({ act: 'acquire', name }), 'held');
    assert.equal(await other.tell({ act: 'acquire', name }), 'taken');
    holder.kill('SIGKILL');
    await other.untilHeld(name);
    assert.equal(await other.tell({ act: 'publish', name }), 'published');
  });

  test('a process that was stopped for longer than its lease publishes nothing', async () => {
    using holder = new Machine(server, { leaseMs: shortMs });
    using other = new Machine(server, { leaseMs: shortMs });
    const name = 'stopped';
    assert.equal(await holder.tell({ act: 'acquire', name }), 'held');
    holder.kill('SIGSTOP');
    await other.untilHeld(name);
    holder.kill('SIGCONT');
    assert.equal(await holder.tell({ act: 'publish', name }), 'lost');
    assert.equal(await other.tell({ act: 'publish', name }), 'published');
    assert.equal(await holder.tell({ act: 'acquire', name }), 'taken');
    await other.tell({ act: 'release', name });
    assert.equal(await holder.tell({ act: 'acquire', name }), 'held');
  });
});

/** A process that holds leases. */
class Machine implements Disposable {
  readonly #child: ChildProcess;

  constructor({ env }: S3Server, { leaseMs }: { readonly leaseMs: number }) {
    this.#child = fork(join(import.meta.dirname, 'lease-process.ts'), {
      env: { ...process.env, ...env, LEASE_MS: String(leaseMs) },
    });
  }

  /** @returns its answer */
  async tell(order: LeaseOrder): Promise<string> {
    const ended = new AbortController();
    const onExit = (): void => ended.abort(new Error('The process has ended.'));
    this.#child.once('exit', onExit);
    this.#child.send(order);
    const [answer] = (await once(this.#child, 'message', { signal: ended.signal })) as [string];
    this.#child.off('exit', onExit);
    return answer;
  }

  async untilHeld(name: string): Promise<void> {
    while ((await this.tell({ act: 'acquire', name })) !== 'held') await delay(pollMs);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  [Symbol.dispose](): void {
    this.kill('SIGKILL');
  }
}
