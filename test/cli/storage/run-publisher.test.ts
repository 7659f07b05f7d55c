import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { MemoryObjects } from '../../../cache/remote/memory-objects.ts';
import { ObjectStorage } from '../../../cache/remote/object-storage.ts';
import { RemoteError } from '../../../cache/remote/object-store.ts';
import type { RemotePlace } from '../../../engine/cli/storage/remote-place.ts';
import { RunMarks } from '../../../engine/cli/storage/run-marks.ts';
import { type PublishOutcome, RunPublisher } from '../../../engine/cli/storage/run-publisher.ts';
import { StoredRuns } from '../../../engine/cli/storage/stored-runs.ts';
import { storageKey } from '../../../engine/core/storage.ts';
import { FolderStorage } from '../../../engine/io/folder-storage.ts';
import { runName as name, putRun, putText, textOf, textsIn } from './small-run.ts';

const base = mkdtempSync(join(tmpdir(), 'flow-test-'));
after(() => rmSync(base, { recursive: true, force: true }));

interface Machine {
  readonly stored: StoredRuns;
  readonly results: RemotePlace;
  readonly states: RemotePlace;
  readonly said: string[];
  publisher(...names: string[]): RunPublisher;
  /** A whole build of runs. */
  publish(names: readonly string[], texts?: Readonly<Record<string, string>>): Promise<PublishOutcome>;
}

/** A machine of its own, whose working copies are empty. */
function machine(objects: MemoryObjects): Machine {
  const place = (kind: string): RemotePlace => {
    const folder = join(mkdtempSync(join(base, 'machine-')), 'copy');
    const prefixed = new ObjectStorage(below(objects, `${kind}/`), `s3://bucket/${kind}`);
    return {
      bucket: prefixed,
      copy: new FolderStorage(folder),
      marks: new RunMarks(join(dirname(folder), 'marks')),
    };
  };
  const [results, states] = [place('results'), place('states')];
  const stored = new StoredRuns(
    { folder: results.copy.place, url: 's3://bucket/results' },
    { results, states },
  );
  const said: string[] = [];
  const publisher = (...names: string[]): RunPublisher =>
    new RunPublisher(
      stored,
      names.map((one) => ({ name: one, label: `run:${one}` })),
      (text) => said.push(text),
    );
  const publish: Machine['publish'] = async (names, texts) => {
    const one = publisher(...names);
    await one.begin();
    for (const run of names) await build({ results, states }, texts, run);
    return one.finish();
  };
  return { stored, results, states, said, publisher, publish };
}

/** Objects below a prefix. */
function below(objects: MemoryObjects, prefix: string): MemoryObjects {
  const under = new MemoryObjects();
  under.get = (key, options) => objects.get(prefix + key, options);
  under.head = (key) => objects.head(prefix + key);
  under.put = (key, content, options) => objects.put(prefix + key, content, options);
  under.delete = (key) => objects.delete(prefix + key);
  under.list = async function* (beginning) {
    for await (const one of objects.list(prefix + beginning))
      yield { ...one, key: one.key.slice(prefix.length) };
  };
  return under;
}

/** As another process that has ended since. */
function leaveToOthers({ results, states }: Machine, run: string): void {
  for (const { marks } of [results, states]) marks.write(run, { ...marks.read(run), pendingSince: '1 gone' });
}

const outputs = { 'a/text.txt': 'a', 'b/text.txt': 'b' };

async function build(
  { results, states }: Pick<Machine, 'results' | 'states'>,
  texts: Readonly<Record<string, string>> = outputs,
  run = name,
): Promise<void> {
  await putRun(results.copy, { outputs: texts, name: run });
  await putText(states.copy, `${run}/state_events.jsonl`, `${JSON.stringify(texts)}\n`);
  await putText(states.copy, `${run}/run_state.json`, '{}');
  await putText(states.copy, `${run}/state_first.json`, '{}');
}

test('what one machine has published another one reads whole, state and all', async () => {
  const objects = new MemoryObjects();
  const [a, b] = [machine(objects), machine(objects)];
  const publisher = a.publisher(name);
  await publisher.begin();
  await build(a);
  assert.deepEqual((await publisher.finish()).unpublished, []);
  assert.deepEqual(a.results.marks.pending(), []);

  await b.stored.bringManifests();
  const place = { name, folder: `${b.results.copy.place}/${name}`, manifestPath: '' };
  await b.stored.bringWhole(place);
  assert.deepEqual(await textsIn(b.results.copy), outputs);
  assert.deepEqual(Object.keys(await textsIn(b.states.copy)).sort(), [
    'run_state.json',
    'state_events.jsonl',
    'state_first.json',
  ]);
});

