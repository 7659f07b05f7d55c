/** The view of `flow build` in a real terminal. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Rig } from './rig.ts';
import { noTmux, type Size, Tmux } from './tmux.ts';
import { copyRule, imports } from './trust/text-rules.ts';
import { until } from './trust/until.ts';

const cli = process.env.FLOW_TEST_CLI ?? resolve(import.meta.dirname, '../engine/cli/flow.ts');

/** Takes its time, and may fail, or print something itself. */
const slowRule = `${imports}
export const slow = defineRule({
  name: 'slow', version: '1', scope: 'whole', placement: 'engine',
  params: z.strictObject({ ms: z.number(), mood: z.enum(['good', 'broken', 'chatty', 'fatal']).default('good') }),
  inputs: { source: input(text()) },
  outputs: { text: text() },
  run: async ({ inputs, params, signal }) => {
    if (params.mood === 'chatty') for (let line = 0; line < 40; line += 1) console.log('rule says ' + line + '.');
    if (params.mood === 'chatty') process.stderr.write('half a line');
    await new Promise((done, fail) => {
      const timer = setTimeout(done, params.ms);
      signal.addEventListener('abort', () => { clearTimeout(timer); fail(signal.reason); });
    });
    if (params.mood === 'broken') throw new Error('this part is broken');
    if (params.mood === 'fatal') process.exit(3);
    return { text: inputs.source };
  },
});
`;

/** Takes a while over each video, and one of them it cannot bear. */
const lookRule = `${imports}
export const look = defineRule({
  name: 'look', version: '1', scope: 'whole', placement: 'engine',
  params: z.strictObject({}),
  inputs: { video: input(file()) },
  outputs: { text: text() },
  async run({ inputs }) {
    await new Promise((done) => setTimeout(done, 60));
    const seen = new TextDecoder().decode(inputs.video.read());
    if (seen === 'broken') throw new Error('this film is broken');
    return { text: seen };
  },
});
`;

interface Part {
  readonly ms: number;
  readonly mood?: 'broken' | 'chatty' | 'fatal';
}

function workspace(parts: readonly Part[]): Rig {
  const components = parts.map(
    ({ ms, mood = 'good' }, index) =>
      `  part_${index}: { rule: slow, required: ${mood !== 'broken'}, ` +
      `inputs: { source: copied.text }, params: { ms: ${ms}, mood: ${mood} } }\n`,
  );
  return new Rig({
    'rules/copy.ts': copyRule,
    'rules/slow.ts': slowRule,
    'in.txt': 'abc',
    'graphs/parts.yaml': `schema_version: 1\ncomponents:\n  copied: { rule: copy, inputs: { source: file:in.txt } }\n${components.join('')}`,
  });
}

function terminal(rig: Rig, size: Size): Tmux {
  return new Tmux(rig.root, size, { FLOW_CACHE_DIR: rig.cacheDir });
}

/** Hide the cursor, and erase a line. */
const cursorCodes = ['\x1b[?25l', '\x1b[2K'];

const over = /\nexit (\d+)\n/;

/** Builds something and says the exit status. */
function build(screen: Tmux, { targets = '//...', before = '', after = '' } = {}): void {
  screen.type(
    `${before} ${process.execPath} ${cli} build ${targets} -j 4 ${after}; code=$?; echo; echo exit $code`,
  );
}

function count(text: string, what: string): number {
  return text.split(what).length - 1;
}

/** Every component is told once, and nothing of the view is left. */
function checkLeftovers(history: string, parts: number): void {
  for (let index = 0; index < parts; index += 1)
    assert.equal(
      history.match(new RegExp(`^\\w+ +part_${index}\\b`, 'gm'))?.length,
      1,
      `part_${index}\n${history}`,
    );
  assert.doesNotMatch(history, /━|cores busy/, history);
}

