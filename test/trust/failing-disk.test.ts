/** Every write of a run fails once, and from then on: the build says so, and the next one makes all whole. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { errorsIn } from '../../engine/cli/error-text.ts';
import { RealDisk } from '../../engine/io/disk.ts';
import { FaultyDisk, InjectedFault } from '../cache/memory-disk.ts';
import type { Rig } from '../rig.ts';
import { type BuildHere, buildAsUser, buildHere } from './build-here.ts';
import { newKeys, onlyRun, storedKeys, temporaries } from './run-on-disk.ts';
import { textRun, textTargets } from './text-run.ts';

async function cleanDigests(): Promise<Record<string, string>> {
  using rig = textRun();
  assert.equal((await buildHere(rig, textTargets)).status, 0);
  return onlyRun(rig).delivered;
}

/** What the build came to, or the errors that it ended with. */
async function tryBuild(rig: Rig, disk: FaultyDisk): Promise<BuildHere | { errors: string[] }> {
  try {
    return await buildHere(rig, textTargets, {}, { disk });
  } catch (thrown) {
    return { errors: errorsIn(thrown).map(({ code }) => code) };
  }
}

/** A build that says it has succeeded has; any other one names what was wrong, and no bug in flow. */
async function assertHonest(
  rig: Rig,
  built: BuildHere | { errors: string[] },
  code: string,
  what: string,
): Promise<void> {
  const expected = code === 'ENOSPC' ? 'disk_full' : 'config_invalid';
  if ('errors' in built) return assert.deepEqual([...new Set(built.errors)], [expected], what);
  const codes = built.events.flatMap((event) => (event.type === 'action_failed' ? [event.error.code] : []));
  const warned = built.warnings.join('\n');
  for (const failure of codes) assert.equal(failure, expected, what);
  if (built.status !== 0) {
    assert.equal(built.status, 1, what);
    return assert.ok(codes.length > 0 || warned.includes(`Cannot write the manifest`), what);
  }
  assert.equal(onlyRun(rig).manifest.run.status, codes.length > 0 ? 'partial' : 'success', what);
  const finishedAt = (
    await onlyRun(rig)
      .state()
      .catch(() => undefined)
  )?.run.finished_at;
  assert.ok(finishedAt || warned.includes('Cannot write the state'), `${what}: nobody was told`);
}

for (const code of ['ENOSPC', 'EIO'] as const)
  for (const isOnce of [true, false]) {
    const when = isOnce ? 'at any one write' : 'from any write on';
    test(`a disk that fails ${when} with ${code} is told, and the next build is right and repeats nothing`, async () => {
      const clean = await cleanDigests();
      for (let failAt = 1; ; failAt += 1) {
        using rig = textRun();
        const disk = new FaultyDisk(new RealDisk(), failAt, { code, isOnce, isOfWrites: true });
        const broken = await tryBuild(rig, disk);
        if (!disk.hasFired) return assert.ok(failAt > 40, `a run has only ${failAt} writes`);
        const what = `${code} ${when}, number ${failAt}`;
        await assertHonest(rig, broken, code, what);
        assert.deepEqual(temporaries(rig), [], `${what}: left behind`);
        const stored = existsSync(join(rig.cacheDir, 'actions.db')) ? storedKeys(rig) : [];
        const next = await buildHere(rig, textTargets);
        assert.equal(next.status, 0, what);
        assert.deepEqual(
          newKeys(next.events).filter((key) => stored.includes(key)),
          [],
          `${what}: stored, and run again`,
        );
        await onlyRun(rig).assertWhole(clean, what);
      }
    });
  }

/** Lets some lines into journals, and then no more. */
class ShortOfLines extends RealDisk {
  #left: number;

  constructor(lines: number) {
    super();
    this.#left = lines;
  }

  override append(path: string, text: string): number {
    this.#left -= 1;
    if (this.#left < 0) throw new InjectedFault('EIO');
    return super.append(path, text);
  }
}

test('a build that could not write the state of its run is not taken for up to date', async () => {
  using rig = textRun();
  await delay(50); // Sources as new as the build itself would be read again.
  assert.equal(await buildAsUser(rig, textTargets), 0);
  assert.equal(await buildAsUser(rig, textTargets), 'up to date');
  rig.remove('result_store');
  assert.equal(await buildAsUser(rig, textTargets, { disk: new ShortOfLines(3) }), 0);
  assert.equal((await onlyRun(rig).state()).run.status, 'running');
  assert.equal(await buildAsUser(rig, textTargets), 0);
  assert.equal((await onlyRun(rig).state()).run.status, 'success');
  assert.equal(await buildAsUser(rig, textTargets), 'up to date');
});
