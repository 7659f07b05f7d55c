/** What is lost of a run's state is made up for, and is never an error for those who build or look. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { processorStateSchema, runStateSchema } from '../../engine/core/run-state.ts';
import { journalName, processorStateName, runStateName } from '../../engine/run/run-journal.ts';
import { randomNumbers } from '../properties/random-numbers.ts';
import { seed } from '../properties/seed.ts';
import type { Rig } from '../rig.ts';
import { buildAsUser } from './build-here.ts';
import { onlyRun } from './run-on-disk.ts';
import { textRun, textTargets } from './text-run.ts';

async function builtRig(): Promise<Rig> {
  const rig = textRun();
  await delay(50); // Sources as new as the build itself would be read again.
  assert.equal(await buildAsUser(rig, textTargets), 0);
  return rig;
}

/** The next build runs nothing, writes the state anew, and the one after it has nothing to do. */
async function assertMended(rig: Rig, clean: Record<string, string>, what: string): Promise<void> {
  assert.equal(await buildAsUser(rig, textTargets), 0, `${what}: it was taken for up to date`);
  const run = onlyRun(rig);
  await run.assertWhole(clean, what);
  const read = (name: string): unknown => JSON.parse(readFileSync(join(run.stateFolder, name), 'utf8'));
  assert.equal(runStateSchema.parse(read(runStateName)).run.status, 'success', what);
  for (const processor of ['first', 'second'])
    processorStateSchema.parse(read(processorStateName(processor)));
  assert.equal(await buildAsUser(rig, textTargets), 'up to date', what);
}

test('a checkpoint of a real run that is cut at any length is read as if it were whole', async () => {
  using rig = await builtRig();
  const run = onlyRun(rig);
  const { checkpoints: _, ...whole } = await run.state();
  const path = join(run.stateFolder, runStateName);
  for (let length = readFileSync(path).length - 1; length >= 0; length -= 1) {
    truncateSync(path, length);
    const { checkpoints: __, ...state } = await run.state();
    assert.deepEqual(state, whole, `cut at ${length}`);
  }
});

test(`files of a state that are cut or gone are written anew by the next build (FLOW_SEED=${seed})`, async () => {
  const random = randomNumbers(seed);
  using rig = await builtRig();
  const { stateFolder, delivered } = onlyRun(rig);
  for (const name of [runStateName, processorStateName('first'), processorStateName('second'), journalName]) {
    const path = join(stateFolder, name);
    const { length } = readFileSync(path);
    for (const left of [0, 1, Math.floor(length * random()), Math.floor(length * random()), length - 1]) {
      truncateSync(path, left);
      await assertMended(rig, delivered, `${name} cut at ${left}`);
    }
    rmSync(path);
    await assertMended(rig, delivered, `${name} gone`);
  }
  rig.remove('state');
  await assertMended(rig, delivered, 'all of the state gone');
});

const damages: Readonly<Record<string, (folder: string) => void>> = {
  'a checkpoint that is cut': (folder) => truncateSync(join(folder, runStateName), 99),
  'a checkpoint that is gone': (folder) => rmSync(join(folder, runStateName)),
  'a checkpoint that is a folder': (folder) => {
    rmSync(join(folder, runStateName));
    mkdirSync(join(folder, runStateName));
  },
  'a checkpoint of something else': (folder) => writeFileSync(join(folder, runStateName), '[{"run": 7}]'),
  'a journal whose last line is torn': (folder) => truncateSync(join(folder, journalName), 700),
  'a journal of junk': (folder) => writeFileSync(join(folder, journalName), Buffer.alloc(999, 0xf1)),
  'a journal that is a folder': (folder) => {
    rmSync(join(folder, journalName));
    mkdirSync(join(folder, journalName));
  },
  'no state at all': (folder) => rmSync(folder, { recursive: true }),
};

for (const [what, damage] of Object.entries(damages))
  test(`${what} is no error for flow runs, flow show and flow build`, async () => {
    using rig = await builtRig();
    const run = onlyRun(rig);
    damage(run.stateFolder);
    for (const args of [['runs'], ['show', ...textTargets], ['build', ...textTargets]]) {
      const { status, stdout, stderr } = await rig.flow(args);
      assert.equal(status, 0, `flow ${args[0]}: ${stderr}`);
      assert.match(stdout, /success/, `flow ${args[0]}`);
    }
  });
