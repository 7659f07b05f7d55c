/** Builds are killed at random moments, again and again: nothing wrong may be left, and nothing finished may be lost. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { digestOf } from '../../engine/core/digest.ts';
import type { TimedEvent } from '../../engine/core/events.ts';
import { processIdentity } from '../../engine/io/process-identity.ts';
import { randomNumbers } from '../properties/random-numbers.ts';
import { seed } from '../properties/seed.ts';
import { Rig } from '../rig.ts';
import { buildHere } from '../trust/build-here.ts';
import { temporaries } from '../trust/run-on-disk.ts';
import { copyRule, headRule, swellRule, upperRule } from '../trust/text-rules.ts';

const rounds = 20;
const families = 6;

/** A family: a copy, its large form (a blob), capitals of both on workers, and commands that read them. */
function family(index: number): string {
  const command = (script: string): string => `[sh, -c, ${JSON.stringify(script)}]`;
  return `  copy${index}: { rule: copy, inputs: { source: file:in${index % 3}.txt }, params: { suffix: "${index}" } }
  large${index}: { rule: swell, inputs: { source: copy${index}.text } }
  upper${index}: { rule: upper, inputs: { source: copy${index}.text } }
  capitals${index}: { rule: upper, inputs: { source: large${index}.text } }
  sorted${index}: { rule: exec, inputs: { text: capitals${index}.text }, params: { command: ${command('sleep 0.02; sort in/text > out.txt')}, outputs: { text: out.txt } } }
  head${index}: { rule: head, inputs: { source: large${index}.text } }
`;
}

function makeRig(): Rig {
  const rig = new Rig({
    'rules/copy.ts': copyRule,
    'rules/upper.ts': upperRule,
    'rules/swell.ts': swellRule,
    'rules/head.ts': headRule,
    'graphs/crash.yaml': `schema_version: 1\ncomponents:\n${Array.from({ length: families }, (_, index) => family(index)).join('')}`,
  });
  writeInputs(rig, 0);
  return rig;
}

function writeInputs(rig: Rig, round: number): void {
  for (let index = 0; index < 3; index += 1) rig.write(`in${index}.txt`, `round ${round}, input ${index}\n`);
}

function delivered(rig: Rig): Record<string, string> {
  if (!existsSync(rig.path('out'))) return {};
  return Object.fromEntries(
    readdirSync(rig.path('out'), { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.includes('.tmp-') && statSync(rig.path(join('out', name))).isFile())
      .sort()
      .map((name) => [name, digestOf(readFileSync(rig.path(join('out', name))))]),
  );
}

/** Actions that were told to be finished, in full lines of the events file. */
function finishedIn(eventsFile: string): string[] {
  if (!existsSync(eventsFile)) return [];
  const lines = readFileSync(eventsFile, 'utf8').split('\n').slice(0, -1);
  return actionsIn(lines.map((line) => JSON.parse(line) as TimedEvent));
}

function actionsIn(events: readonly TimedEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'action_finished' ? [event.action] : []));
}

async function cleanDigests(round: number): Promise<Record<string, string>> {
  using rig = makeRig();
  writeInputs(rig, round);
  assert.equal((await buildHere(rig)).status, 0);
  return delivered(rig);
}

/** Starts a build and kills it. @returns what it had told to be finished, and the files that it left */
async function killedBuild(
  rig: Rig,
  afterMs: number,
): Promise<{ finished: string[]; left: Record<string, string>; wasKilled: boolean }> {
  const eventsFile = join(dirname(rig.root), 'killed.ndjson');
  rmSync(eventsFile, { force: true });
  const child = rig.start(['build', '//...', '--plain', '--events', eventsFile]);
  const over = new Promise<number | null>((done) => child.on('close', done));
  child.stdout!.resume();
  child.stderr!.resume();
  await delay(afterMs);
  child.kill('SIGKILL');
  const wasKilled = (await over) === null;
  return { finished: finishedIn(eventsFile), left: delivered(rig), wasKilled };
}

test(`after kill -9 at ${rounds} random moments the next build is right and repeats nothing that was finished (FLOW_SEED=${seed})`, async () => {
  const random = randomNumbers(seed);
  using rig = makeRig();
  const startedMs = performance.now();
  assert.equal((await rig.build(['//...'])).status, 0);
  const tookMs = performance.now() - startedMs;
  let killedInside = 0;
  for (let round = 1; round <= rounds; round += 1) {
    writeInputs(rig, round);
    const { finished, left, wasKilled } = await killedBuild(rig, tookMs * (0.25 + 0.7 * random()));
    if (wasKilled && finished.length > 0) killedInside += 1;
    const built = await buildHere(rig);
    assert.equal(built.status, 0, `round ${round}`);
    const repeated = actionsIn(built.events).filter((action) => finished.includes(action));
    assert.deepEqual(repeated, [], `round ${round}: finished before the kill, and run again`);
    assert.deepEqual(temporaries(rig), [], `round ${round}: left behind`);
    if (round % 5 !== 0) continue;
    const [clean, before] = [await cleanDigests(round), await cleanDigests(round - 1)];
    assert.deepEqual(delivered(rig), clean, `round ${round}`);
    // Until it is replaced, a file holds what the round before put there.
    for (const [name, digest] of Object.entries(left))
      assert.ok([clean[name], before[name]].includes(digest), `round ${round}: ${name} is half-written`);
  }
  assert.ok(killedInside >= rounds / 4, `only ${killedInside} kills came while actions ran`);
});

test('what a killed build left half-written is swept up, and what others are writing is not', async () => {
  using rig = makeRig();
  assert.equal((await buildHere(rig)).status, 0);
  const id = '00000000-0000-0000-0000-000000000000';
  const dead = `.tmp-999999999-1-${id}`;
  const alive = `.tmp-${processIdentity().replace(' ', '-')}-${id}`;
  const folders = ['out/copy0', '.flow/bundles'].map((name) => rig.path(name));
  folders.push(join(rig.cacheDir, 'cas', readdirSync(join(rig.cacheDir, 'cas'))[0]!));
  for (const folder of folders) for (const name of [dead, alive]) writeFileSync(join(folder, name), 'half');
  rig.write(
    '.flow/running/999999999 1',
    JSON.stringify([join(rig.cacheDir, 'cas'), rig.path('out'), rig.path('.flow')]),
  );
  assert.deepEqual((await buildHere(rig)).ran, []);
  for (const folder of folders) {
    assert.ok(!existsSync(join(folder, dead)), `${folder} was not swept`);
    assert.ok(existsSync(join(folder, alive)), `what another process writes in ${folder} was removed`);
  }
  assert.deepEqual(readdirSync(rig.path('.flow/running')), []);
});
