import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Fault, FaultyBlobStore } from '../../cache/faulty-blob-store.ts';
import { FreeLeases } from '../../cache/free-leases.ts';
import { MemoryActionCache } from '../../cache/memory-action-cache.ts';
import { MemoryBlobStore } from '../../cache/memory-blob-store.ts';
import { VerifyingBlobStore } from '../../cache/verifying-blob-store.ts';
import { assemble } from '../../engine/cli/assemble.ts';
import { openSession } from '../../engine/cli/session.ts';
import { parseTargets } from '../../engine/cli/targets.ts';
import { openWorkspace } from '../../engine/cli/workspace.ts';
import { EventStream, type TimedEvent } from '../../engine/core/events.ts';
import type { ActionCache, BlobStore } from '../../engine/core/store.ts';
import { RealDisk } from '../../engine/io/disk.ts';
import { FileIndex } from '../../engine/io/file-index.ts';
import { WorkerPool } from '../../engine/io/pool.ts';
import { realWorld } from '../../engine/io/real-world.ts';
import { Build } from '../../engine/run/build.ts';
import { Shelf } from '../../engine/run/shelf.ts';
import { Rig } from '../rig.ts';
import { chain, headRule } from './text-rules.ts';

interface Stores {
  readonly actions: ActionCache;
  readonly blobs: BlobStore;
}

/** Builds all targets of a workspace with the stores of a test. */
async function buildWith(
  rig: Rig,
  { actions, blobs }: Stores,
): Promise<{ status: string; events: TimedEvent[] }> {
  process.chdir(rig.root);
  const workspace = openWorkspace({ cacheDir: rig.cacheDir });
  const index = new FileIndex(join(workspace.stateFolder, 'files.db'), assert.fail);
  const session = await openSession(workspace, index, undefined);
  const identity = { platformId: 'local', dataprocessorVersion: 'unknown' };
  const targets = parseTargets(['//...']);
  const { specs } = await assemble({ session, targets, stage: undefined, identity });
  const events: TimedEvent[] = [];
  const stream = new EventStream(Date.now);
  stream.listen((event) => events.push(event));
  const pool = new WorkerPool({ threads: 1, heapMiB: 64 });
  const place = { disk: new RealDisk(), index, files: undefined, blobs, bring: async () => false };
  const capacity = { cores: 2, memoryMiB: 4096 };
  const [leases, world, programs] = [new FreeLeases(), realWorld(), new Map<string, string>()];
  const build = new Build(
    {
      place,
      actions,
      leases,
      shared: undefined,
      history: { note: () => undefined, expectedMs: () => undefined },
      pool,
      inference: { connect: () => assert.fail('there are no models') },
      world,
      events: stream,
      programs,
      capacity,
      shelf: new Shelf({ store: blobs, budgetBytes: 2 ** 20, keptBytes: 0, onLetGo: () => undefined }),
      keepsGoing: false,
    },
    specs,
  );
  const [outcome] = await build.run();
  index.flush();
  index.close();
  await pool.close();
  return { status: outcome!.status, events };
}

const outputs = ['out/copied/text.txt', 'out/large/text.txt', 'out/short/text.txt'];

function snapshot(rig: Rig): string[] {
  return outputs.map((name) => rig.read(name));
}

for (const effect of ['throw', 'full', 'miss', 'flip', 'cut', 'empty'] satisfies Fault['effect'][]) {
  test(`a store whose calls fail with "${effect}", one or all of them, makes builds slower, not wrong`, async () => {
    using rig = new Rig(chain);
    let expected: string[] | undefined;
    let edition = 0; // Another rule each time, which has to read the blob of its input.
    for (const isStruck of ['one call', 'all from one call on'] as const) {
      for (let failAt = 1, hasFired = true; hasFired; failAt += 1) {
        hasFired = false;
        const memory = new MemoryBlobStore();
        const isHit: Fault['isHit'] = ({ count }) => {
          const isIt = isStruck === 'one call' ? count === failAt : count >= failAt;
          hasFired ||= isIt;
          return isIt;
        };
        const faulty = new VerifyingBlobStore(
          new FaultyBlobStore(memory, { isHit, effect }),
          () => undefined,
        );
        const actions = new MemoryActionCache();
        for (const round of ['first', 'second', 'third']) {
          rig.remove('out');
          if (round === 'third')
            rig.write('rules/head.ts', `${headRule}export const edition = ${++edition};\n`);
          const { status } = await buildWith(rig, { actions, blobs: faulty });
          assert.equal(status, 'success', `${isStruck} ${failAt}, ${round} build`);
          expected ??= snapshot(rig);
          assert.deepEqual(snapshot(rig), expected, `${isStruck} ${failAt}, ${round} build`);
        }
      }
    }
  });
}

test('a store without room is warned of once in a build', async () => {
  using rig = new Rig(chain);
  const blobs = new FaultyBlobStore(new MemoryBlobStore(), {
    isHit: ({ method }) => method === 'put',
    effect: 'full',
  });
  const { events } = await buildWith(rig, { actions: new MemoryActionCache(), blobs });
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event.message] : []));
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /no space left/);
});
