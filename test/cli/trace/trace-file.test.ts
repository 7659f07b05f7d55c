import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { TraceFile } from '../../../engine/cli/trace/trace-file.ts';
import { makeFilm } from '../../make-film.ts';
import { Rig } from '../../rig.ts';
import { checkActions, checkForm, checkTracks, parseTrace, spansOf } from './check-trace.ts';

const worker = (
  name: string,
  body: string,
  extra = '',
): string => `import { defineRule, file, input, json } from 'flow';
import { z } from 'zod';
export const rule = defineRule({
  name: '${name}', version: '1', scope: 'whole', ${extra}
  params: z.strictObject({}),
  inputs: { source: input(file()) },
  outputs: { out: json(z.unknown()) },
  async run() { ${body} },
});
`;

test('a film built by two workers is traced: no span overlaps another, and arrows lead along all dependencies', async () => {
  using rig = new Rig();
  makeFilm(rig.path('film.mp4'), { seconds: 6, hasSound: true });
  const run = await rig.build(['run:film.mp4', '-j', '2', '--trace', 'trace.json']);
  assert.equal(run.status, 0, run.stderr);
  const trace = parseTrace(rig.read('trace.json'));
  checkForm(trace);
  checkTracks(trace);
  checkActions(trace, run.events);
  assert.ok(new Set(spansOf(trace).map(({ tid }) => tid)).size >= 2);
});

test('a build of what is there traces no span, and the same command is not answered from memory', async () => {
  using rig = new Rig({ 'film.txt': 'x' });
  makeFilm(rig.path('film.mp4'), { seconds: 1 });
  const build = ['build', 'run:film.mp4//cut_detection', '--trace', 'trace.json'];
  for (const isFirst of [true, false]) {
    rig.remove('trace.json');
    const { status, stdout, stderr } = await rig.flow(build);
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stdout, /up to date/);
    const trace = parseTrace(rig.read('trace.json'));
    checkForm(trace);
    assert.equal(spansOf(trace).length > 0, isFirst);
  }
});

test('a retry and a failure have a span each where a thread has told, and a mark', async () => {
  using rig = new Rig({
    'a.txt': '',
    'graphs/own.yaml': `schema_version: 1
components:
  fails: { rule: fails, inputs: { source: "file:a.txt" } }
  dies: { rule: dies, inputs: { source: "file:a.txt" } }
`,
    'profiles/own.yaml':
      'schema_version: 1\nname: own\nfailure: { retries: 1 }\ncomponents: { fails: { required: false }, dies: { required: false } }\n',
    'rules/fails.ts': worker('fails', `throw new Error('no');`),
    'rules/dies.ts': worker('dies', 'process.exit(3);'),
  });
  const run = await rig.build(['//fails', '//dies', '--profile', 'own', '--trace', 'trace.json']);
  const trace = parseTrace(rig.read('trace.json'));
  checkForm(trace);
  checkTracks(trace);
  const ends = spansOf(trace).map(({ name, args }) => `${name} ${args!.end} ${args!.error}`);
  assert.deepEqual(
    ends.sort(),
    ['dies error worker_lost', 'dies retried worker_lost', 'fails error rule_failed'],
    run.stderr,
  );
  const marks = trace
    .filter(({ ph, name }) => ph === 'i' && /failed|retried/.test(name))
    .map(({ name }) => name);
  assert.deepEqual(marks.sort(), ['failed: dies', 'failed: fails', 'to be retried: dies']);
});

test('several actions that the engine waits for at once lie side by side', async () => {
  const names = ['a', 'b', 'c'];
  const meet = `globalThis.met = (globalThis.met ?? 0) + 1;
    while (globalThis.met < 3) await new Promise((done) => setTimeout(done, 5));`;
  using rig = new Rig({
    'in.txt': '',
    'graphs/own.yaml': `schema_version: 1\ncomponents:\n${names.map((name) => `  ${name}: { rule: ${name}, inputs: { source: "file:in.txt" } }\n`).join('')}`,
    ...Object.fromEntries(
      names.map((name) => [
        `rules/${name}.ts`,
        worker(name, `${meet} return { out: '${name}' };`, `placement: 'engine', resources: { cores: 0 },`),
      ]),
    ),
  });
  const run = await rig.build(['//...', '--trace', 'trace.json']);
  assert.equal(run.status, 0, run.stderr);
  const trace = parseTrace(rig.read('trace.json'));
  checkTracks(trace);
  checkActions(trace, run.events);
  assert.equal(new Set(spansOf(trace).map(({ tid }) => tid)).size, 3);
});

test('a trace is a whole document after each event, so also when the build is killed', () => {
  using rig = new Rig();
  const trace = new TraceFile(rig.path('trace.json'));
  assert.deepEqual(parseTrace(rig.read('trace.json')), []);
  const marks = (): number => parseTrace(rig.read('trace.json')).filter(({ ph }) => ph === 'i').length;
  trace.listen({ type: 'build_started', targets: ['//ü'], jobs: 1, atMs: 5 });
  assert.equal(marks(), 1);
  trace.listen({ type: 'warning', message: 'ä\n"', atMs: 3 }); // The clock was set back.
  assert.equal(marks(), 2);
  trace.close();
  checkForm(parseTrace(rig.read('trace.json')));
});

test('a trace that cannot be written is told before anything is built', async () => {
  using rig = new Rig({ 'folder/x.txt': '' });
  const place = await rig.flow(['build', 'run:x.mp4', '--trace', join('folder')]);
  assert.match(
    place.stderr,
    /^--trace: config_invalid\n {2}Cannot write the trace to "folder": it is a folder/m,
  );
  const same = await rig.flow(['build', 'run:x.mp4', '--trace', 'a', '--events', 'a']);
  assert.match(same.stderr, /^--trace: config_invalid\n {2}Cannot write the trace there/m);
  assert.deepEqual([place.status, same.status], [2, 2]);
});
