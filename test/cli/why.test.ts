/** `flow why`, `flow plan` and `flow build --explain`, as a person would ask. */
import assert from 'node:assert/strict';
import { chmodSync, renameSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { joinFilms, makeFilm } from '../make-film.ts';
import { Rig } from '../rig.ts';
import { imports } from '../trust/text-rules.ts';
import { textRun } from '../trust/text-run.ts';

const greetRule = `${imports}
import { shout } from './helpers/shout.ts';
export const greet = defineRule({
  name: 'greet', version: '1', scope: 'whole', placement: 'engine',
  params: z.strictObject({ mark: z.string().default('.'), times: z.number().default(1) }),
  inputs: { source: input(file()) },
  outputs: { text: text() },
  run: ({ inputs, params }) => ({ text: (shout(new TextDecoder().decode(inputs.source.read())) + params.mark).repeat(params.times) }),
});
`;

const files = {
  'in.txt': 'hello',
  'rules/greet.ts': greetRule,
  'rules/helpers/shout.ts': 'export const shout = (text: string): string => text.toUpperCase();\n',
  'rules/measure.ts': `${imports}
export const measure = defineRule({
  name: 'measure', version: '1', scope: 'whole', placement: 'engine',
  params: z.strictObject({}),
  inputs: { text: input(text()) },
  outputs: { length: text() },
  run: ({ inputs }) => ({ length: String(inputs.text.length) }),
});
`,
  'graphs/greet.yaml': `schema_version: 1
components:
  greeting:
    rule: greet
    inputs: { source: file:in.txt }
    params:
      mark: "!"
  length: { rule: measure, inputs: { text: greeting.text } }
`,
  'profiles/default.yaml': `schema_version: 1
name: default
components:
  greeting:
    params:
      times: 2
`,
};

async function built(): Promise<Rig> {
  const rig = new Rig(files);
  const { status, stderr } = await rig.flow(['build', '//...', '-q']);
  assert.equal(status, 0, stderr);
  return rig;
}

async function why(rig: Rig, target: string): Promise<string> {
  const { status, stdout, stderr } = await rig.flow(['why', target]);
  assert.equal(status, 0, stderr);
  return stdout;
}

/** Builds, and asks again: what was a forecast is then what has happened. */
async function whyBeforeAndAfter(rig: Rig, target: string): Promise<[before: string, after: string]> {
  const before = await why(rig, target);
  const { status, stderr } = await rig.flow(['build', '//...', '-q']);
  assert.equal(status, 0, stderr);
  return [before, await why(rig, target)];
}

interface Change {
  readonly what: string;
  readonly make: (rig: Rig) => void;
  readonly reason: RegExp;
}

const changes: readonly Change[] = [
  {
    what: 'a param in a profile',
    make: (rig) => rig.replace('profiles/default.yaml', 'times: 2', 'times: 3'),
    reason: /because param `times` 2 → 3 \(profiles\/default\.yaml:6\)\n$/,
  },
  {
    what: 'a param in a graph',
    make: (rig) => rig.replace('graphs/greet.yaml', '"!"', '"?"'),
    reason: /because param `mark` "!" → "\?" \(graphs\/greet\.yaml:7\)\n$/,
  },
  {
    what: 'a helper that the rule uses',
    make: (rig) => rig.replace('rules/helpers/shout.ts', 'toUpperCase', 'toLowerCase'),
    reason: /because rule bundle changed: rules\/helpers\/shout\.ts\n$/,
  },
  {
    what: 'the rule itself',
    make: (rig) => rig.replace('rules/greet.ts', 'repeat(params.times)', 'repeat(params.times + 1)'),
    reason: /because rule bundle changed: rules\/greet\.ts\n$/,
  },
  {
    what: 'an input file',
    make: (rig) => rig.write('in.txt', 'goodbye'),
    reason: /because the content of in\.txt changed \(b3:[0-9a-f]{8} → b3:[0-9a-f]{8}\)\n$/,
  },
];

for (const { what, make, reason } of changes)
  test(`${what}: why names it and nothing else, before the build and after it, there and downstream`, async () => {
    using rig = await built();
    make(rig);
    const [before, after] = await whyBeforeAndAfter(rig, '//greeting');
    assert.match(before, /^\/\/greeting: 1 action: 1 to run\n {2}would run\n/);
    assert.match(before, reason);
    assert.match(after, /^\/\/greeting: 1 action: 1 ran\n/);
    assert.match(after, reason);
    assert.equal(after.split('because').length, 2, after);
    const downstream = await why(rig, '//length');
    assert.match(downstream, /because greeting: /);
    assert.match(downstream, new RegExp(reason.source.replace('because ', '')));
  });

test('what was never built, and what is cached, is said to be', async () => {
  using rig = new Rig(files);
  assert.match(await why(rig, '//greeting'), /would run: never built here/);
  assert.match(
    await why(rig, '//length'),
    /waits: its key is not known[\s\S]*first: greeting\n +would run: never built here/,
  );
  await rig.flow(['build', '//...', '-q']);
  assert.match(await why(rig, '//greeting'), /ran .* first build here/);
  rig.replace('profiles/default.yaml', 'times: 2', 'times: 3');
  await rig.flow(['build', '//...', '-q']);
  rig.replace('profiles/default.yaml', 'times: 3', 'times: 2');
  await rig.flow(['build', '//...', '-q']);
  const back = await why(rig, '//greeting');
  assert.match(back, /cached \(local\)[\s\S]*param `times` 3 → 2/);
});

test('a result that is gone from the cache is said to be gone', async () => {
  using rig = await built();
  rmSync(rig.cacheDir, { recursive: true });
  assert.match(await why(rig, '//greeting'), /would run: its result was stored and is gone/);
});

test('--explain tells it of everything that ran', async () => {
  using rig = await built();
  rig.write('in.txt', 'good morning');
  const { stderr } = await rig.flow(['build', '//...', '--explain', '--plain']);
  assert.match(stderr, /\/\/greeting\n +ran .*\n +because the content of in\.txt changed/);
  assert.match(stderr, /\/\/length\n +ran .*\n +because greeting: the content of in\.txt changed/);
});

test('a plan says what would run and why, how long it took before, and builds nothing', async () => {
  using rig = await built();
  const idle = await rig.flow(['plan', '//...']);
  assert.match(idle.stdout, /nothing would run: 2 actions cached/);
  rig.replace('profiles/default.yaml', 'times: 2', 'times: 3');
  for (const words of [
    ['plan', '//...'],
    ['build', '//...', '--dry-run'],
  ]) {
    const { status, stdout } = await rig.flow(words);
    assert.equal(status, 0);
    assert.match(stdout, /greeting +1 to run +~.* param `times` 2 → 3 \(profiles\/default\.yaml:6\)/);
    assert.match(stdout, /length +1 may run/);
    assert.match(stdout, /1 action would run, 1 more may, 0 cached; about /);
  }
  const { runs } = JSON.parse((await rig.flow(['plan', '//...', '--json'])).stdout) as {
    runs: { components: { component: string; to_run: number; estimated_ms: number }[] }[];
  };
  assert.deepEqual(
    runs[0]!.components.map(({ component, to_run }) => [component, to_run]),
    [
      ['greeting', 1],
      ['length', 0],
    ],
  );
  assert.ok(runs[0]!.components[0]!.estimated_ms >= 0);
  assert.deepEqual((await rig.build(['//...'])).ran.at(0), 'greeting');
});

test('as data every cause has its field, both values, its place and what lies upstream', async () => {
  using rig = await built();
  rig.replace('profiles/default.yaml', 'times: 2', 'times: 3');
  await rig.flow(['build', '//...', '-q']);
  const { stdout } = await rig.flow(['why', '//length', '--json']);
  const [{ actions }] = JSON.parse(stdout) as [
    { actions: { verdict: string; causes: { field: string[]; upstream: unknown[] }[] }[] },
  ];
  assert.equal(actions[0]!.verdict, 'ran');
  assert.deepEqual(actions[0]!.causes[0]!.field, ['inputs', 'text']);
  assert.deepEqual(actions[0]!.causes[0]!.upstream, [
    {
      field: ['params', 'times'],
      from: 2,
      to: 3,
      text: 'param `times` 2 → 3',
      where: 'profiles/default.yaml:6',
      action: '//greeting',
      upstream: [],
    },
  ]);
});

test('the plan of one component is what a build of it would run; why looks at it in its whole run', async () => {
  using rig = textRun();
  const target = 'run:clip.mp4//large';
  for (const command of [['plan'], ['build', '--dry-run']]) {
    const { stdout } = await rig.flow([...command, target, '--json']);
    const { runs } = JSON.parse(stdout) as { runs: { run: string; components: { component: string }[] }[] };
    const planned = runs.map(({ run, components }) => [run, components.map(({ component }) => component)]);
    assert.deepEqual(planned, [[target, ['copied', 'large']]]);
  }
  assert.deepEqual((await rig.build([target])).ran, ['copied', 'large']);
  assert.match(await why(rig, target), /^run:clip\.mp4\/\/large: 1 action: 1 ran\n/);
  const { stdout } = await rig.flow(['why', target, 'run:clip.mp4//short', '--json']);
  const answers = JSON.parse(stdout) as { run: string; component: string }[];
  assert.deepEqual(
    answers.map(({ run, component }) => [run, component]),
    ['large', 'short'].map((name) => ['run:clip.mp4', name]),
  );
});

test('another version of a program is named', async () => {
  using rig = new Rig({
    ...files,
    'bin/greeter': '#!/bin/sh\necho one > "$1"\n',
    'graphs/greet.yaml': `schema_version: 1
components:
  made: { rule: exec, params: { command: [greeter, "{out.text}"], outputs: { text: text.txt } } }
`,
    'profiles/default.yaml': 'schema_version: 1\nname: default\n',
  });
  chmodSync(rig.path('bin/greeter'), 0o755);
  const env = { PATH: `${rig.path('bin')}:${process.env.PATH}` };
  assert.equal((await rig.flow(['build', '//made', '-q'], env)).status, 0);
  rig.write('bin/greeter', '#!/bin/sh\necho two > "$1"\n');
  const { stdout } = await rig.flow(['why', '//made'], env);
  assert.match(stdout, /because program greeter ".*" → ".*"|because program greeter b3:\w+ → b3:\w+/);
});

test('ten seconds in the middle of a film: why names the segments, and the frames of the file behind them', async () => {
  using rig = new Rig();
  const [first, middle, last, other] = [0, 60, 120, 200].map((hue) =>
    makeFilm(rig.path(`part-${hue}.mp4`), { seconds: 32, hue }),
  );
  const film = rig.path('film.mp4');
  joinFilms(film, [first!, middle!, last!]);
  assert.equal((await rig.build([`run:${film}//cut_detection`])).status, 0);
  const changed = joinFilms(rig.path('changed.mp4'), [first!, other!, last!]);
  renameSync(changed, film);
  const built = await rig.build([`run:${film}//cut_detection`]);
  assert.equal(built.status, 0, built.stderr);
  const ran = built.ranActions.filter((action) => /cut_detection#\d+$/.test(action)).length;
  assert.ok(ran > 0);
  const said = await why(rig, `run:${film}//cut_detection`);
  const lines = said
    .split('\n')
    .filter((line) => /because decode: segment \d+ of film\.mp4 changed: frames \d+–\d+/.test(line));
  assert.ok(lines.length >= ran, said);
  assert.match(
    said,
    /segments 0–\d+: cached \(local\): nothing that it is made of has changed since it ran /,
  );
});
