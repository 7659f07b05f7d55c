import assert from 'node:assert/strict';
import {
  appendFileSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Rig } from '../rig.ts';
import { buildAsUser, buildHere } from './build-here.ts';
import { chain } from './text-rules.ts';
import { until } from './until.ts';

const outputs = ['out/copied/text.txt', 'out/large/text.txt', 'out/short/text.txt'];

function snapshot(rig: Rig): string[] {
  return outputs.map((name) => rig.read(name));
}

const tamperings: Readonly<Record<string, (path: string) => void>> = {
  edited: (path) => appendFileSync(path, 'tampered'),
  'edited in place with its size and time kept': (path) => {
    const { atime, mtime } = statSync(path);
    const content = readFileSync(path);
    content[0]! ^= 1;
    writeFileSync(path, content);
    utimesSync(path, atime, mtime);
  },
  'cut in half': (path) => truncateSync(path, statSync(path).size >> 1),
  emptied: (path) => truncateSync(path, 0),
  deleted: (path) => rmSync(path),
  'replaced by a folder with a file': (path) => {
    rmSync(path);
    mkdirSync(path);
    writeFileSync(`${path}/file`, 'in the way');
  },
  'replaced by a symbolic link to something else': (path) => {
    writeFileSync(`${path}.other`, 'other');
    rmSync(path);
    symlinkSync(`${path}.other`, path);
  },
  'replaced by a symbolic link to nothing': (path) => {
    rmSync(path);
    symlinkSync(`${path}.nothing`, path);
  },
  'replaced by a symbolic link to itself': (path) => {
    rmSync(path);
    symlinkSync(path, path);
  },
};

for (const [how, tamper] of Object.entries(tamperings)) {
  test(`outputs that were ${how} are put right without running anything`, async () => {
    using rig = new Rig(chain);
    await buildHere(rig);
    const before = snapshot(rig);
    await delay(40);
    await buildAsUser(rig);
    for (const name of outputs) tamper(rig.path(name));
    assert.notEqual(await buildAsUser(rig), 'up to date');
    assert.deepEqual(snapshot(rig), before);
    for (const name of outputs) assert.ok(lstatSync(rig.path(name)).isFile(), `${name} is no file`);
    for (const name of outputs) tamper(rig.path(name));
    const repaired = await buildHere(rig);
    assert.deepEqual([...repaired.ran, ...repaired.regenerated], []);
    assert.deepEqual(snapshot(rig), before);
  });
}

test('an output that is changed while the build still runs is put right by the next build', async () => {
  using rig = new Rig(chain);
  await buildHere(rig);
  const before = snapshot(rig);
  for (let round = 0; round < 10; round += 1) {
    rig.remove('out');
    const building = buildAsUser(rig);
    await until(() => isThere(rig.path(outputs[1]!)), 'the output is delivered');
    appendFileSync(rig.path(outputs[1]!), 'tampered');
    assert.equal(await building, 0);
    assert.notEqual(await buildAsUser(rig), 'up to date');
    assert.deepEqual(snapshot(rig), before);
  }
});

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

test('the whole folder of outputs may be moved away, and comes back without running anything', async () => {
  using rig = new Rig(chain);
  await buildHere(rig);
  const before = snapshot(rig);
  renameSync(rig.path('out'), rig.path('elsewhere'));
  assert.deepEqual((await buildHere(rig)).ran, []);
  assert.deepEqual(snapshot(rig), before);
});

test('changing a delivered file of many megabytes in place poisons no later build', async () => {
  using rig = new Rig({
    ...chain,
    'profiles/default.yaml':
      'schema_version: 1\nname: default\ncomponents:\n  large: { params: { times: 80 } }\n',
  });
  await buildHere(rig);
  const before = snapshot(rig);
  assert.ok(before[1]!.length > 4 * 2 ** 20);
  for (const repair of ['first', 'second']) {
    // Where the file is a hard link, this changes the cached blob itself.
    const content = readFileSync(rig.path(outputs[1]!));
    content[1000]! ^= 1;
    writeFileSync(rig.path(outputs[1]!), content);
    const repaired = await buildHere(rig);
    assert.equal(repaired.status, 0);
    assert.deepEqual(snapshot(rig), before, `after the ${repair} repair`);
    assert.deepEqual(repaired.ran, []);
  }
  rig.remove('out');
  assert.equal((await buildHere(rig)).status, 0);
  assert.deepEqual(snapshot(rig), before);
});
