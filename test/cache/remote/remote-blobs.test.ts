import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { zstdCompressSync } from 'node:zlib';
import type { FaultyObjects } from '../../../cache/remote/faulty-objects.ts';
import { blobObject } from '../../../cache/remote/layout.ts';
import { RemoteError } from '../../../cache/remote/object-store.ts';
import { PacedObjects } from '../../../cache/remote/paced-objects.ts';
import { type OpenFile, type OpenFiles, realFiles } from '../../../engine/io/open-file.ts';
import { FaultyDisk, InjectedFault } from '../memory-disk.ts';
import { type Blob, BlobsRig, blobOf, noise, text } from './blobs-rig.ts';

const mebibyte = 2 ** 20;
const small = noise(1000);
const large = noise(20 * mebibyte + 5);
const largeText = text(20 * mebibyte + 5);
const blobs: Readonly<Record<string, Blob>> = {
  'an empty one': noise(0),
  'a small one': small,
  'a small one that zstd makes smaller': text(64 * 1024),
  'one of just a piece': noise(8 * mebibyte),
  'one that is a byte longer than a piece': noise(8 * mebibyte + 1),
  'a large one': large,
  'a large one that zstd makes smaller': largeText,
};
const kinds = Object.entries({ small, large, largeText, smallText: text(64 * 1024) });

for (const [name, blob] of Object.entries(blobs))
  test(`a blob comes back as it was sent, read-only and alone in its place: ${name}`, async () => {
    using rig = new BlobsRig();
    assert.equal(await rig.send(blob), 'sent');
    assert.equal(await rig.fetch(blob), 'fetched');
    assert.ok(Buffer.from(blob.content).equals((await rig.fetchedContent(blob))!));
    assert.equal(statSync(rig.store('two').pathOf(blob.digest)).mode & 0o777, 0o444);
    assert.equal(rig.filesBeside(blob).length, 1);
  });

test('what zstd makes smaller is sent as zstd and noted so, and noise is sent as it is', async () => {
  using rig = new BlobsRig();
  for (const [, blob] of kinds) await rig.send(blob);
  const objectOf = ({ digest }: Blob) => rig.bucket.kept.get(blobObject(digest))!;
  assert.deepEqual(objectOf(large).notes, { encoding: 'identity', size: String(large.content.length) });
  assert.deepEqual(objectOf(largeText).notes, { encoding: 'zstd', size: String(largeText.content.length) });
  assert.ok(objectOf(largeText).sizeBytes < 0.7 * largeText.content.length);
  assert.equal(objectOf(small).notes['encoding'], 'identity');
});

test('a small blob costs one request each way; of a large one only what is missing is sent', async () => {
  using rig = new BlobsRig();
  const names = async (work: (objects: ReturnType<typeof rig.faulty>) => Promise<unknown>) => {
    const objects = rig.faulty();
    await work(objects);
    return objects.calls.map(({ name }) => name);
  };
  assert.deepEqual(await names((objects) => rig.send(small, { objects })), ['put']);
  assert.deepEqual(await names((objects) => rig.fetch(small, { objects })), ['get']);
  assert.deepEqual(await names((objects) => rig.send(large, { objects })), [
    'head',
    'beginUpload',
    ...['putPart', 'putPart', 'putPart'],
    'finishUpload',
  ]);
  assert.deepEqual(await names((objects) => rig.send(large, { objects })), ['head']);
  assert.deepEqual(await names((objects) => rig.fetch(large, { objects })), ['get']);
});

test('a forced send writes over what is there, and an object that cannot be the blob does not count as there', async () => {
  using rig = new BlobsRig();
  await rig.send(large);
  rig.replace(large, { content: noise(large.content.length, 7).content });
  assert.equal(await rig.send(large), 'present');
  assert.equal(await rig.send(large, { isForced: true }), 'sent');
  assert.equal(await rig.fetch(large), 'fetched');

  rig.replace(large, { content: large.content.subarray(1) });
  assert.equal(await rig.send(large), 'sent');
});

test('a file that is not the blob any more is not sent, and leaves nothing in the bucket', async () => {
  using rig = new BlobsRig();
  using remote = rig.remote('one');
  for (const [, { digest, content }] of kinds) {
    const flipped = content.slice();
    flipped[content.length - 1]! ^= 1;
    for (const damaged of [flipped, content.subarray(1), new Uint8Array()]) {
      const path = rig.file({ digest, content: damaged });
      assert.equal(await remote.send(digest, { path, sizeBytes: content.length }), 'damaged');
    }
    assert.equal(await remote.send(digest, { path: '/not/there', sizeBytes: content.length }), 'damaged');
  }
  assert.equal(rig.bucket.kept.size, 0);
});

