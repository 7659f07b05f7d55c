import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../../engine/core/digest.ts';
import { EventStream, type FlowEvent } from '../../../engine/core/events.ts';
import {
  processorStateSchema,
  type RunStateDocument,
  runStateSchema,
} from '../../../engine/core/run-state.ts';
import { readRunState } from '../../../engine/run/read-run-state.ts';
import {
  journalName,
  processorStateName,
  RunJournal,
  runStateName,
} from '../../../engine/run/run-journal.ts';
import { FaultyDisk, MemoryDisk } from '../../cache/memory-disk.ts';

const folder = '/state/local/clip-1/r-1';
const run = 'run:clip.mp4';
const at = (name: string): string => `${folder}/${name}`;

const finished = {
  key: digestOf('key'),
  reason: 'new',
  status: 'success',
  durationMs: 12,
  bytes: 3,
  worker: 1,
  startedAtMs: 1_700_000_000_000,
  warnings: [],
} as const;

/** A run of four components: one succeeds, one is empty, one fails after a retry, one is skipped for it. */
const events: readonly FlowEvent[] = [
  {
    type: 'run_started',
    run,
    name: { platformId: 'local', videoId: 'clip-1', runId: 'r-1' },
    stage: 'baseline',
    profile: 'default',
    components: [
      { name: 'plan', processor: 'segmenter', isRequired: true },
      { name: 'sound', processor: 'audio', isRequired: true },
      { name: 'faces', processor: 'visual', isRequired: false },
      { name: 'report', processor: 'visual', isRequired: false },
    ],
  },
  { type: 'action_started', ...action('plan'), reason: 'new', attempt: 1 },
  { type: 'action_finished', ...action('plan'), ...finished },
  component('plan', 'success'),
  component('sound', 'empty', { reason: 'no audio' }),
  { type: 'action_started', ...action('faces', 3), reason: 'new', attempt: 1 },
  { type: 'action_retried', ...action('faces', 3), attempt: 1, delayMs: 5, error: failure('worker_lost') },
  { type: 'action_started', ...action('faces', 3), reason: 'new', attempt: 2 },
  { type: 'action_failed', ...action('faces', 3), error: failure('rule_failed') },
  component('faces', 'error', { reason: 'Cannot finish the rule: no.', errorCode: 'rule_failed' }),
  component('report', 'skipped', { reason: 'faces failed' }),
  { type: 'run_finished', run, status: 'partial' },
];

function action(name: string, segment?: number) {
  return { action: `${run}//${name}`, component: name, run, ...(segment !== undefined && { segment }) };
}

function component(
  name: string,
  status: 'success' | 'empty' | 'error' | 'skipped',
  more: Partial<FlowEvent & { type: 'component_finished' }> = {},
): FlowEvent {
  const facts = { isRequired: false, cache: 'none', durationMs: 1, outputs: 1, bytes: 10 } as const;
  return { type: 'component_finished', run, component: name, status, ...facts, ...more };
}

function failure(code: 'worker_lost' | 'rule_failed') {
  return {
    code,
    blame: 'rule',
    message: 'Cannot finish the rule: no.',
    fix: 'Mend it.',
    causes: [],
  } as const;
}

function settingOf(disk: MemoryDisk | FaultyDisk) {
  return {
    disk,
    statesFolder: '/state',
    name: { platformId: 'local', videoId: 'clip-1', runId: 'r-1' },
    run,
    process: '1 1',
    host: 'here',
    flowVersion: '0.1.0',
  };
}

async function write(disk: MemoryDisk | FaultyDisk, given = events, build = 'b1'): Promise<string[]> {
  const troubles: string[] = [];
  const journal = new RunJournal({
    ...settingOf(disk),
    build,
    onTrouble: (error) => troubles.push(error.message),
  });
  let nowMs = 1_700_000_000_000;
  const stream = new EventStream(() => (nowMs += 1));
  stream.listen(journal.listen);
  for (const event of given) stream.emit(event);
  await journal.close();
  return troubles;
}

async function written(): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  assert.deepEqual(await write(disk), []);
  return disk;
}

/** What a state says, apart from when and from what it was written. */
function told({ run: ran, processors, components }: RunStateDocument): unknown {
  return { ran, processors, components };
}

const json = (disk: MemoryDisk, name: string): unknown =>
  JSON.parse(Buffer.from(disk.files.get(at(name))!).toString('utf8'));

test('checkpoints of run and processors say what became of every component', async () => {
  const disk = await written();
  const state = runStateSchema.parse(json(disk, runStateName));
  assert.equal(state.run.status, 'partial');
  const statuses = Object.entries(state.components).map(([name, { status }]) => [name, status]);
  assert.deepEqual(Object.fromEntries(statuses), {
    plan: 'success',
    sound: 'empty',
    faces: 'error',
    report: 'skipped',
  });
  assert.deepEqual(state.components.faces!.actions, { running: 0, finished: 0, failed: 1, retried: 1 });
  assert.equal(state.components.faces!.error_code, 'rule_failed');
  assert.deepEqual(
    Object.entries(state.processors).map(([name, { status }]) => [name, status]),
    [
      ['segmenter', 'success'],
      ['audio', 'empty'],
      ['visual', 'error'],
    ],
  );
  const visual = processorStateSchema.parse(json(disk, processorStateName('visual')));
  assert.deepEqual(Object.keys(visual.components), ['faces', 'report']);
});

