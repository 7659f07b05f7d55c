import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Upload, UploadQueue } from '../../../cache/remote/upload-queue.ts';
import { Uploader } from '../../../cache/remote/uploader.ts';
import { type Digest, digestOf } from '../../../engine/core/digest.ts';

const key = (number: number): Digest => digestOf(`result ${number}`);
const entry = (number: number): Upload => ({ kind: 'entry', key: key(number) });
const run: Upload = { kind: 'run', run: digestOf('run'), keys: [key(0)] };

interface Sending {
  readonly upload: Upload;
  readonly signal: AbortSignal;
  readonly answer: PromiseWithResolvers<void>;
}

/** An uploader whose uploads end as the test wants. */
class Sender implements Disposable {
  readonly queue: UploadQueue;
  readonly uploader: Uploader;
  /** All that were begun, in their order. */
  readonly begun: Sending[] = [];
  readonly failures: unknown[] = [];
  readonly progress: string[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'flow-uploader-'));

  constructor() {
    this.queue = new UploadQueue(join(this.#folder, 'uploads.db'), 's3://bucket', assert.fail);
    this.uploader = new Uploader({
      queue: this.queue,
      send: (upload, signal) => this.#send(upload, signal),
      onFailure: (error) => this.failures.push(error),
      sizeOf: () => 10,
      onProgress: ({ doneBytes, totalBytes }) => this.progress.push(`${doneBytes} of ${totalBytes}`),
    });
  }

  #send(upload: Upload, signal: AbortSignal): Promise<void> {
    const answer = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => answer.reject(signal.reason));
    this.begun.push({ upload, signal, answer });
    return answer.promise;
  }

  /** All that were begun so far, and all that begin then, are sent. */
  async sendAll(): Promise<void> {
    for (let done = 0; done < this.begun.length; done += 1) {
      this.begun[done]!.answer.resolve();
      await new Promise((next) => setImmediate(next));
    }
  }

  [Symbol.dispose](): void {
    this.queue.close();
    rmSync(this.#folder, { recursive: true });
  }
}

test('eight results are sent at a time, and a run when there is nothing else', async () => {
  using sender = new Sender();
  const { uploader, begun } = sender;
  uploader.add(entry(0));
  uploader.add(run);
  for (let number = 1; number < 12; number += 1) uploader.add(entry(number));
  assert.deepEqual([begun.length, uploader.waiting], [8, 12]);
  await sender.sendAll();
  await uploader.drain();
  assert.deepEqual([begun.length, begun.at(-1)?.upload, uploader.waiting], [13, run, 0]);
  assert.equal(sender.progress.at(-1), '130 of 130');
  assert.equal(sender.queue.count, 0);
});

test('a result is known while it waits, is sent or has failed, and not afterwards', async () => {
  using sender = new Sender();
  const { uploader, begun } = sender;
  for (let number = 0; number < 9; number += 1) uploader.add(entry(number));
  assert.deepEqual(
    [0, 8, 9].map((number) => uploader.has(key(number))),
    [true, true, false],
  );
  begun[0]!.answer.reject(new Error('no connection'));
  begun[1]!.answer.resolve();
  await new Promise((next) => setImmediate(next));
  assert.deepEqual(
    [0, 1].map((number) => uploader.has(key(number))),
    [true, false],
  );
  assert.deepEqual([uploader.waiting, uploader.unsent, sender.failures.length], [7, 1, 1]);
  await sender.sendAll();
  assert.equal(sender.queue.count, 1);
});

test('what has failed is tried once more at the end, and then left to the next build', async () => {
  using sender = new Sender();
  const { uploader, begun } = sender;
  uploader.add(entry(0));
  uploader.add(entry(1));
  for (const { answer } of begun) answer.reject(new Error('no connection'));
  const drained = uploader.drain();
  await new Promise((next) => setImmediate(next));
  begun[2]!.answer.resolve();
  begun[3]!.answer.reject(new Error('still none'));
  await drained;
  assert.deepEqual([begun.length, uploader.unsent, sender.queue.count], [4, 1, 1]);
});

test('a run that was sent without a result that had failed is sent once more after that', async () => {
  using sender = new Sender();
  const { uploader, begun } = sender;
  uploader.add(entry(0));
  uploader.add(run);
  begun[0]!.answer.reject(new Error('no connection'));
  await new Promise((next) => setImmediate(next));
  begun[1]!.answer.resolve();
  await uploader.settled();
  assert.equal(sender.queue.count, 1);
  const drained = uploader.drain();
  await sender.sendAll();
  await drained;
  assert.deepEqual(
    begun.map(({ upload }) => upload.kind),
    ['entry', 'run', 'entry', 'run'],
  );
  assert.deepEqual(sender.queue.takeOver(), []);
});

test('a result that is added again is sent once if it waits, and once more if it is being sent', async () => {
  using sender = new Sender();
  const { uploader, begun } = sender;
  for (let number = 0; number < 9; number += 1) uploader.add(entry(number));
  uploader.add(entry(8));
  assert.equal(uploader.waiting, 9);
  uploader.add(entry(0));
  begun[0]!.answer.resolve();
  await new Promise((next) => setImmediate(next));
  assert.ok(sender.queue.count === 9, 'it is in the queue until it was sent as it is now');
  await sender.sendAll();
  const keys = begun.map(({ upload }) => (upload.kind === 'entry' ? upload.key : ''));
  assert.equal(keys.filter((one) => one === key(0)).length, 2);
  assert.equal(keys.filter((one) => one === key(8)).length, 1);
  assert.deepEqual([uploader.waiting, sender.queue.count], [0, 0]);
});

test('what is being sent when it stops is broken off, and all that is left stays in the queue', async () => {
  using sender = new Sender();
  const { uploader, begun } = sender;
  for (let number = 0; number < 10; number += 1) uploader.add(entry(number));
  uploader.add(run);
  begun[0]!.answer.resolve();
  await new Promise((next) => setImmediate(next));
  const settled = uploader.settled();
  await uploader.stop();
  await settled; // Nobody waits for ever.
  assert.equal(begun.length, 9);
  assert.ok(begun.every(({ signal }) => signal.aborted));
  assert.deepEqual(sender.failures, []);
  sender.queue.leave();
  const left = sender.queue.takeOver();
  assert.deepEqual([left.length, left.filter(({ kind }) => kind === 'run').length], [10, 1]);
  assert.ok(left.every((upload) => upload.kind === 'run' || upload.key !== key(0)));
});
