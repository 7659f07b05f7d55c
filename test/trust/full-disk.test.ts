import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { test } from 'node:test';
import { Rig } from '../rig.ts';
import { chain } from './text-rules.ts';

/** A file system of its own, of a given size; undefined where this machine does not let us mount one. */
class SmallDisk implements Disposable {
  readonly path: string;

  constructor(path: string, sizeKiB: number) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeKiB}k`, 'tmpfs', path]);
    if (mounted.status !== 0) throw new Error(String(mounted.stderr));
  }

  /** Leaves no more than some bytes free. */
  fill(leaveBytes = 0): void {
    const { bavail, bsize } = statfsSync(this.path);
    const bytes = Math.max(0, bavail * bsize - leaveBytes);
    writeFileSync(join(this.path, 'ballast'), Buffer.alloc(bytes));
  }

  empty(): void {
    rmSync(join(this.path, 'ballast'));
  }

  makeReadOnly(): void {
    spawnSync('mount', ['-o', 'remount,ro', this.path]);
  }

  [Symbol.dispose](): void {
    spawnSync('umount', ['-l', this.path]);
  }
}

function whyNot(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'only root on Linux can mount a small disk';
  const folder = mkdtempSync(join(tmpdir(), 'flow-mount-'));
  try {
    new SmallDisk(join(folder, 'disk'), 64)[Symbol.dispose]();
    return false;
  } catch (error) {
    return `this machine cannot mount a small disk: ${(error as Error).message.trim()}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const skip = whyNot();
const expected = { copied: 'abcdefghij', short: 'abcdefghij' };

function assertRight(rig: Rig): void {
  assert.equal(rig.read('out/copied/text.txt'), expected.copied);
  assert.equal(rig.read('out/large/text.txt'), 'abcdefghij\n'.repeat(Math.ceil(65536 / 11)));
  assert.equal(rig.read('out/short/text.txt'), expected.short);
}

for (const sizeKiB of [4, 40, 64, 100, 140, 200]) {
  test(`a cache on a disk of ${sizeKiB} KiB makes builds slower, not wrong`, { skip }, async () => {
    using rig = new Rig(chain);
    using _disk = new SmallDisk(rig.cacheDir, sizeKiB);
    for (const round of ['first', 'second']) {
      rig.remove('out');
      const built = await rig.build(['//...']);
      assert.equal(built.status, 0, `${round} build: ${built.stderr}`);
      assertRight(rig);
    }
  });
}

test('a cache that becomes full is reported, and is used again when there is room', { skip }, async () => {
  using rig = new Rig(chain);
  using disk = new SmallDisk(rig.cacheDir, 1024);
  disk.fill();
  const full = await rig.build(['//...']);
  assert.equal(full.status, 0, full.stderr);
  assertRight(rig);
  const warnings = full.events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  assert.ok(warnings.length >= 1 && warnings.length <= 3, `it warned ${warnings.length} times`);
  assert.match(warnings.join('\n'), /full|no space/i);
  disk.empty();
  assert.equal((await rig.build(['//...'])).status, 0);
  assert.deepEqual((await rig.build(['//...'])).ran, []);
  assertRight(rig);
});

test('a cache, or results, on a read-only disk are an error that says so before anything runs', {
  skip,
}, async () => {
  for (const place of ['cache', 'out']) {
    using rig = new Rig(chain);
    const path = place === 'cache' ? rig.cacheDir : rig.path('out');
    using disk = new SmallDisk(path, 1024);
    disk.makeReadOnly();
    await assertRefused(rig, path);
  }
});

/** The build ends with a usage error that names a path, and has run nothing. */
async function assertRefused(rig: Rig, path: string): Promise<void> {
  const built = await rig.build(['//...']);
  assert.equal(built.status, 2, built.stderr);
  assert.match(built.stderr, /config_invalid/);
  assert.match(built.stderr, new RegExp(`${path}|(^|\\s)${basename(path)}\\b`, 'm'));
  assert.deepEqual(built.ran, []);
}

test('results on a full disk are the error disk_full, and nothing is half there', { skip }, async () => {
  using rig = new Rig(chain);
  using disk = new SmallDisk(rig.path('out'), 64);
  disk.fill(8 * 1024);
  const built = await rig.build(['//...']);
  assert.equal(built.status, 1);
  assert.deepEqual(codesOf(built), ['disk_full']);
  assert.deepEqual(
    readdirSync(rig.path('out'), { recursive: true, encoding: 'utf8' }).filter((name) =>
      /large\/.|\.tmp/.test(name),
    ),
    [],
  );
  disk[Symbol.dispose]();
  const later = await rig.build(['//...']);
  assert.equal(later.status, 0);
  assert.deepEqual(later.ran, [], 'finished work was not kept');
  assertRight(rig);
});

function codesOf({ summary }: Awaited<ReturnType<Rig['build']>>): string[] {
  return summary.runs.flatMap((run) => run.components.flatMap(({ error_code }) => error_code ?? []));
}

test('a state folder on a full disk is an error that says so, or does no harm', { skip }, async () => {
  using rig = new Rig(chain);
  {
    using disk = new SmallDisk(rig.path('.flow'), 128);
    disk.fill();
    const built = await rig.build(['//...']);
    assert.equal(built.status, 1, built.stderr);
    assert.match(built.stderr, /disk_full/);
  }
  {
    using disk = new SmallDisk(rig.path('.flow'), 1024);
    assert.equal((await rig.flow(['build', '//...'])).status, 0);
    disk.fill();
    rig.write('in.txt', 'ABCDEFGHIJ');
    const built = await rig.flow(['build', '//...']);
    assert.equal(built.status, 0, built.stderr);
    assert.equal(rig.read('out/copied/text.txt'), 'ABCDEFGHIJ');
  }
});

test('a file in place of the cache folder, or of the results folder, is an error that names it', async () => {
  for (const place of ['cache', 'out']) {
    using rig = new Rig(chain);
    const path = place === 'cache' ? rig.cacheDir : rig.path('out');
    writeFileSync(path, 'in the way');
    await assertRefused(rig, path);
    assert.equal(readFileSync(path, 'utf8'), 'in the way');
  }
});

test('a disk that is full for the events file does not stop the build', { skip }, async () => {
  using rig = new Rig(chain);
  using disk = new SmallDisk(join(dirname(rig.root), 'events'), 16);
  disk.fill();
  const built = await rig.flow(['build', '//...', '--events', join(disk.path, 'events.ndjson')]);
  assert.equal(built.status, 0, built.stderr);
  assertRight(rig);
});
