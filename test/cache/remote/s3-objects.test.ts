/** The same cases for the server in memory, which other tests stand on, and for real ones. */
import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { MemoryObjects } from '../../../cache/remote/memory-objects.ts';
import { type ObjectStore, RemoteError } from '../../../cache/remote/object-store.ts';
import { openObjects } from '../../../cache/remote/open-objects.ts';
import { readWhole } from '../../../cache/remote/read-whole.ts';
import { S3Objects } from '../../../cache/remote/s3-objects.ts';
import { bucketSettings } from '../../../engine/cli/remote-settings.ts';
import { type S3Server, startS3, withoutS3 } from '../../s3-server.ts';

const partBytes = 5 * 2 ** 20;

async function textOf(objects: ObjectStore, key: string): Promise<string | undefined> {
  const read = await readWhole(objects, key, { mostBytes: 1e9 });
  assert.ok(!read || 'bytes' in read);
  return read && Buffer.from(read.bytes).toString();
}

async function keysOf(objects: ObjectStore, beginning: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list(beginning)) keys.push(key);
  return keys;
}

function faultIs(fault: RemoteError['fault']): (error: unknown) => boolean {
  return (error) => error instanceof RemoteError && error.fault === fault;
}

/** @param opened objects below an empty prefix */
function contract(
  opened: () => Promise<ObjectStore>,
  { hasConditions }: { readonly hasConditions: boolean },
): void {
  const put = async (objects: ObjectStore, key: string, text: string): Promise<string> => {
    const outcome = await objects.put(key, Buffer.from(text));
    assert.ok(outcome.isWritten);
    return outcome.etag;
  };

  test('an object is what was put last, with its size, etag, time and notes', async () => {
    const objects = await opened();
    await put(objects, 'a/b', 'one');
    const outcome = await objects.put('a/b', Buffer.from('other'), { notes: { encoding: 'zstd' } });
    assert.ok(outcome.isWritten);
    assert.equal(await textOf(objects, 'a/b'), 'other');
    const facts = await objects.head('a/b');
    assert.equal(facts?.sizeBytes, 5);
    assert.equal(facts.etag, outcome.etag);
    assert.match(facts.etag, /^[0-9a-f]{32}$/);
    assert.deepEqual(facts.notes, { encoding: 'zstd' });
    assert.ok(Math.abs(facts.modifiedAtMs - Date.now()) < 60_000);
    const { body: _, ...fetched } = (await objects.get('a/b', { range: { from: 0, to: 0 } }))!;
    assert.deepEqual(fetched, facts);
  });

  test('what is not there is undefined, and deleting it is no error', async () => {
    const objects = await opened();
    assert.equal(await objects.get('none'), undefined);
    assert.equal(await objects.get('none', { range: { from: 0, to: 9 } }), undefined);
    assert.equal(await objects.head('none'), undefined);
    await objects.delete('none');
    await put(objects, 'some', 'x');
    await objects.delete('some');
    assert.equal(await objects.get('some'), undefined);
  });

  test('an empty object is an object', async () => {
    const objects = await opened();
    await put(objects, 'empty', '');
    assert.equal(await textOf(objects, 'empty'), '');
    assert.equal((await objects.head('empty'))?.sizeBytes, 0);
  });

  test('a range gives its bytes, is cut off at the end, and tells the size of the whole', async () => {
    const objects = await opened();
    await put(objects, 'ten', '0123456789');
    const check = async (from: number, to: number, expected: string): Promise<void> => {
      const fetched = await objects.get('ten', { range: { from, to } });
      assert.equal(fetched?.sizeBytes, 10);
      const pieces: Uint8Array[] = [];
      for await (const piece of fetched.body) pieces.push(piece);
      assert.equal(Buffer.concat(pieces).toString(), expected);
    };
    await check(2, 5, '234');
    await check(8, 20, '89');
    await check(10, 20, '');
    await check(3, 3, '');
  });

  test('a list has all objects that begin so, in order, over several pages', async () => {
    const objects = await opened();
    for (const key of ['b/2', 'a/1', 'b/1', 'b/10', 'c']) await put(objects, key, key);
    assert.deepEqual(await keysOf(objects, 'b/'), ['b/1', 'b/10', 'b/2']);
    assert.deepEqual(await keysOf(objects, ''), ['a/1', 'b/1', 'b/10', 'b/2', 'c']);
    assert.deepEqual(await keysOf(objects, 'd'), []);
    for await (const listed of objects.list('c')) {
      const { notes: _, ...facts } = (await objects.head('c'))!;
      // A list may tell the time more finely.
      assert.deepEqual({ ...listed, modifiedAtMs: 0 }, { key: 'c', ...facts, modifiedAtMs: 0 });
    }
  });

  test('parts are nothing to be seen until they are finished', async () => {
    const objects = await opened();
    const [first, last] = [randomBytes(partBytes), Buffer.from('the rest')];
    const upload = await objects.beginUpload('large', { notes: { size: '7' } });
    const parts = [
      await objects.putPart('large', upload, 1, first),
      await objects.putPart('large', upload, 2, last),
    ];
    assert.equal(await objects.head('large'), undefined);
    assert.deepEqual(await keysOf(objects, ''), []);
    assert.deepEqual(await objects.listParts('large', upload), parts);
    await objects.finishUpload('large', upload, parts);
    const read = await readWhole(objects, 'large', { mostBytes: 1e9 });
    assert.ok(read && 'bytes' in read);
    assert.ok(Buffer.concat([first, last]).equals(read.bytes));
    assert.deepEqual(read.notes, { size: '7' });
  });

  test('an upload that was given up leaves nothing, and may be given up twice', async () => {
    const objects = await opened();
    const upload = await objects.beginUpload('large');
    const part = await objects.putPart('large', upload, 1, Buffer.from('x'));
    await objects.abortUpload('large', upload);
    await objects.abortUpload('large', upload);
    assert.equal(await objects.listParts('large', upload), undefined);
    await assert.rejects(objects.finishUpload('large', upload, [part]), RemoteError);
    assert.equal(await objects.head('large'), undefined);
  });

  test('a signal that fires ends a transfer with its reason', async () => {
    const objects = await opened();
    await objects.put('large', randomBytes(4 * 2 ** 20));
    const stopped = AbortSignal.abort('early');
    await assert.rejects(objects.get('large', { signal: stopped }), (reason) => reason === 'early');
    const stop = new AbortController();
    const fetched = await objects.get('large', { signal: stop.signal });
    const reading = (async () => {
      for await (const _ of fetched!.body) stop.abort('enough');
    })();
    await assert.rejects(reading, (reason) => reason === 'enough');
  });

  test('a body that is left in the middle leaves the store usable', async () => {
    const objects = await opened();
    await objects.put('large', randomBytes(2 ** 20));
    for (let round = 0; round < 20; round += 1) {
      const fetched = await objects.get('large');
      for await (const _ of fetched!.body) break;
    }
    assert.equal((await objects.head('large'))?.sizeBytes, 2 ** 20);
  });

  if (!hasConditions) {
    test('a conditional write is an error that says so', async () => {
      const objects = await opened();
      await assert.rejects(
        objects.put('lease', Buffer.from('x'), { onlyIf: 'absent' }),
        faultIs('unsupported'),
      );
      assert.equal(await objects.head('lease'), undefined);
    });
    return;
  }

  test('a write that is only for nothing there is done once', async () => {
    const objects = await opened();
    const racers = ['a', 'b', 'c', 'd'].map((text) =>
      objects.put('lease', Buffer.from(text), { onlyIf: 'absent' }),
    );
    const outcomes = await Promise.all(racers);
    assert.equal(outcomes.filter(({ isWritten }) => isWritten).length, 1);
    const winner = outcomes.findIndex(({ isWritten }) => isWritten);
    assert.equal(await textOf(objects, 'lease'), 'abcd'[winner]);
  });

  test('a write that is only for one etag is refused for another one and for nothing', async () => {
    const objects = await opened();
    const etag = await put(objects, 'lease', 'one');
    const next = await objects.put('lease', Buffer.from('two'), { onlyIf: { etag } });
    assert.ok(next.isWritten);
    assert.deepEqual(await objects.put('lease', Buffer.from('three'), { onlyIf: { etag } }), {
      isWritten: false,
    });
    assert.deepEqual(await objects.put('none', Buffer.from('x'), { onlyIf: { etag } }), { isWritten: false });
    assert.equal(await textOf(objects, 'lease'), 'two');
    assert.equal(await objects.head('none'), undefined);
  });
}