/** Of an interrupted build: what is over is told once, and the rest is counted. */
function checkInterrupted(history: string, parts: number): void {
  const told = history.match(/^success +part_\d+\b/gm) ?? [];
  assert.equal(new Set(told).size, told.length, history);
  const [, count, names = ''] =
    /^skipped +(?:(\d+) components|(part_.*?)) {2,}the build was interrupted$/m.exec(history) ?? [];
  assert.equal(told.length + Number(count ?? names.split(', ').length), parts, history);
  assert.doesNotMatch(history, /━|cores busy/, history);
}

const small = { columns: 80, rows: 24 };

test('a view shows what runs and how far the build is, and leaves each finished component once', {
  skip: noTmux,
}, async () => {
  using rig = workspace(Array.from({ length: 16 }, () => ({ ms: 500 })));
  using screen = terminal(rig, small);
  screen.type('stty -a >before');
  build(screen);
  const shown = await screen.shows(/4 running on 4 cores/);
  assert.match(shown, /━+─* +\d+ % {2}\d+ of 17 actions {2}\d s/);
  assert.equal(shown.match(/^ {2}part_\d+ +\d s$/gm)?.length, 4, shown);
  assert.match(shown, /machine: \d\.\d of \d+ cores busy · flow: \S+ MiB of memory/);
  await screen.shows(over);
  const history = screen.history();
  checkLeftovers(history, 16);
  assert.match(history, /success: 17 actions ran, 0 cached/);
  assert.match(history, /exit 0\n/);
  screen.type('stty -a >after');
  await screen.shows(/>after\n\$/);
  assert.equal(rig.read('after'), rig.read('before'));
  assert.ok(screen.isCursorShown);
});

test('a terminal that changes its size shows one view in the new size', { skip: noTmux }, async () => {
  using rig = workspace(Array.from({ length: 24 }, () => ({ ms: 500 })));
  using screen = terminal(rig, { columns: 120, rows: 30 });
  build(screen);
  await screen.shows(/4 running on 4 cores/);
  for (const size of [
    { columns: 50, rows: 30 },
    { columns: 100, rows: 12 },
    { columns: 60, rows: 20 },
  ]) {
    screen.resize(size);
    const shown = await screen.shows(/running on 4 cores/);
    assert.ok(count(shown, ' of 25 actions') <= 1, shown);
  }
  await screen.shows(over);
  checkLeftovers(screen.history(), 24);
});

test('a window that is dragged loses no line', { skip: noTmux }, async () => {
  using rig = workspace(Array.from({ length: 24 }, () => ({ ms: 500 })));
  using screen = terminal(rig, { columns: 120, rows: 30 });
  build(screen);
  await screen.shows(/4 running on 4 cores/);
  for (const columns of [90, 60, 110, 55, 120, 70, 60, 115]) {
    screen.resize({ columns, rows: 30 });
    await delay(60);
  }
  await screen.shows(over);
  checkLeftovers(screen.history(), 24);
});

test('one interrupt finishes what runs, tells so, and ends in 130', { skip: noTmux }, async () => {
  using rig = workspace(Array.from({ length: 40 }, () => ({ ms: 1200 })));
  using screen = terminal(rig, small);
  build(screen);
  await screen.shows(/4 running on 4 cores/);
  screen.interrupt();
  await screen.shows(/^Stopping: what runs is finished first/m);
  await screen.shows(over);
  const history = screen.history();
  checkInterrupted(history, 40);
  assert.ok(history.match(/^success +part_/gm)!.length >= 4, history);
  assert.match(history, /exit 130\n/);
  assert.ok(screen.isCursorShown);
});

test('a second interrupt ends what runs at once', { skip: noTmux }, async () => {
  using rig = workspace(Array.from({ length: 6 }, () => ({ ms: 60_000 })));
  using screen = terminal(rig, small);
  build(screen);
  await screen.shows(/4 running on 4 cores/);
  screen.interrupt();
  await screen.shows(/^Stopping/m);
  screen.interrupt();
  await screen.shows(over);
  const history = screen.history();
  checkInterrupted(history, 6);
  assert.match(history, /exit 130\n/);
  assert.ok(screen.isCursorShown);
});