test('a blob that is not there is absent', async () => {
  using rig = new BlobsRig();
  for (const [, blob] of kinds) assert.equal(await rig.fetch(blob), 'absent');
});

// ---- What is not what its name says ---------------------------------------------------------------------------------

/** Everything that may stand in an object's place, and what is told of it. */
const lies: Readonly<
  Record<string, [change: (blob: Blob) => Partial<Parameters<BlobsRig['replace']>[1]>, RegExp]>
> = {
  'an object that claims another size': [
    ({ content }) => ({ notes: { encoding: 'identity', size: String(content.length + 1) } }),
    /its size is noted as/,
  ],
  'an object with rubbish for notes': [
    () => ({ notes: { encoding: 'x'.repeat(1e6), size: '-1e999' } }),
    /its encoding is noted as something long/,
  ],
  'an object without notes': [() => ({ notes: {} }), /its encoding is noted as nothing/],
  'an object that is longer': [
    ({ content }) => ({
      ...identity(content.length),
      content: Buffer.concat([content, Buffer.alloc(3 * mebibyte)]),
    }),
    /it has \d+ bytes/,
  ],
  'an object that is shorter': [
    ({ content }) => ({ ...identity(content.length), content: content.subarray(0, content.length - 1) }),
    /it has \d+ bytes/,
  ],
  'an empty object': [
    ({ content }) => ({ ...identity(content.length), content: new Uint8Array() }),
    /it has 0 bytes/,
  ],
  'another content of the same length': [
    ({ content }) => ({ ...identity(content.length), content: noise(content.length, 9).content }),
    /another digest/,
  ],
  'a bit that is wrong': [
    ({ content }) => {
      const flipped = content.slice();
      flipped[content.length >> 1]! ^= 1;
      return { ...identity(content.length), content: flipped };
    },
    /another digest/,
  ],
  'zstd of more than its size': [
    ({ content }) => ({
      notes: { encoding: 'zstd', size: String(content.length) },
      content: zstdCompressSync(Buffer.alloc(4 * content.length)),
    }),
    /decodes to more|no zstd of its size/,
  ],
  'zstd of less than its size': [
    ({ content }) => ({
      notes: { encoding: 'zstd', size: String(content.length) },
      content: zstdCompressSync(Buffer.alloc(content.length - 1)),
    }),
    /another digest/,
  ],
  'zstd that is cut': [
    ({ content }) => ({
      notes: { encoding: 'zstd', size: String(content.length) },
      content: zstdCompressSync(Buffer.alloc(content.length)).subarray(0, -5),
    }),
    /no zstd of its size/,
  ],
  'rubbish that claims to be zstd': [
    ({ content }) => ({ notes: { encoding: 'zstd', size: String(content.length) }, content }),
    /no zstd of its size/,
  ],
};

function identity(sizeBytes: number): { notes: Record<string, string> } {
  return { notes: { encoding: 'identity', size: String(sizeBytes) } };
}

for (const [name, [change, reason]] of Object.entries(lies))
  test(`${name} is bad, says why, and leaves nothing in the blob's place`, async () => {
    for (const blob of [small, large]) {
      using rig = new BlobsRig();
      rig.replace(blob, { content: blob.content, ...change(blob) });
      assert.equal(await rig.fetch(blob), 'bad');
      assert.match(rig.reasons.join('\n'), reason);
      assert.deepEqual(rig.filesBeside(blob), []);
    }
  });

test('what was fetched and is bad is kept for a look, as it came, and only the newest of it', async () => {
  using rig = new BlobsRig();
  await rig.send(large);
  const other = noise(large.content.length, 3);
  rig.replace(large, { content: other.content });
  await rig.fetch(large);
  assert.ok(rig.quarantined()[0]!.equals(other.content));
  for (let seed = 10; seed < 30; seed += 1) {
    const blob = noise(500, seed);
    await rig.send(blob);
    rig.replace(blob, { content: noise(500, seed + 100).content });
    assert.equal(await rig.fetch(blob), 'bad');
  }
  assert.equal(rig.quarantined().length, 16);
  assert.ok(rig.quarantined().every(({ length }) => length === 500));
});

// ---- Connections that break -----------------------------------------------------------------------------------------