describe('objects in memory', () => {
  contract(async () => new MemoryObjects({ pageLength: 2 }), { hasConditions: true });
});

describe('objects in memory without conditional writes', () => {
  contract(async () => new MemoryObjects({ conditions: 'unsupported' }), { hasConditions: false });
});

describe('real servers', { skip: withoutS3, concurrency: true }, () => {
  for (const kind of ['radosgw', 'swift'] as const)
    describe(`objects of ${kind}`, () => {
      let server: S3Server;
      const closing: (() => void)[] = [];
      before(async () => {
        server = await startS3({ kind });
      });
      after(async () => {
        for (const close of closing) close();
        await server.stop();
      });
      const opened = async (url = `s3://${server.env.S3_BUCKET}/${randomUUID()}`): Promise<ObjectStore> => {
        const { objects, close } = await openObjects(
          bucketSettings(url, { where: 'a test', env: server.env }),
        );
        closing.push(close);
        return objects;
      };
      contract(opened, { hasConditions: kind === 'radosgw' });

      test('a list over several pages of the server is whole', async () => {
        const { S3_ENDPOINT, S3_REGION, S3_ACCESS_KEY, S3_SECRET_KEY, S3_BUCKET } = server.env;
        const client = new S3Client({
          endpoint: S3_ENDPOINT!,
          region: S3_REGION!,
          credentials: { accessKeyId: S3_ACCESS_KEY!, secretAccessKey: S3_SECRET_KEY! },
          forcePathStyle: true,
          requestChecksumCalculation: 'WHEN_REQUIRED',
        });
        closing.push(() => client.destroy());
        const objects = new S3Objects(client, { bucket: S3_BUCKET!, prefix: 'pages/', pageLength: 2 });
        const keys = ['n/1', 'n/2', 'n/3', 'n/4', 'n/5'];
        for (const key of keys) await objects.put(key, Buffer.of());
        assert.deepEqual(await keysOf(objects, 'n/'), keys);
      });

      test('a bucket that is not there, and keys that are wrong, are told apart', async () => {
        const nowhere = await opened('s3://no-such-bucket/x');
        await assert.rejects(nowhere.put('a', Buffer.of(1)), faultIs('no_bucket'));
        const settings = bucketSettings('s3://flow-test/x', { where: 'a test', env: server.env });
        const { objects } = await openObjects({ ...settings, secretKey: 'planted-secret' });
        await assert.rejects(
          objects.get('a'),
          (error) => faultIs('denied')(error) && !inspect(error, { depth: 9 }).includes('planted-secret'),
        );
      });
    });
});
