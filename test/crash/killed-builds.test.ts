/** Builds are killed at random moments, again and again: nothing wrong may be left, and nothing finished may be lost. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { digestOf } from '../../engine/core/digest.ts';
import type { TimedEvent } from '../../engine/core/events.ts';
import { processIdentity } from '../../engine/io/process-identity.ts';
import { Rig } from '../rig.ts';
import { copyRule, headRule, swellRule, upperRule } from '../trust/text-rules.ts';

const seed = Number(process.env.FLOW_SEED ?? Date.now() % 1_000_000);
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
      .filter((name) => statSync(rig.path(join('out', name))).isFile())
      .sort()
      .map((name) => [name, digestOf(readFileSync(rig.path(join('out', name))))]),
  );
}

/** Actions that were told to be finished, in full lines of the events file. */
function finishedIn(eventsFile: string): string[] {
  if (!existsSync(eventsFile)) return [];
  const lines = readFileSync(eventsFile, 'utf8').split('\n').slice(0, -1);
  return lines
    .map((line) => JSON.parse(line) as TimedEvent)
    .flatMap((event) => (event.type === 'action_finished' ? [event.action] : []));
}

function temporaries(rig: Rig): string[] {
  return readdirSync(dirname(rig.root), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.includes('.tmp-'),
  );
}

/** Numbers from 0 to 1 that a seed repeats: the generator of Park and Miller, CACM 31 (1988). */
function randomNumbers(start: number): () => number {
  let state = (start % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

async function cleanBuild(round: number): Promise<{ digests: Record<string, string>; tookMs: number }> {
  using rig = makeRig();
  writeInputs(rig, round);
  const startedMs = performance.now();
  const built = await rig.build(['//...']);
  assert.equal(built.status, 0, built.stderr);
  return { digests: delivered(rig), tookMs: performance.now() - startedMs };
}

test(`after kill -9 at ${rounds} random moments the next build is right and repeats nothing that was finished (FLOW_SEED=${seed})`, async () => {
  const random = randomNumbers(seed);
  using rig = makeRig();
  const eventsFile = join(dirname(rig.root), 'killed.ndjson');
  let { tookMs } = await cleanBuild(0);
  let killedInside = 0;
  for (let round = 1; round <= rounds; round += 1) {
    writeInputs(rig, round);
    rmSync(eventsFile, { force: true });
    const child = rig.start(['build', '//...', '--plain', '--events', eventsFile]);
    const over = new Promise<number | null>((done) => child.on('close', done));
    child.stdout!.resume();
    child.stderr!.resume();
    await delay(tookMs * (0.25 + 0.75 * random()));
    child.kill('SIGKILL');
    const wasKilled = (await over) === null;
    const finished = finishedIn(eventsFile);
    if (wasKilled && finished.length > 0) killedInside += 1;
    const interrupted = delivered(rig);

    const built = await rig.build(['//...']);
    assert.equal(built.status, 0, `round ${round}: ${built.stderr}`);
    const repeated = built.ranActions.filter((action) => finished.includes(action));
    assert.deepEqual(repeated, [], `round ${round}: finished before the kill, and run again`);
    assert.deepEqual(temporaries(rig), [], `round ${round}: left behind`);
    if (round % 4 !== 0) continue;
    const clean = await cleanBuild(round);
    tookMs = clean.tookMs;
    assert.deepEqual(delivered(rig), clean.digests, `round ${round}`);
    const previous = await digestsOfRound(round - 1);
    for (const [name, digest] of Object.entries(interrupted))
      assert.ok(
        previous.has(digest) || clean.digests[name] === digest,
        `round ${round}: ${name} was half-written`,
      );
  }
  assert.ok(
    killedInside >= rounds / 4,
    `only ${killedInside} kills fell between the first action and the end`,
  );
});

/** What the round before had delivered: until it is replaced, that is what a file holds. */
async function digestsOfRound(round: number): Promise<Set<string>> {
  return new Set(Object.values((await cleanBuild(round)).digests));
}

test('what a killed build left half-written is swept up, and what others are writing is not', async () => {
  using rig = makeRig();
  assert.equal((await rig.build(['//...'])).status, 0);
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
  assert.deepEqual((await rig.build(['//...'])).ran, []);
  for (const folder of folders) {
    assert.ok(!existsSync(join(folder, dead)), `${folder} was not swept`);
    assert.ok(existsSync(join(folder, alive)), `what another process writes in ${folder} was removed`);
  }
  assert.deepEqual(readdirSync(rig.path('.flow/running')), []);
});