for (const effect of ['cut', 'short'] as const)
  test(`a body that is ${effect} is read on from where it broke off`, async () => {
    for (const [, blob] of kinds) {
      using rig = new BlobsRig();
      await rig.send(blob);
      const isHit = ({ count }: { count: number }): boolean => count % 2 === 1;
      assert.equal(await rig.fetch(blob, { objects: rig.faulty({ isHit, effect }) }), 'fetched');
      assert.ok(Buffer.from(blob.content).equals((await rig.fetchedContent(blob))!));
    }
  });

test('a body that is always cut ends in the error of the connection', async () => {
  for (const [, blob] of kinds) {
    using rig = new BlobsRig();
    await rig.send(blob);
    const objects = rig.faulty({ isHit: () => true, effect: 'cut' });
    await assert.rejects(
      rig.fetch(blob, { objects }),
      (error) => error instanceof RemoteError && error.isTransient,
    );
    assert.equal(await rig.fetchedContent(blob), undefined);
  }
});

test('a bit that is wrong or another content on the way is bad, and nobody sees it', async () => {
  for (const effect of ['flip', { swap: noise(1000, 4).content }] as const)
    for (const [, blob] of kinds) {
      using rig = new BlobsRig();
      await rig.send(blob);
      const objects = rig.faulty({ isHit: ({ count }) => count === 1, effect });
      assert.equal(await rig.fetch(blob, { objects }), 'bad');
      assert.deepEqual(rig.filesBeside(blob), []);
    }
});

test('an object that becomes another one while it is read is read anew', async () => {
  using rig = new BlobsRig();
  await rig.send(large);
  const objects = rig.faultyAndCut({ isHit: ({ count }) => count === 2, effect: 'etag' });
  assert.equal(await rig.fetch(large, { objects }), 'fetched');
  const always = rig.faultyAndCut({ isHit: ({ count }) => count % 2 === 0, effect: 'etag' });
  await rig.store('two').delete(large.digest);
  assert.equal(await rig.fetch(large, { objects: always }), 'bad');
  assert.deepEqual(rig.reasons, ['it changes while it is read']);
  assert.deepEqual(rig.filesBeside(large), []);
});

test('an object that disappears while it is read is absent', async () => {
  using rig = new BlobsRig();
  await rig.send(large);
  const objects = rig.faultyAndCut({
    isHit: ({ count }) => {
      if (count === 2) rig.bucket.kept.clear();
      return false;
    },
  });
  assert.equal(await rig.fetch(large, { objects }), 'absent');
  assert.deepEqual(rig.filesBeside(large), []);
});

// ---- Going on ---------------------------------------------------------------------------------------------------------

for (const [name, blob] of [
  ['large', large],
  ['large, encoded', noiseAndText()],
] as const) {
  test(`an upload that broke off is gone on with by the next process: ${name}`, async () => {
    using rig = new BlobsRig();
    let parts = 0;
    const isHit = ({ name }: { name: string }): boolean => {
      parts += Number(name === 'putPart');
      return parts === 3;
    };
    await assert.rejects(
      rig.send(blob, { objects: rig.faulty({ isHit, effect: { refuse: 'unavailable' } }) }),
    );
    assert.equal(rig.bucket.kept.size, 0);

    const objects = rig.faulty();
    assert.equal(await rig.send(blob, { objects }), 'sent');
    assert.deepEqual(
      objects.calls.map(({ name }) => name).filter((name) => name !== 'putPart'),
      ['head', 'listParts', 'finishUpload'],
    );
    assert.equal(countOf(objects.calls, 'putPart'), 1);
    assert.equal(await rig.fetch(blob), 'fetched');
  });

  test(`a download that broke off is gone on with by the next process: ${name}`, async () => {
    using rig = new BlobsRig();
    await rig.send(blob);
    await leaveDownload(rig, blob);
    assert.equal(await rig.fetchedContent(blob), undefined);

    const objects = rig.faulty();
    assert.equal(await rig.fetch(blob, { objects }), 'fetched');
    assert.deepEqual(
      objects.calls.map(({ name }) => name),
      ['get'],
    );
    assert.ok(Buffer.from(blob.content).equals((await rig.fetchedContent(blob))!));
    assert.equal(rig.filesBeside(blob).length, 1);
  });
}

/** It pays to encode it, and what comes out has three pieces. */
function noiseAndText(): Blob {
  const content = Buffer.from(noise(20 * mebibyte).content);
  const saving = text(mebibyte).content;
  content.set(saving);
  content.set(saving, content.length / 2);
  return blobOf(content);
}

function countOf(calls: readonly { readonly name: string }[], wanted: string): number {
  return calls.filter(({ name }) => name === wanted).length;
}

