import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { CacheLimits } from '../../cache/cache-limits.ts';
import { type Collected, collectGarbage, planCollection } from '../../cache/collect-garbage.ts';
import { type LocalStores, openLocalStores } from '../../cache/local-stores.ts';
import { type Digest, digestOf } from '../../engine/core/digest.ts';
import { RealDisk, temporaryBeside } from '../../engine/io/disk.ts';
import { startHolder } from './cache-holder.ts';
import { makeOlder } from './made-older.ts';

let folder: string;
let stores: LocalStores & Disposable;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flow-collect-'));
  stores = openLocalStores(folder, { disk: new RealDisk(), onTrouble: assert.fail });
});
afterEach(() => {
  stores[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

const all: CacheLimits = { floorBytes: 0, minFreeBytes: 0, ceilingBytes: 0, maxAgeMs: undefined };
const none: CacheLimits = { ...all, ceilingBytes: Infinity };

/** A result, and the blob of it. */
async function make(name: string): Promise<{ key: Digest; digest: Digest }> {
  const content = new TextEncoder().encode(name.repeat(1000));
  const [key, digest] = [digestOf(`key of ${name}`), digestOf(content)];
  await stores.blobs.put(digest, content);
  const rest = { content: digest, format: 'text', extension: 'txt', isEphemeral: false };
  const outputs = { text: { digest, sizeBytes: content.length, ...rest } };
  stores.actions.put(key, { status: 'success', warnings: [], durationMs: 1, outputs }, { component: name });
  return { key, digest };
}

async function age(days: number): Promise<void> {
  stores.records.flush();
  await makeOlder(folder, days);
}

function collect(limits: CacheLimits): Promise<Collected> {
  return collectGarbage(stores, { limits, space: undefined });
}

async function isThere({ key, digest }: { key: Digest; digest: Digest }): Promise<string> {
  const parts = [stores.actions.get(key) && 'result', (await stores.blobs.has(digest)) && 'blob'];
  return parts.filter(Boolean).join(' ');
}

test('bytes go before results, the least recently used first, and a note of each says why', async () => {
  const [old, young] = [await make('old'), await make('young')];
  await age(3);
  stores.actions.get(young.key);
  const { usedBytes } = await collect({ ...all, ceilingBytes: 7000 });
  assert.deepEqual([await isThere(old), await isThere(young)], ['result', 'result blob']);
  assert.ok(usedBytes < 7000);
  assert.equal(stores.records.noteOf('evicted', old.digest)?.reason, 'ceiling');
  await age(3);
  await collect(all);
  assert.deepEqual([await isThere(old), await isThere(young)], ['', '']);
  assert.equal(stores.records.noteOf('evicted', old.key)?.reason, 'ceiling');
});

test('bytes are as young as the youngest result that names them', async () => {
  const [one, other] = [await make('one'), await make('other')];
  const content = stores.actions.get(one.key)!;
  await age(3);
  stores.actions.put(digestOf('another key'), content, { component: 'one' });
  const { evictions } = await collect({ ...none, maxAgeMs: 24 * 3_600_000 });
  assert.deepEqual(
    evictions.map(({ candidate }) => candidate.id).sort(),
    [one.key, other.key, other.digest].sort(),
  );
});

test('bytes that are put again are young, though their file is not', async () => {
  const made = await make('same');
  await age(3);
  await make('same');
  await collect({ ...none, maxAgeMs: 24 * 3_600_000 });
  assert.equal(await isThere(made), 'result blob');
});

test('spilled bytes are found, and go before everything else', async () => {
  const made = await make('old');
  await age(3);
  const spilled = new Uint8Array(2000).fill(7);
  await stores.blobs.put(digestOf(spilled), spilled);
  const { evictions } = await collect({ ...all, ceilingBytes: 5000 });
  assert.deepEqual(
    evictions.map(({ candidate }) => candidate.id),
    [digestOf(spilled)],
  );
  assert.equal(await isThere(made), 'result blob');
});

test('a living build of another process holds what was used since it began, and no more', async () => {
  const old = await make('old');
  await age(3);
  const holder = await startHolder(folder);
  const used = await make('used');
  await collect(all);
  assert.deepEqual([await isThere(old), await isThere(used)], ['', 'result blob']);
  await holder.kill();
  await collect(all);
  assert.equal(await isThere(used), '');
});

test('what is used between the choice and the deed stays', async () => {
  const [one, other] = [await make('one'), await make('other')];
  await age(3);
  const holder = await startHolder(folder);
  const evictsNothing = stores.records.usedAtMs.bind(stores.records);
  let looks = 0;
  // The survey asks four times: for two results and two blobs. Then another process finds a result.
  stores.records.usedAtMs = (id) => {
    looks += 1;
    if (looks === 5) {
      stores.actions.get(one.key);
      stores.records.flush();
    }
    return evictsNothing(id);
  };
  await collect(all);
  assert.deepEqual([await isThere(one), await isThere(other)], ['result blob', '']);
  await holder.kill();
});

test('temporary files of dead processes go, those of living ones and of strangers stay', async () => {
  await make('any');
  const cas = join(folder, 'cas', 'ab');
  const own = temporaryBeside(join(cas, 'x'));
  const dead = join(cas, `.tmp-${deadPid()}-1-00000000-0000-0000-0000-000000000000`);
  rmSync(cas, { recursive: true, force: true });
  await new RealDisk().create(own, new Uint8Array(3), { isDurable: false, mode: 0o644 });
  writeFileSync(dead, 'half');
  writeFileSync(join(cas, 'notes.txt'), 'mine');
  const { leftovers } = await collect(none);
  assert.deepEqual(
    leftovers.map(({ path }) => path),
    [dead],
  );
  assert.deepEqual(
    [existsSync(own), existsSync(dead), existsSync(join(cas, 'notes.txt'))],
    [true, false, true],
  );
});

function deadPid(): number {
  return spawnSync(process.execPath, ['--version']).pid;
}

test('a part of a download is kept for a day, and what is in quarantine for a week', async () => {
  const { digest } = await make('any');
  writeFileSync(stores.blobs.partFor(digest), 'part');
  await new RealDisk().create(join(stores.quarantineFolder, 'x'), new Uint8Array(3), {
    isDurable: false,
    mode: 0o444,
  });
  assert.equal((await collect(none)).leftovers.length, 0);
  await age(2);
  assert.deepEqual(
    (await collect(none)).leftovers.map(({ what }) => what),
    ['part'],
  );
});

test('a dry run removes nothing, and says what a collection then removes', async () => {
  const made = await make('old');
  await age(3);
  const plan = await planCollection(stores, { limits: all, space: undefined });
  assert.equal(await isThere(made), 'result blob');
  await age(3);
  const { evictions } = await collect(all);
  const ids = (list: Collected['evictions']): string[] => list.map(({ candidate }) => candidate.id);
  assert.deepEqual(ids(evictions), ids(plan.evictions));
});

test('its progress ends with all of its bytes', async () => {
  for (const name of ['one', 'two', 'three']) await make(name);
  await age(3);
  const told: [number, number][] = [];
  await collectGarbage(stores, {
    limits: all,
    space: undefined,
    onProgress: (done, total) => told.push([done, total]),
  });
  const [done, total] = told.at(-1)!;
  assert.equal(done, total);
  assert.equal(
    readdirSync(join(folder, 'cas'), { recursive: true }).filter((name) => String(name).length > 10).length,
    0,
  );
});
