/** The clock is set back and forth by years while a run goes on: nothing that it says of itself becomes wrong. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { randomNumbers } from '../properties/random-numbers.ts';
import { seed } from '../properties/seed.ts';
import { buildAsUser, buildHere } from './build-here.ts';
import { newKeys, onlyRun, runsOn, storedKeys } from './run-on-disk.ts';
import { textRun, textTargets } from './text-run.ts';

const RealDate = Date;
const yearMs = 365 * 24 * 3600 * 1000;

/** Every time that anybody asks, the clock of this process is somewhere else within ten years around now. */
class JumpingDate extends RealDate {
  static random = randomNumbers(seed);

  constructor(...args: [] | [value: number | string | Date]) {
    super(args.length === 0 ? JumpingDate.now() : args[0]);
  }

  static override now(): number {
    return Math.floor(RealDate.now() + 10 * yearMs * (2 * JumpingDate.random() - 1));
  }
}

async function whileItJumps<T>(work: () => Promise<T>): Promise<T> {
  globalThis.Date = JumpingDate as unknown as DateConstructor; // Nobody calls it without `new`.
  try {
    return await work();
  } finally {
    globalThis.Date = RealDate;
  }
}

test(`a run during which the clock jumps ends right and says so, and the next build repeats nothing (FLOW_SEED=${seed})`, async () => {
  for (let round = 1; round <= 10; round += 1) {
    using rig = textRun();
    const built = await whileItJumps(() => buildHere(rig, textTargets));
    assert.equal(built.status, 0);
    assert.deepEqual(built.warnings, []);
    assert.deepEqual(newKeys(built.events).sort(), storedKeys(rig).sort());
    const run = onlyRun(rig);
    const { delivered, journal } = run;
    assert.equal(Object.keys(delivered).length, 3);
    assert.equal(journal.damaged, 0);
    const times = journal.records.map(({ at }) => at);
    assert.notDeepEqual(times, times.toSorted(), 'the clock did not jump');
    await run.assertWhole(delivered, `round ${round}`);
    assert.deepEqual((await buildHere(rig, textTargets)).ran, []);
    await run.assertWhole(delivered, `after round ${round}`);
  }
});

test(`after builds under a clock that jumps a change is seen (FLOW_SEED=${seed})`, async () => {
  using rig = textRun();
  for (let round = 1; round <= 10; round += 1) {
    const text = `round ${round}`.padEnd(20);
    rig.write('clip.mp4', text);
    await delay(20);
    assert.equal(await whileItJumps(() => buildAsUser(rig, textTargets)), 0, `round ${round} was up to date`);
    const texts = runsOn(rig).map(({ name }) => rig.read(join('result_store', name, 'copied/text.txt')));
    assert.ok(texts.includes(text), `round ${round}`);
    assert.deepEqual((await buildHere(rig, textTargets)).ran, []);
  }
});