test('parts that hold something else than this machine would send are sent again', async () => {
  using rig = new BlobsRig();
  const isHit = ({ name }: { name: string }): boolean => name === 'finishUpload';
  const broken = rig.send(large, { objects: rig.faulty({ isHit, effect: { refuse: 'unavailable' } }) });
  await assert.rejects(broken, RemoteError);
  const key = blobObject(large.digest);
  const objects = rig.faulty();
  // Of the first part the bucket says that it is another one.
  objects.listParts = async (...args) =>
    (await rig.bucket.listParts(...args))?.map((part) =>
      part.number === 1 ? { ...part, etag: 'other' } : part,
    );
  assert.equal(await rig.send(large, { objects }), 'sent');
  assert.equal(countOf(objects.calls, 'putPart'), 1);
  assert.ok(Buffer.from(rig.bucket.kept.get(key)!.content).equals(large.content));
});

test('an upload that the server has forgotten begins anew, whenever that shows', async () => {
  for (const showsAt of ['listParts', 'putPart', 'finishUpload']) {
    using rig = new BlobsRig();
    const key = blobObject(large.digest);
    const ids: string[] = [];
    const begin = rig.bucket.beginUpload.bind(rig.bucket);
    rig.bucket.beginUpload = async (...args) => {
      ids.push(await begin(...args));
      return ids.at(-1)!;
    };
    let parts = 0;
    const isThirdPart = ({ name }: { name: string }): boolean => {
      parts += Number(name === 'putPart');
      return parts === 3;
    };
    const objects = rig.faulty({ isHit: isThirdPart, effect: { refuse: 'unavailable' } });
    await assert.rejects(rig.send(large, { objects }), RemoteError);

    const forgetting = rig.faulty({
      isHit: ({ name }) => {
        if (name === showsAt) void rig.bucket.abortUpload(key, ids[0]!); // It acts at once.
        return false;
      },
    });
    assert.equal(await rig.send(large, { objects: forgetting }), 'sent');
    assert.equal(ids.length, 2);
    assert.equal(await rig.fetch(large), 'fetched');
  }
});

test('what was left of a download is not trusted: it is fetched anew before the object is called bad', async () => {
  using rig = new BlobsRig();
  await rig.send(large);
  await leaveDownload(rig, large);
  const [part] = rig.filesBeside(large);
  const path = join(rig.store('two').pathOf(large.digest), '..', part!);
  writeFileSync(path, Buffer.alloc(2 * 8 * mebibyte));
  assert.equal(await rig.fetch(large), 'fetched');
  assert.deepEqual(rig.reasons, []);

  await rig.store('two').delete(large.digest);
  await leaveDownload(rig, large);
  rmSync(join(rig.store('two').pathOf(large.digest), '..', rig.filesBeside(large)[0]!));
  assert.equal(await rig.fetch(large), 'fetched');
  assert.equal(rig.filesBeside(large).length, 1);
});

/** A download that broke off in its last piece. */
async function leaveDownload(rig: BlobsRig, blob: Blob): Promise<void> {
  const isHit = ({ count }: { count: number }): boolean => count > 1;
  await assert.rejects(
    rig.fetch(blob, { objects: rig.faultyAndCut({ isHit, effect: { refuse: 'unavailable' } }) }),
    RemoteError,
  );
  assert.equal(rig.filesBeside(blob).length, 1);
}

test('a download that was left for a week is swept up by the next large transfer', async (context) => {
  using rig = new BlobsRig();
  await rig.send(large);
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() - 8 * 24 * 3600 * 1000 });
  await leaveDownload(rig, large);
  context.mock.timers.reset();
  assert.equal(await rig.fetch(noise(9 * mebibyte)), 'absent');
  assert.deepEqual(rig.filesBeside(large), []);
});

test('a transfer that is called off stops with the reason, and can be gone on with', async () => {
  for (const [, blob] of kinds) {
    using rig = new BlobsRig();
    const reason = new Error('called off');
    const stopAt = (count: number): [AbortSignal, FaultyObjects] => {
      const stop = new AbortController();
      const isHit = (call: { count: number }): boolean => {
        if (call.count === count) stop.abort(reason);
        return false;
      };
      return [stop.signal, rig.faultyAndCut({ isHit })];
    };
    const isLarge = blob.content.length > 8 * mebibyte;
    {
      const [signal, objects] = stopAt(isLarge ? 4 : 1);
      using remote = rig.remote('one', { objects });
      const options = { path: rig.file(blob), sizeBytes: blob.content.length, signal };
      await assert.rejects(remote.send(blob.digest, options), reason);
      assert.equal(rig.bucket.kept.size, 0);
    }
    await rig.send(blob);
    const [signal, objects] = stopAt(isLarge ? 2 : 1);
    using remote = rig.remote('two', { objects });
    const fetching = remote.fetch(blob.digest, blob.content.length, { into: rig.store('two'), signal });
    await assert.rejects(fetching, reason);
    assert.equal(await rig.fetchedContent(blob), undefined);
    assert.equal(await rig.fetch(blob), 'fetched');
    assert.equal(rig.filesBeside(blob).length, 1);
  }
});