test('a list of runs fetches only manifests, and each of them once', async () => {
  const objects = new MemoryObjects();
  const [a, b] = [machine(objects), machine(objects)];
  const names = ['local/clip/r-1', 'local/clip/r-2', 'local/other/r-3'];
  await a.publish(names);
  const fetched: string[] = [];
  const get = objects.get.bind(objects);
  objects.get = (key, options) => {
    fetched.push(key);
    return get(key, options);
  };

  await b.stored.bringManifests();
  assert.deepEqual(
    fetched.sort(),
    names.map((one) => `results/${one}/manifest.json`),
  );
  await b.stored.bringManifests();
  assert.equal(fetched.length, 3);
  objects.kept.delete('results/local/clip/r-2/manifest.json');
  await b.stored.bringManifests();
  assert.equal(await textOf(b.results.copy, 'local/clip/r-2/manifest.json'), undefined);
});

test('what could not be published is neither lost nor overwritten, and the next build publishes it', async () => {
  const objects = new MemoryObjects();
  const a = machine(objects);
  const put = objects.put.bind(objects);
  const publisher = a.publisher(name);
  await publisher.begin();
  await build(a);
  objects.put = () => Promise.reject(new RemoteError('unavailable', 'There is no connection.'));
  const { unpublished } = await publisher.finish();
  assert.deepEqual(
    unpublished.map(({ name: run, error }) => [run, error.code]),
    [[`run:${name}`, 'remote_unavailable']],
  );

  leaveToOthers(a, name);
  await a.stored.bringManifests(); // The bucket has no such run: the copy stays all the same.
  objects.put = put;
  const other = 'local/other/r-2';
  assert.deepEqual((await a.publish([other])).runs, 2);
  assert.deepEqual(await textsIn(a.results.bucket), outputs);
  assert.equal((await textsIn(a.states.bucket))['run_state.json'], '{}');
  assert.deepEqual(a.results.marks.pending(), []);
});

test('what a build left behind gives way to what somebody else has published since', async () => {
  const objects = new MemoryObjects();
  const [a, b] = [machine(objects), machine(objects)];
  await build(a, { ...outputs, 'a/text.txt': 'older' });
  leaveToOthers(a, name);
  await b.publish([name]);
  await a.publish(['local/other/r-2']);
  assert.deepEqual(await textsIn(a.results.bucket), outputs);
  assert.match(a.said.join(), /was published by somebody else meanwhile/);
});

test('what was published just before its build was killed is known as its own: the rest of it is published, too', async () => {
  const a = machine(new MemoryObjects());
  await a.publish([name]);
  const stateKey = storageKey(`${name}/run_state.json`);
  await a.states.bucket.remove(stateKey);
  for (const { marks } of [a.results, a.states])
    marks.write(name, { version: 'before', pendingSince: '1 gone' });
  await a.publish(['local/other/r-2']);
  assert.deepEqual(a.said, []);
  assert.ok(await a.states.bucket.exists(stateKey));
});

test('runs that another living build goes on with are left to it', async () => {
  const a = machine(new MemoryObjects());
  await a.publisher(name).begin();
  await build(a);
  assert.equal((await a.publish(['local/other/r-2'])).runs, 1);
  assert.equal(await textOf(a.results.bucket, `${name}/manifest.json`), undefined);
});

test('a server that refuses one run is not asked for the others', async () => {
  const objects = new MemoryObjects();
  const a = machine(objects);
  const names = ['local/clip/r-1', 'local/clip/r-2', 'local/clip/r-3'];
  const publisher = a.publisher(...names);
  await publisher.begin();
  for (const one of names) await build(a, outputs, one);
  let asked = 0;
  objects.list = () => {
    asked += 1;
    throw new RemoteError('denied', 'The server answered 403.');
  };
  const { unpublished, runs } = await publisher.finish();
  assert.deepEqual(
    [unpublished.map(({ error }) => error.code), runs, asked],
    [Array(3).fill('auth_failed'), 0, 1],
  );
});

test('a component that has ended is published while the run goes on', async () => {
  const objects = new MemoryObjects();
  const a = machine(objects);
  const publisher = a.publisher(name);
  await publisher.begin();
  await putRun(a.results.copy, { outputs: { 'a/text.txt': 'a' }, status: 'running' });
  const arrived = new Promise<void>((done) => {
    const put = objects.put.bind(objects);
    objects.put = async (key, ...rest) => {
      const outcome = await put(key, ...rest);
      if (key.endsWith('manifest.json')) done();
      return outcome;
    };
  });
  publisher.listen({
    ...{
      type: 'component_finished',
      run: `run:${name}`,
      component: 'a',
      status: 'success',
      isRequired: true,
    },
    ...{ cache: 'none', durationMs: 1, outputs: 1, bytes: 1, atMs: 1 },
  });
  await arrived;
  assert.deepEqual(await textsIn(a.results.bucket), { 'a/text.txt': 'a' });
  await publisher.finish();
});

test('a mark that is not whole does no harm', () => {
  const folder = mkdtempSync(join(base, 'marks-'));
  const marks = new RunMarks(folder);
  marks.write(name, { version: '1' });
  writeFileSync(join(folder, `${name}.json`), '{"pend');
  assert.deepEqual([marks.read(name), marks.pending()], [{}, []]);
});