test('every component is told to wait, to run if it does, and its end', async () => {
  const disk = await written();
  const lines = Buffer.from(disk.files.get(at(journalName))!)
    .toString('utf8')
    .trim()
    .split('\n');
  const steps = lines
    .map((line) => JSON.parse(line) as { type: string; component?: string; status?: string })
    .filter(({ type, component: name }) => type === 'component' && name === 'faces')
    .map(({ status }) => status);
  assert.deepEqual(steps, ['running', 'error']);
});

test('a checkpoint cut at any length, or gone, is made up for by the journal', async () => {
  const disk = await written();
  const whole = await readRunState(disk, folder);
  const checkpoint = disk.files.get(at(runStateName))!;
  for (let length = 0; length < checkpoint.length; length += 1) {
    disk.files.set(at(runStateName), checkpoint.slice(0, length));
    assert.deepEqual(
      told((await readRunState(disk, folder))!.document),
      told(whole!.document),
      `cut at ${length}`,
    );
  }
  disk.files.delete(at(runStateName));
  assert.deepEqual(told((await readRunState(disk, folder))!.document), told(whole!.document));
});

test('a journal cut at any length, or gone, leaves a state that can be read', async () => {
  const disk = await written();
  const whole = await readRunState(disk, folder);
  const journal = disk.files.get(at(journalName))!;
  for (let length = 0; length < journal.length; length += 1) {
    disk.files.set(at(journalName), journal.slice(0, length));
    assert.ok(await readRunState(disk, folder), `cut at ${length}`);
  }
  disk.files.delete(at(journalName));
  assert.deepEqual(told((await readRunState(disk, folder))!.document), told(whole!.document));
});

test('a journal cut at any length goes on with the next build', async () => {
  const disk = await written();
  const whole = await readRunState(disk, folder);
  const journal = disk.files.get(at(journalName))!;
  for (let length = 0; length < journal.length; length += 7) {
    const after = new MemoryDisk();
    after.files.set(at(journalName), journal.slice(0, length));
    assert.deepEqual(await write(after, events, 'b2'), []);
    after.files.delete(at(runStateName));
    const { document } = (await readRunState(after, folder))!;
    assert.equal(document.run.build, 'b2');
    assert.deepEqual(document.components, whole!.document.components, `cut at ${length}`);
  }
});

test('a disk that fails at any call is told once, and leaves a state that the next build makes whole', async () => {
  for (let failAt = 1; ; failAt += 1) {
    const disk = new MemoryDisk();
    const faulty = new FaultyDisk(disk, failAt);
    const troubles = await write(faulty);
    if (!faulty.hasFired) return;
    assert.equal(troubles.length, 1, `failing at call ${failAt}`);
    await readRunState(disk, folder);
    assert.deepEqual(await write(disk, events, 'b2'), []);
    assert.equal((await readRunState(disk, folder))!.document.run.status, 'partial');
  }
});

test('of two builds of one run the state says what became of the last', async () => {
  const disk = await written();
  await write(disk, events.slice(0, 4), 'b2');
  disk.files.delete(at(runStateName));
  const { document } = (await readRunState(disk, folder))!;
  assert.equal(document.run.status, 'running');
  assert.equal(document.components.faces!.status, 'waiting');
});

/** A journal of the run that is written to by hand. */
function journalOn(
  disk: MemoryDisk,
  build: string,
): { tell: (event: FlowEvent) => void; close: () => Promise<void> } {
  const journal = new RunJournal({ ...settingOf(disk), build, onTrouble: assert.fail });
  const stream = new EventStream(() => 1_700_000_000_000);
  stream.listen(journal.listen);
  return { tell: (event) => stream.emit(event), close: () => journal.close() };
}

test('of two builds of one run at once, what has ended well stands, whatever the other one tells afterwards', async () => {
  const disk = new MemoryDisk();
  const [first, second] = [journalOn(disk, 'b1'), journalOn(disk, 'b2')];
  for (const event of events.slice(0, 4)) first.tell(event);
  for (const event of events) second.tell(event);
  await second.close();
  for (const event of events.slice(4, 6)) first.tell(event);
  await first.close();
  const statusesIn = async (): Promise<unknown> => {
    const { document } = (await readRunState(disk, folder))!;
    return [document.run.build, document.run.status, document.components.report!.status];
  };
  assert.deepEqual(await statusesIn(), ['b2', 'partial', 'skipped'], 'by the checkpoint of the first');
  disk.files.delete(at(runStateName));
  assert.deepEqual(await statusesIn(), ['b2', 'partial', 'skipped'], 'by the journal');
  for (const event of events.slice(6)) first.tell(event);
  await first.close();
  assert.deepEqual(await statusesIn(), ['b1', 'partial', 'skipped']);
});