// ---- Several at once, and the end of a process or of a disk --------------------------------------------------------

test('fetches of one blob at the same time do not disturb each other, within a process or between two', async () => {
  for (const [, blob] of kinds) {
    using rig = new BlobsRig();
    await rig.send(blob);
    using one = rig.remote('two');
    using other = rig.remote('two');
    const remotes = [one, one, other, other];
    const outcomes = await Promise.all(
      remotes.map((remote) => remote.fetch(blob.digest, blob.content.length, { into: rig.store('two') })),
    );
    assert.deepEqual(outcomes, ['fetched', 'fetched', 'fetched', 'fetched']);
    assert.ok(Buffer.from(blob.content).equals((await rig.fetchedContent(blob))!));
    assert.equal(rig.filesBeside(blob).length, 1);
  }
});

test('more large transfers at once than there are buffers and requests all come to their end', async () => {
  using rig = new BlobsRig();
  const objects = new PacedObjects(rig.bucket, { atOnce: 2 });
  const many = [1, 2, 3, 4, 5].flatMap((seed) => [noise(9 * mebibyte, seed), textOf(seed)]);
  using one = rig.remote('one', { objects });
  const paths = many.map(({ digest, content }) => {
    const path = join(rig.folder, digest.slice(3));
    writeFileSync(path, content);
    return path;
  });
  await Promise.all(
    many.map(({ digest, content }, index) =>
      one.send(digest, { path: paths[index]!, sizeBytes: content.length }),
    ),
  );
  using two = rig.remote('two', { objects });
  const outcomes = await Promise.all(
    many.map(({ digest, content }) => two.fetch(digest, content.length, { into: rig.store('two') })),
  );
  assert.ok(outcomes.every((outcome) => outcome === 'fetched'));
});

function textOf(seed: number): Blob {
  return blobOf(noise(9 * mebibyte, seed).content.map((byte) => byte & 15));
}

test('a process that is killed in the middle of a download leaves nothing in the place, and the next goes on', async () => {
  using rig = new BlobsRig();
  await rig.send(large);
  const script = join(import.meta.dirname, 'fetch-and-hang.ts');
  const child = spawn(process.execPath, [script, rig.cacheFolder('two')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data'); // It waits for its second piece.
  child.kill('SIGKILL');
  await once(child, 'close');
  assert.equal(await rig.fetchedContent(large), undefined);

  const objects = rig.faulty();
  assert.equal(await rig.fetch(large, { objects }), 'fetched');
  assert.deepEqual(
    objects.calls.map(({ name }) => name),
    ['get'],
  );
  assert.equal(rig.filesBeside(large).length, 1);
});

test('a full disk is told as it is, and nothing stays behind', async () => {
  for (const [, blob] of kinds)
    for (let failAt = 1; failAt <= 3; failAt += 1) {
      using rig = new BlobsRig();
      await rig.send(blob);
      const disk = new FaultyDisk(rig.disk, failAt, { code: 'ENOSPC', isOnce: true, isOfWrites: true });
      const files = fullDisk(failAt);
      const fetching = rig.fetch(blob, { disk, files });
      const outcome = await fetching.catch((error: unknown) => error);
      if (outcome === 'fetched') continue; // A small one has only one call that can break.
      assert.equal((outcome as InjectedFault).code, 'ENOSPC');
      assert.deepEqual(rig.filesBeside(blob), []);
      assert.deepEqual(rig.reasons, []);
    }
});

/** Files of which one write finds no room. */
function fullDisk(failAt: number): OpenFiles {
  let writes = 0;
  const full = (file: OpenFile): OpenFile => ({
    sizeBytes: file.sizeBytes,
    read: (into, at) => file.read(into, at),
    write: async (content, at) => {
      writes += 1;
      if (writes === failAt) throw new InjectedFault('ENOSPC');
      await file.write(content, at);
    },
    seal: () => file.seal(),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  });
  return { toRead: realFiles.toRead, toUpdate: async (path) => full(await realFiles.toUpdate(path)) };
}
