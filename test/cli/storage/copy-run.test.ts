import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryObjects } from '../../../cache/remote/memory-objects.ts';
import { ObjectStorage } from '../../../cache/remote/object-storage.ts';
import { copyRun, readRunManifest } from '../../../engine/cli/storage/copy-run.ts';
import { digestOf } from '../../../engine/core/digest.ts';
import type { Manifest } from '../../../engine/core/manifest.ts';
import type { Storage, StorageKey } from '../../../engine/core/storage.ts';
import { manifestOf, runName as name, putRun, putText, textOf, textsIn } from './small-run.ts';

function memory(): { storage: Storage; objects: MemoryObjects } {
  const objects = new MemoryObjects();
  return { objects, storage: new ObjectStorage(objects, 's3://bucket') };
}

/** What a reader finds: each listed output, and whether it is what the manifest says. */
async function lookedAt(storage: Storage): Promise<Record<string, boolean>> {
  const found = await readRunManifest(storage, name);
  const outputs = found?.parsed.components.flatMap((component) => component.outputs) ?? [];
  const checks = outputs.map(async ({ path, digest }) => {
    const text = await textOf(storage, `${name}/${path}`);
    return [path, text !== undefined && digestOf(text) === digest] as const;
  });
  return Object.fromEntries(await Promise.all(checks));
}

test('at every moment of a copy, all that the manifest lists is there and right', async () => {
  const [{ storage: from }, { storage: to, objects }] = [memory(), memory()];
  await putRun(to, { outputs: { 'a/text.txt': 'old a', 'b/text.txt': 'same', 'gone/text.txt': 'x' } });
  await putRun(from, { outputs: { 'a/text.txt': 'new a', 'b/text.txt': 'same', 'c/text.txt': 'new c' } });
  const seen: Record<string, boolean>[] = [];
  const put = objects.put.bind(objects);
  objects.put = async (...args) => {
    const outcome = await put(...args);
    seen.push(await lookedAt(to));
    return outcome;
  };

  const copied = await copyRun({ from, to, name });

  assert.equal(copied?.files, 2);
  assert.ok(seen.length >= 4, 'the old manifest is withdrawn, two outputs and the new manifest are written');
  for (const outputs of seen) assert.ok(Object.values(outputs).every(Boolean), JSON.stringify(outputs));
  assert.deepEqual(await lookedAt(to), { 'a/text.txt': true, 'b/text.txt': true, 'c/text.txt': true });
});

test('what a finished run no longer lists is removed, and files of others in its folder stay', async () => {
  const [{ storage: from }, { storage: to }] = [memory(), memory()];
  await putRun(to, { outputs: { 'a/text.txt': 'a', 'gone/text.txt': 'x' } });
  await putText(to, `${name}/a/stale.txt`, 'stale');
  await putText(to, `${name}/notes/mine.txt`, 'mine');
  await putText(to, `${name}/run_state.json`, '{}');
  await putRun(from, { outputs: { 'a/text.txt': 'a' } });

  await copyRun({ from, to, name });
  assert.deepEqual(Object.keys(await textsIn(to)), ['a/text.txt', 'notes/mine.txt', 'run_state.json']);
});

test('a run that has not come to its end takes nothing away', async () => {
  const [{ storage: from }, { storage: to }] = [memory(), memory()];
  await putRun(to, { outputs: { 'a/text.txt': 'a', 'b/text.txt': 'b' } });
  await putRun(from, { outputs: { 'a/text.txt': 'a' }, status: 'running' });
  await copyRun({ from, to, name });
  assert.deepEqual(Object.keys(await textsIn(to)), ['a/text.txt', 'b/text.txt']);
});

test('a copy that was broken off is completed by the next one, which sends only what is missing', async () => {
  const [{ storage: from }, { storage: to, objects }] = [memory(), memory()];
  const outputs = Object.fromEntries([...'abcdefgh'].map((letter) => [`${letter}/text.txt`, letter]));
  await putRun(from, { outputs });
  const put = objects.put.bind(objects);
  let left = 3;
  objects.put = (...args) => {
    left -= 1;
    return left < 0 ? Promise.reject(new Error('killed')) : put(...args);
  };
  await assert.rejects(copyRun({ from, to, name }), /killed/);
  assert.equal(await readRunManifest(to, name), undefined);

  objects.put = put;
  assert.equal((await copyRun({ from, to, name }))?.files, 5);
  assert.deepEqual(await textsIn(to), outputs);
  assert.equal((await copyRun({ from, to, name }))?.files, 0);
});

test('an output that was damaged or replaced behind the manifest is put right by the next copy', async () => {
  const [{ storage: from }, { storage: to }] = [memory(), memory()];
  await putRun(from, { outputs: { 'a/text.txt': 'right' } });
  await copyRun({ from, to, name });
  await putText(to, `${name}/a/text.txt`, 'wrong');
  assert.equal((await copyRun({ from, to, name }))?.files, 1);
  assert.deepEqual(await textsIn(to), { 'a/text.txt': 'right' });
});

test('a run that is rebuilt while it is read is read anew', async () => {
  const [{ storage: from, objects }, { storage: to }] = [memory(), memory()];
  await putRun(from, { outputs: { 'a/text.txt': 'old' } });
  const get = objects.get.bind(objects);
  let isRebuilt = false;
  objects.get = async (key, options) => {
    if (key.endsWith('a/text.txt') && !isRebuilt) {
      isRebuilt = true;
      await putRun(from, { outputs: { 'a/text.txt': 'new!' } });
    }
    return get(key, options);
  };
  await copyRun({ from, to, name });
  assert.deepEqual(await textsIn(to), { 'a/text.txt': 'new!' });
});

test('a damaged or missing output is an error, and no manifest is written that lists it', async () => {
  for (const harm of ['wrong', undefined]) {
    const [{ storage: from }, { storage: to }] = [memory(), memory()];
    await putRun(from, { outputs: { 'a/text.txt': 'right' } });
    const key = `${name}/a/text.txt` as StorageKey; // A literal key.
    if (harm === undefined) await from.remove(key);
    else await putText(from, key, harm);
    await assert.rejects(copyRun({ from, to, name }), { code: 'output_invalid' });
    assert.deepEqual(await Array.fromAsync(to.list()), []);
  }
});

test('a manifest that names places outside of its run is refused before anything is written', async () => {
  for (const path of ['../../../etc/x', '/etc/x', 'a//b', 'a/../../b']) {
    const [{ storage: from }, { storage: to }] = [memory(), memory()];
    const manifest: Manifest = manifestOf({ outputs: { 'a/text.txt': 'a' } });
    manifest.components[0]!.outputs[0]!.path = path;
    await putText(from, `${name}/manifest.json`, JSON.stringify(manifest));
    await assert.rejects(copyRun({ from, to, name }), { code: 'config_invalid' });
    assert.deepEqual(await Array.fromAsync(to.list()), []);
  }
});
