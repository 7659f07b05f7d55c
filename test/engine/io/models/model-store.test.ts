import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import type { CatalogModel } from '../../../../engine/core/model-catalog.ts';
import { type ModelFile, modelEntrySchema } from '../../../../engine/core/model-entry.ts';
import type { Pace } from '../../../../engine/io/models/download.ts';
import { ModelStore, type ModelStoreSetting } from '../../../../engine/io/models/model-store.ts';
import { ModelServer } from './model-server.ts';

const pace: Pace = { stretchBytes: 1000, stretchMs: 20_000, attempts: 3, firstPauseMs: 1 };

/** Gives up a server that has stopped sending: what came before is here by then. */
const impatient: Pace = { ...pace, stretchMs: 250 };

/** Large enough to come in several pieces. */
const content = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, index) => index % 251));

class Place implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'flow-models-'));
  readonly folder = join(this.root, 'store');

  store(setting: Partial<ModelStoreSetting> = {}): ModelStore {
    return new ModelStore({ folder: this.folder, isOffline: false, pace, ...setting });
  }

  write(name: string, bytes: Buffer): string {
    const path = join(this.root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
    return path;
  }

  /** What is left of downloads that did not end. */
  get parts(): string[] {
    return globSync('parts/*/*', { cwd: this.folder });
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function model(files: readonly ModelFile[], folder = '/nowhere'): CatalogModel {
  const tensor = { name: 'x', dtype: 'float32', shape: [1] };
  const entry = modelEntrySchema.parse({
    schema_version: 1,
    ...{ name: 'tiny', version: '1', task: 'depth', licence: 'MIT', source: 'a test' },
    ...{ files, inputs: [tensor], outputs: [tensor] },
  });
  return { entry, folder, file: join(folder, 'tiny.yaml') };
}

function published(url: string, rest: Partial<ModelFile> = {}): CatalogModel {
  return model([{ name: 'tiny.onnx', url, sha256: sha256Of(content), ...rest }]);
}

test('a model is downloaded once, however many want it, and is read-only under its digest', async () => {
  await using server = await ModelServer.start({ '/tiny.onnx': { content } });
  using place = new Place();
  const told: number[] = [];
  using store = place.store({ onProgress: ({ doneBytes }) => told.push(doneBytes) });
  const tiny = published(`${server.url}/tiny.onnx`);
  assert.equal(await store.find(tiny), 'not here');
  const paths = await Promise.all([store.open(tiny), store.open(tiny), store.open(tiny)]);
  const sha256 = sha256Of(content);
  assert.deepEqual(new Set(paths), new Set([join(place.folder, 'sha256', sha256.slice(0, 2), sha256)]));
  assert.deepEqual(readFileSync(paths[0]!), content);
  assert.equal(statSync(paths[0]!).mode & 0o777, 0o444);
  assert.equal(server.asked.length, 1);
  assert.equal(told.at(-1), content.length);
  assert.equal(await store.find(tiny), 'here');

  using other = place.store({ isOffline: true });
  assert.equal(await other.open(tiny), paths[0]);
  assert.deepEqual(place.parts, []);
});

test('a body that breaks off is gone on with where it stopped', async () => {
  await using server = await ModelServer.start({
    '/tiny.onnx': { content, etag: '"one"', stallAfter: [100_000, 70_000] },
  });
  using place = new Place();
  using store = place.store({ pace: impatient });
  await store.open(published(`${server.url}/tiny.onnx`));
  assert.deepEqual(
    server.asked.map(({ headers }) => headers.range),
    [undefined, 'bytes=100000-', 'bytes=170000-'],
  );
});

test('the next process goes on with what one that failed has left', async () => {
  await using server = await ModelServer.start({
    '/tiny.onnx': { content, etag: '"one"', stallAfter: [100_000] },
  });
  using place = new Place();
  const tiny = published(`${server.url}/tiny.onnx`);
  using failing = place.store({ pace: { ...impatient, attempts: 1 } });
  await assert.rejects(failing.open(tiny), { code: 'model_fetch_failed' });
  const [left] = place.parts;
  // As it lies there when the process was killed: no process has so large a number.
  renameSync(join(place.folder, left!), join(place.folder, left!.replace('.0-0.', '.999999999-1.')));

  server.files.set('/tiny.onnx', { content, etag: '"one"' });
  using store = place.store();
  assert.deepEqual(readFileSync(await store.open(tiny)), content);
  assert.equal(server.asked.at(-1)!.headers.range, 'bytes=100000-');
  assert.deepEqual(place.parts, []);
});

test('a part that was damaged meanwhile is fetched anew', async () => {
  await using server = await ModelServer.start({
    '/tiny.onnx': { content, etag: '"one"', stallAfter: [100_000] },
  });
  using place = new Place();
  const tiny = published(`${server.url}/tiny.onnx`);
  using store = place.store({ pace: { ...impatient, attempts: 1 } });
  await assert.rejects(store.open(tiny), { code: 'model_fetch_failed' });
  writeFileSync(join(place.folder, place.parts[0]!), Buffer.alloc(100_000));
  server.files.set('/tiny.onnx', { content, etag: '"one"' });
  assert.deepEqual(readFileSync(await store.open(tiny)), content);
});

test('content that was replaced between two attempts is not mixed', async () => {
  await using server = await ModelServer.start({
    '/tiny.onnx': { content: Buffer.alloc(300_000), etag: '"old"', stallAfter: [100_000] },
  });
  using place = new Place();
  using store = place.store({ pace: { ...impatient, attempts: 1 } });
  const tiny = published(`${server.url}/tiny.onnx`);
  await assert.rejects(store.open(tiny), { code: 'model_fetch_failed' });
  server.files.set('/tiny.onnx', { content, etag: '"new"' });
  assert.deepEqual(readFileSync(await store.open(tiny)), content);
});

for (const [what, served] of Object.entries({
  'ignores ranges': { etag: '"one"', ignoresRanges: true, cutAfter: [200_000, undefined] },
  'has no ETag': { cutAfter: [200_000, undefined] },
  'answers 500 and 429 at first': { statuses: [500, 429] },
  'says nothing of the length': { isChunked: true },
  'cuts a body of unsaid length': { isChunked: true, cutAfter: [200_000, undefined] },
}))
  test(`a server that ${what} gives the whole file in the end`, async () => {
    await using server = await ModelServer.start({ '/tiny.onnx': { content, ...served } });
    using place = new Place();
    using store = place.store();
    assert.deepEqual(readFileSync(await store.open(published(`${server.url}/tiny.onnx`))), content);
    assert.deepEqual(place.parts, []);
  });

test('redirects are followed', async () => {
  await using server = await ModelServer.start({
    '/tiny.onnx': { content, redirectTo: '/elsewhere' },
    '/elsewhere': { content },
  });
  using place = new Place();
  using store = place.store();
  assert.deepEqual(readFileSync(await store.open(published(`${server.url}/tiny.onnx`))), content);
});

test('a server that has stopped sending is given up', async () => {
  await using server = await ModelServer.start({ '/tiny.onnx': { content, stallAfter: [5000, 5000, 5000] } });
  using place = new Place();
  using store = place.store({ pace: { ...pace, stretchMs: 50, attempts: 2 } });
  await assert.rejects(store.open(published(`${server.url}/tiny.onnx`)), {
    code: 'model_fetch_failed',
    message: /^Cannot fetch "tiny\.onnx" of the model tiny:1: less than 1000 bytes came within 0\.05 s\.$/,
  });
});

test('what a server will not give is not asked for again', async () => {
  await using server = await ModelServer.start({ '/tiny.onnx': { content, statuses: [403] } });
  using place = new Place();
  using store = place.store();
  await assert.rejects(store.open(published(`${server.url}/tiny.onnx?signature=secret`)), {
    code: 'model_not_found',
    message: /the server answered 404 for http:\/\/127\.0\.0\.1:\d+\/tiny\.onnx\.$/,
  });
  await assert.rejects(store.open(published(`${server.url}/tiny.onnx`)), /the server answered 403/);
  assert.equal(server.asked.length, 2);
});

test('no server at all is a failure that may pass', async () => {
  using place = new Place();
  using store = place.store();
  await assert.rejects(store.open(published('http://127.0.0.1:1/tiny.onnx')), {
    code: 'model_fetch_failed',
    message: /ECONNREFUSED|bad port/,
  });
});

test('wrong content gets no name, and nothing of it is kept', async () => {
  const wrong = Buffer.from('<html>Sign in to the network</html>');
  await using server = await ModelServer.start({ '/tiny.onnx': { content: wrong, etag: '"x"' } });
  using place = new Place();
  using store = place.store();
  await assert.rejects(store.open(published(`${server.url}/tiny.onnx`)), {
    code: 'model_digest_mismatch',
    message: new RegExp(`expected sha256 ${sha256Of(content)}, found ${sha256Of(wrong)}`),
  });
  await assert.rejects(store.open(published(`${server.url}/tiny.onnx`, { bytes: content.length })), {
    code: 'model_digest_mismatch',
    message: /expected 300000 bytes, found 35 bytes/,
  });
  assert.deepEqual([place.parts, await store.files.list()], [[], []]);
});

test('no more is read than the entry says that there is', async () => {
  await using server = await ModelServer.start({ '/tiny.onnx': { content, isChunked: true } });
  using place = new Place();
  using store = place.store();
  const small = published(`${server.url}/tiny.onnx`, { bytes: 1000 });
  await assert.rejects(store.open(small), /expected 1000 bytes, found more/);
});

test('who gives up waiting stops the download only if nobody else waits', async () => {
  await using server = await ModelServer.start({ '/tiny.onnx': { content, stallAfter: [5000, 5000, 5000] } });
  using place = new Place();
  using store = place.store({ pace: { ...pace, stretchMs: 200, attempts: 2 } });
  const tiny = published(`${server.url}/tiny.onnx`);
  const [first, second] = [new AbortController(), new AbortController()];
  const opened = [store.open(tiny, first.signal), store.open(tiny, second.signal)];
  first.abort(new Error('the first left'));
  await assert.rejects(opened[0]!, /the first left/);
  server.files.set('/tiny.onnx', { content });
  assert.deepEqual(readFileSync(await opened[1]!), content);
});

test('a file of the store that was written to is refused, with both digests', async () => {
  await using server = await ModelServer.start({ '/tiny.onnx': { content } });
  using place = new Place();
  using store = place.store();
  const tiny = published(`${server.url}/tiny.onnx`);
  const path = await store.open(tiny);
  const changed = Buffer.from(content);
  changed[1000]! ^= 1;
  chmodSync(path, 0o644);
  writeFileSync(path, changed);
  assert.equal(await store.find(tiny), 'damaged');
  await assert.rejects(store.open(tiny), {
    code: 'model_digest_mismatch',
    where: path,
    message: new RegExp(`expected ${sha256Of(content)}, found ${sha256Of(changed)}`),
    fix: /flow models verify --repair/,
  });
});

test('a bundled file is taken from beside its entry, and only with the digest that the entry has', async () => {
  using place = new Place();
  using store = place.store({ isOffline: true });
  const path = place.write('entry/tiny.onnx', content);
  const bundled = (sha256?: string): CatalogModel =>
    model([{ name: 'tiny.onnx', path: 'tiny.onnx', ...(sha256 && { sha256 }) }], dirname(path));
  assert.equal(await store.open(bundled(sha256Of(content))), path);
  assert.equal(await store.open(bundled()), path);
  assert.equal(await store.find(bundled()), 'bundled');
  await assert.rejects(store.open(bundled('0'.repeat(64))), { code: 'model_digest_mismatch', where: path });
  assert.equal(await store.find(bundled('0'.repeat(64))), 'damaged');
  rmSync(path);
  await assert.rejects(store.open(bundled()), {
    code: 'model_not_found',
    where: join(dirname(path), 'tiny.yaml'),
    message: `Cannot find "tiny.onnx" of the model tiny:1: there is no ${path}, where its entry says that it is.`,
    fix: /Bring the file back, or correct "path"/,
  });
});

for (const where of ['entry', 'mirror'])
  for (const sha256 of [undefined, sha256Of(content)])
    test(`a file of the ${where} ${sha256 ? 'with its digest' : 'without a digest'} and another size than its entry names is refused`, async () => {
      using place = new Place();
      const path = place.write(`${where}/tiny.onnx`, content);
      using store = place.store({ isOffline: true, mirror: join(place.root, 'mirror') });
      const beside = where === 'entry' ? { path: 'tiny.onnx' } : {};
      const file = { name: 'tiny.onnx', bytes: 5, ...beside, ...(sha256 && { sha256 }) };
      const entry = model([file], join(place.root, 'entry'));
      const refusal = {
        code: 'model_digest_mismatch',
        where: path,
        message: /expected 5 bytes, found 300000 bytes/,
        fix: sha256
          ? /^Its digest is right: correct "bytes" in its entry .*tiny\.yaml/
          : /^Bring back the file/,
      };
      await assert.rejects(store.open(entry), refusal);
      if (!sha256) await assert.rejects(store.pin(entry), refusal);
      assert.deepEqual(await store.files.list(), []);
    });

for (const [how, name] of Object.entries({
  'its name': 'tiny.onnx',
  'its digest': sha256Of(content),
  'any name at all': 'deep/down/other-name.bin',
}))
  test(`a mirror folder is found to have a file by ${how}, also offline`, async () => {
    using place = new Place();
    const path = place.write(`mirror/${name}`, content);
    place.write('mirror/unlike.onnx', Buffer.from('something else'));
    using store = place.store({ isOffline: true, mirror: join(place.root, 'mirror') });
    const tiny = published('http://127.0.0.1:1/tiny.onnx');
    assert.equal(await store.find(tiny), 'mirror');
    const opened = await store.open(tiny);
    assert.notEqual(statSync(opened).ino, statSync(path).ino);
    assert.deepEqual(readFileSync(opened), content);
    assert.equal(statSync(path).mode & 0o200, 0o200);
  });

test('a mirror server is asked first, by name and by digest, and the source where it has nothing', async () => {
  const sha256 = sha256Of(content);
  await using mirror = await ModelServer.start({ [`/m/${sha256}`]: { content } });
  await using source = await ModelServer.start({ '/tiny.onnx': { content } });
  using place = new Place();
  const tiny = published(`${source.url}/tiny.onnx`);
  using store = place.store({ mirror: `${mirror.url}/m/` });
  await store.open(tiny);
  assert.deepEqual(
    mirror.asked.map(({ path }) => path),
    ['/m/tiny.onnx', `/m/${sha256}`],
  );
  assert.equal(source.asked.length, 0);

  await store.files.remove([sha256]);
  mirror.files.clear();
  await store.open(tiny);
  assert.equal(source.asked.length, 1);
});

test('a mirror that fails is told of, and the source is asked', async () => {
  await using source = await ModelServer.start({ '/tiny.onnx': { content } });
  using place = new Place();
  const told: string[] = [];
  using store = place.store({ mirror: 'http://127.0.0.1:1', onTrouble: (message) => told.push(message) });
  await store.open(published(`${source.url}/tiny.onnx`));
  assert.match(told[0]!, /^The mirror is of no use: Cannot fetch "tiny\.onnx"/);
});

test('offline, what is not here is not found, and no server is asked', async () => {
  await using server = await ModelServer.start({ '/tiny.onnx': { content } });
  using place = new Place();
  using store = place.store({ isOffline: true, mirror: server.url });
  await assert.rejects(store.open(published(`${server.url}/tiny.onnx`)), {
    code: 'model_not_found',
    message: 'Cannot find "tiny.onnx" of the model tiny:1: it is not on this machine, and flow is offline.',
  });
  assert.equal(server.asked.length, 0);
});

test('a mirror folder that is not there is a mistake, not an empty mirror', async () => {
  using place = new Place();
  using store = place.store({ mirror: join(place.root, 'typo') });
  await assert.rejects(store.open(published('http://127.0.0.1:1/x')), {
    code: 'config_invalid',
    where: 'FLOW_MODELS_MIRROR',
    message: `Cannot look for "tiny.onnx" of the model tiny:1 in the mirror "${join(place.root, 'typo')}": there is no such folder.`,
  });
});

test('files that refer to each other lie side by side under their names', async () => {
  using place = new Place();
  const weights = Buffer.alloc(5 * 2 ** 20, 7);
  place.write('mirror/graph.onnx', content);
  place.write('mirror/graph.onnx.data', weights);
  using store = place.store({ mirror: join(place.root, 'mirror') });
  const both = model([
    { name: 'graph.onnx', sha256: sha256Of(content) },
    { name: 'graph.onnx.data', sha256: sha256Of(weights) },
  ]);
  const path = await store.open(both);
  assert.equal(basename(path), 'graph.onnx');
  assert.deepEqual(readFileSync(path), content);
  assert.deepEqual(readFileSync(join(dirname(path), 'graph.onnx.data')), weights);
  assert.equal(await store.open(both), path);

  rmSync(join(dirname(path), 'graph.onnx.data'));
  assert.equal(await store.open(both), path);
  assert.ok(existsSync(join(dirname(path), 'graph.onnx.data')));
});

test('what a file without a digest turns out to be is known from its first use on', async () => {
  await using server = await ModelServer.start({ '/tiny.onnx': { content } });
  using place = new Place();
  using store = place.store();
  const unnamed = model([{ name: 'tiny.onnx', url: `${server.url}/tiny.onnx` }]);
  const pinned = await store.pin(unnamed);
  assert.deepEqual(pinned.entry.files, [
    { name: 'tiny.onnx', url: `${server.url}/tiny.onnx`, sha256: sha256Of(content), bytes: content.length },
  ]);
  assert.equal(await store.open(unnamed), await store.open(pinned));
  assert.equal(server.asked.length, 1);
});

test('two stores that fetch the same file at once do no harm to each other', async () => {
  await using server = await ModelServer.start({
    '/tiny.onnx': { content, etag: '"one"', cutAfter: [90_000, undefined] },
  });
  using place = new Place();
  using one = place.store();
  using other = place.store();
  const tiny = published(`${server.url}/tiny.onnx`);
  const [a, b] = await Promise.all([one.open(tiny), other.open(tiny)]);
  assert.equal(a, b);
  assert.deepEqual(readFileSync(a), content);
  assert.deepEqual(place.parts, []);
});