test('a failure and what rules print stay above the view, each once, with nothing lost', {
  skip: noTmux,
}, async () => {
  const parts: Part[] = [
    { ms: 700, mood: 'broken' },
    { ms: 900, mood: 'chatty' },
  ];
  using rig = workspace([...parts, ...Array.from({ length: 18 }, () => ({ ms: 600 }))]);
  using screen = terminal(rig, small);
  build(screen);
  await screen.shows(/1 failed/);
  await screen.shows(over);
  const history = screen.history();
  checkLeftovers(history, 20);
  assert.equal(count(history, 'the rule: this part is broken'), 1, history);
  assert.equal(count(history, 'Fix: Correct the rule'), 1, history);
  for (let line = 0; line < 40; line += 1) assert.equal(count(history, `rule says ${line}.\n`), 1, history);
  assert.equal(count(history, 'half a line\n'), 1, history);
});

test('two hundred components leave two hundred lines', { skip: noTmux }, async () => {
  using rig = workspace(Array.from({ length: 200 }, () => ({ ms: 30 })));
  using screen = terminal(rig, { columns: 100, rows: 30 });
  build(screen);
  await screen.shows(/of 201 actions/);
  await screen.shows(over);
  checkLeftovers(screen.history(), 200);
});

test('a rule that ends the process leaves a terminal that can be used', { skip: noTmux }, async () => {
  using rig = workspace([{ ms: 4000, mood: 'fatal' }, { ms: 60_000 }]);
  using screen = terminal(rig, small);
  build(screen);
  await screen.shows(/2 running on 4 cores/);
  await screen.shows(over);
  const history = screen.history();
  assert.doesNotMatch(history, /━|cores busy/);
  assert.equal(count(history, 'something has ended the process'), 1, history);
  assert.ok(screen.isCursorShown);
});

test('two hundred runs are counted, and one that goes wrong is told with its name', {
  skip: noTmux,
}, async () => {
  using rig = new Rig({
    'rules/look.ts': lookRule,
    'graphs/look.yaml': `schema_version: 1
components:
  looked: { rule: look, inputs: { video: video } }
stages:
  look: { components: [looked] }
`,
  });
  for (let index = 0; index < 200; index += 1)
    rig.write(`videos/clip${index}.mp4`, index === 120 ? 'broken' : `film ${index}`);
  using screen = terminal(rig, { columns: 100, rows: 30 });
  build(screen, { targets: 'run:videos', after: '--stage look' });
  await screen.shows(/runs: \d+ running .*waiting/);
  await screen.shows(over);
  const history = screen.history();
  for (let index = 0; index < 200; index += 1)
    assert.equal(
      history.match(new RegExp(`^(success|error) +clip${index}\\.mp4 `, 'gm'))?.length,
      index === 120 ? 2 : 1, // The component that failed, and its run.
      `clip${index}\n${history}`,
    );
  assert.equal(count(history, 'clip120.mp4 looked: rules/look.ts:'), 1, history);
  assert.match(history, /exit 1\n/);
  assert.doesNotMatch(history, /━|cores busy/);
});

for (const [how, plain] of Object.entries({
  'NO_COLOR is set': { before: 'NO_COLOR=1' },
  '--plain is given': { after: '--plain' },
  'its output goes to a pipe': { after: '2>&1 | cat' },
}))
  test(`there is no view where ${how}`, { skip: noTmux }, async () => {
    using rig = workspace([{ ms: 900 }]);
    using screen = terminal(rig, small);
    screen.record(rig.path('typescript'));
    build(screen, plain);
    await screen.shows(over);
    await until(() => rig.read('typescript').includes('exit 0'), 'all is recorded');
    const written = rig.read('typescript');
    assert.match(written, /success.* +part_0/);
    for (const code of [...cursorCodes, ...(how === '--plain is given' ? [] : ['\x1b[32m'])])
      assert.ok(!written.includes(code), JSON.stringify(written));
  });
