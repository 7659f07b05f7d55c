import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Rig } from '../rig.ts';
import { buildAsUser, buildHere } from './build-here.ts';
import { chain } from './text-rules.ts';

const outputs = ['out/copied/text.txt', 'out/large/text.txt', 'out/short/text.txt'];

function snapshot(rig: Rig): string[] {
  return outputs.map((name) => rig.read(name));
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

const damages: Readonly<Record<string, (path: string) => void>> = {
  'with a flipped bit': (path) => {
    const content = readFileSync(path);
    content[content.length >> 1]! ^= 1;
    chmodSync(path, 0o644);
    writeFileSync(path, content);
  },
  'cut in half': (path) => truncateSync(path, statSync(path).size >> 1),
  emptied: (path) => truncateSync(path, 0),
  deleted: (path) => rmSync(path),
  'replaced by a folder': (path) => {
    rmSync(path);
    mkdirSync(path);
  },
};

for (const [how, damage] of Object.entries(damages)) {
  test(`a cached blob that is ${how} is never delivered, and the cache is whole again`, async () => {
    using rig = new Rig(chain);
    await buildHere(rig);
    const before = snapshot(rig);
    const blobs = filesIn(join(rig.cacheDir, 'cas'));
    assert.equal(blobs.length, 1);
    for (const blob of blobs) damage(blob);
    rig.remove('out');
    const repaired = await buildHere(rig);
    assert.equal(repaired.status, 0);
    assert.deepEqual(snapshot(rig), before);
    assert.deepEqual([repaired.ran, repaired.regenerated], [[], ['large']]);
    if (!['deleted', 'replaced by a folder'].includes(how))
      assert.match(repaired.warnings.join('\n'), /was damaged/);

    rig.remove('out');
    const again = await buildHere(rig);
    assert.deepEqual([again.ran, again.regenerated, again.warnings], [[], [], []]);
    assert.deepEqual(snapshot(rig), before);
  });

  test(`a consumer never reads a cached blob that is ${how}`, async () => {
    using rig = new Rig(chain);
    await buildHere(rig);
    const before = snapshot(rig);
    for (const blob of filesIn(join(rig.cacheDir, 'cas'))) damage(blob);
    rig.replace('rules/head.ts', 'slice(0, 10)', 'slice(-3)');
    rig.remove('out/large');
    const repaired = await buildHere(rig);
    assert.deepEqual([repaired.ran, repaired.regenerated], [['short'], ['large']]);
    assert.deepEqual(snapshot(rig), [before[0], before[1], before[1]!.slice(-3)]);
  });
}

test('an inline result that was changed in the list of results is made again', async () => {
  using rig = new Rig(chain);
  await buildHere(rig);
  const before = snapshot(rig);
  const tampered = Buffer.from('tampered').toString('base64');
  changeResults(rig, (result) => result.replace(/"inline":"[^"]*"/g, `"inline":"${tampered}"`));
  rig.remove('out');
  assert.deepEqual((await buildHere(rig)).ran, ['copied', 'short']);
  assert.deepEqual(snapshot(rig), before);
});

test('a result that stands under the key of another action is made again', async () => {
  using rig = new Rig(chain);
  await buildHere(rig);
  const before = snapshot(rig);
  using database = new DatabaseSync(join(rig.cacheDir, 'actions.db'));
  const rows = database.prepare('SELECT key, result, checksum FROM actions').all() as Record<
    string,
    string
  >[];
  for (const [index, { key }] of rows.entries()) {
    const other = rows[(index + 1) % rows.length]!;
    database
      .prepare('UPDATE actions SET result = ?, checksum = ? WHERE key = ?')
      .run(other.result!, other.checksum!, key!);
  }
  rig.remove('out');
  assert.deepEqual((await buildHere(rig)).ran, ['copied', 'large', 'short']);
  assert.deepEqual(snapshot(rig), before);
});

function changeResults(rig: Rig, change: (result: string) => string): void {
  using database = new DatabaseSync(join(rig.cacheDir, 'actions.db'));
  const rows = database.prepare('SELECT key, result FROM actions').all() as { key: string; result: string }[];
  const update = database.prepare('UPDATE actions SET result = ? WHERE key = ?');
  for (const { key, result } of rows) update.run(change(result), key);
}

const garbage = Buffer.from('this is no database. '.repeat(600));

const wrecks: Readonly<Record<string, (path: string) => void>> = {
  garbage: (path) => writeFileSync(path, garbage),
  'cut to 100 bytes': (path) => truncateSync(path, Math.min(100, statSync(path).size)),
  'cut to a page and a half': (path) => truncateSync(path, Math.min(6144, statSync(path).size)),
  emptied: (path) => truncateSync(path, 0),
  'overwritten behind its first page': (path) => {
    const content = readFileSync(path);
    content.fill(0xa5, 4096);
    writeFileSync(path, content);
  },
  'longer by garbage': (path) => appendFileSync(path, garbage),
  'a folder': (path) => {
    rmSync(path);
    mkdirSync(path);
  },
};

for (const name of ['cache/actions.db', 'cache/leases.db', 'workspace/.flow/files.db']) {
  for (const [how, wreck] of Object.entries(wrecks)) {
    test(`${name}, ${how}: the build comes out right`, async () => {
      using rig = new Rig(chain);
      await buildHere(rig);
      const before = snapshot(rig);
      const path = join(rig.root, '..', name);
      wreck(path);
      rig.remove('out');
      rig.write('in.txt', 'ABCDEFGHIJ');
      const edited = await buildHere(rig);
      assert.equal(edited.status, 0);
      assert.equal(rig.read('out/copied/text.txt'), 'ABCDEFGHIJ');
      rig.write('in.txt', 'abcdefghij');
      assert.equal((await buildHere(rig)).status, 0);
      assert.deepEqual(snapshot(rig), before);
    });
  }
}

test('a damaged list of results is reported, once, and begun anew', async () => {
  using rig = new Rig(chain);
  await buildHere(rig);
  writeFileSync(join(rig.cacheDir, 'actions.db'), garbage);
  const { warnings, ran } = await buildHere(rig);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /list of action results was damaged.*begun anew/);
  assert.deepEqual(ran, ['copied', 'large', 'short']);
  const again = await buildHere(rig);
  assert.deepEqual([again.warnings, again.ran], [[], []]);
});

test('what the state folder remembers may be cut or changed anywhere: no error, and nothing wrong', async () => {
  using rig = new Rig(chain);
  for (let tries = 0; (await buildAsUser(rig)) !== 'up to date' && tries < 20; tries += 1) await delay(40);
  const before = snapshot(rig);
  const remembered = filesIn(rig.path('.flow')).filter((path) => !/\.db(-wal|-shm)?$|running/.test(path));
  for (const kind of [/graph\.json$/, /rules\.json$/, /bundles\/.*\.mjs$/, /up-to-date\/.*\.json$/])
    assert.ok(
      remembered.some((path) => kind.test(path)),
      `nothing remembered like ${kind}`,
    );
  for (const path of remembered) {
    const whole = readFileSync(path);
    for (const part of [0, 0.01, 0.3, 0.5, 0.9, 0.999]) {
      const at = Math.floor(whole.length * part);
      const flipped = Buffer.from(whole);
      flipped[at]! ^= 1;
      for (const damaged of [whole.subarray(0, at), flipped]) {
        writeFileSync(path, damaged);
        rig.remove('out/short');
        await buildAsUser(rig);
        assert.deepEqual(snapshot(rig), before, `${path} damaged at ${at}`);
        rig.remove('out/short');
        assert.deepEqual((await buildHere(rig)).ran, [], `${path} damaged at ${at} made something run`);
        if (!existsSync(path)) writeFileSync(path, whole);
      }
    }
  }
});

test('a graph that was changed in the memory of the state folder does not become the graph', async () => {
  using rig = new Rig(chain);
  await buildHere(rig);
  const path = rig.path('.flow/graph.json');
  const changed = readFileSync(path, 'utf8').replaceAll('in.txt', 'xx.txt');
  writeFileSync(path, changed);
  rig.write('xx.txt', 'wrong');
  assert.deepEqual((await buildHere(rig)).ran, []);
  assert.equal(rig.read('out/copied/text.txt'), 'abcdefghij');
});

test('the state folder and the cache may be deleted at any time', async () => {
  using rig = new Rig(chain);
  await buildHere(rig);
  const before = snapshot(rig);
  rig.remove('.flow');
  assert.deepEqual((await buildHere(rig)).ran, []);
  rmSync(rig.cacheDir, { recursive: true });
  assert.deepEqual((await buildHere(rig)).ran, ['copied', 'large', 'short']);
  assert.deepEqual(snapshot(rig), before);
});
