import assert from 'node:assert/strict';
import test from 'node:test';
import { BreakingObjects } from '../../../cache/remote/breaking-objects.ts';
import { CircuitBreaker } from '../../../cache/remote/circuit-breaker.ts';
import { MemoryObjects } from '../../../cache/remote/memory-objects.ts';
import { type PutOutcome, RemoteError } from '../../../cache/remote/object-store.ts';
import { AnsweredError } from '../../../cache/remote/s3-fault.ts';
import { WriteBarrier } from '../../../cache/remote/write-barrier.ts';

/** Answers 403 to changes, under the name that is given. */
class ClosedObjects extends MemoryObjects {
  asked = 0;
  readonly #code: string;

  constructor(code: string) {
    super();
    this.#code = code;
  }

  override put(): Promise<PutOutcome> {
    return this.#refuse();
  }

  override delete(): Promise<void> {
    return this.#refuse();
  }

  async #refuse(): Promise<never> {
    this.asked += 1;
    throw new AnsweredError('denied', { status: 403, code: this.#code });
  }
}

function bench(code: string) {
  const server = new ClosedObjects(code);
  const told: RemoteError[] = [];
  const breaking = new BreakingObjects(server, new CircuitBreaker({ now: () => 0 }));
  return { server, told, objects: new WriteBarrier(breaking, (error) => told.push(error)) };
}

const content = Buffer.from('content');
const faultIs = (fault: string) => (error: unknown) => error instanceof RemoteError && error.fault === fault;

test('who may not write writes once, is told once, and goes on reading', async () => {
  const { server, told, objects } = bench('AccessDenied');
  await assert.rejects(objects.put('a', content), faultIs('denied'));
  await assert.rejects(objects.put('a', content), faultIs('off'));
  await assert.rejects(objects.beginUpload('a'), faultIs('off'));
  assert.equal(await objects.get('a'), undefined);
  assert.deepEqual([server.asked, told.length], [1, 1]);
});

test('who may not delete may write', async () => {
  const { told, objects } = bench('AccessDenied');
  await assert.rejects(objects.delete('a'), faultIs('denied'));
  assert.equal(typeof (await objects.beginUpload('a')), 'string');
  assert.equal(told.length, 0);
});

test('keys that have expired end all requests, and nobody is told that they may only read', async () => {
  const { told, objects } = bench('ExpiredToken');
  await assert.rejects(objects.put('a', content), faultIs('denied'));
  await assert.rejects(objects.get('a'), faultIs('off'));
  assert.equal(told.length, 0);
});
