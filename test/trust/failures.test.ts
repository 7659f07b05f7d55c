import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BuildRun, Rig } from '../rig.ts';
import { type BuildHere, buildHere } from './build-here.ts';
import { chain, copyRule, imports, upperRule } from './text-rules.ts';

function errorsOf({
  events,
}: Pick<BuildHere, 'events'>): { component: string; code: string; message: string }[] {
  return events.flatMap((event) =>
    event.type === 'action_failed'
      ? [{ component: event.component, code: event.error.code, message: event.error.message }]
      : [],
  );
}

function statusesOf({ summary }: BuildRun): Record<string, string> {
  return Object.fromEntries(
    summary.runs.flatMap((run) => run.components.map(({ name, status }) => [name, status])),
  );
}

/** A workspace with one component `made`, whose rule returns what an expression says. */
function returning(declared: string, value: string, placement = 'engine'): Rig {
  return new Rig({
    'in.txt': 'in',
    'rules/made.ts': `${imports}
export const made = defineRule({
  name: 'made', version: '1', scope: 'whole', placement: '${placement}',
  params: z.strictObject({}),
  inputs: { source: input(file()) },
  outputs: ${declared},
  run: () => (${value}) as never,
});
`,
    'graphs/made.yaml':
      'schema_version: 1\ncomponents:\n  made: { rule: made, inputs: { source: file:in.txt } }\n',
  });
}

const arrays = `{ rows: npz({ points: { dtype: 'float32', shape: ['N', 2], isFinite: true }, times_sec: { dtype: 'float64', shape: ['N'] } }) }`;
const points = `{ dtype: 'float32', shape: [1, 2], data: new Float32Array([1, 2]) }`;
const times = `{ dtype: 'float64', shape: [1], data: new Float64Array([1]) }`;

const invalid: Readonly<Record<string, [declared: string, value: string, message: RegExp]>> = {
  'an array of another dtype': [
    arrays,
    `{ rows: { points: { dtype: 'float64', shape: [1, 2], data: new Float64Array(2) }, times_sec: ${times} } }`,
    /"points", which is float64, not float32/,
  ],
  'elements that are not of the dtype': [
    arrays,
    `{ rows: { points: { dtype: 'float32', shape: [1, 2], data: new Float64Array(2) }, times_sec: ${times} } }`,
    /elements that are not float32/,
  ],
  'an array of another shape': [
    arrays,
    `{ rows: { points: { dtype: 'float32', shape: [2, 1], data: new Float32Array(2) }, times_sec: ${times} } }`,
    /shape \[2, 1\]/,
  ],
  'axes of one name that differ': [
    arrays,
    `{ rows: { points: ${points}, times_sec: { dtype: 'float64', shape: [2], data: new Float64Array(2) } } }`,
    /should be 1/,
  ],
  'NaN where finite values are promised': [
    arrays,
    `{ rows: { points: { dtype: 'float32', shape: [1, 2], data: new Float32Array([1, NaN]) }, times_sec: ${times} } }`,
    /holds NaN at element 1/,
  ],
  'a missing array': [arrays, `{ rows: { points: ${points} } }`, /"times_sec", which is missing/],
  'an extra array': [
    arrays,
    `{ rows: { points: ${points}, times_sec: ${times}, more: ${times} } }`,
    /"more"/,
  ],
  'a missing output': [`{ one: text(), two: text() }`, `{ one: 'x' }`, /output "two" is missing/],
  'an extra output': [`{ one: text() }`, `{ one: 'x', two: 'y' }`, /"two" that it does not declare/],
  'an output of another kind': [`{ one: text() }`, `{ one: 7 }`, /is not a text/],
};

for (const [what, [declared, value, message]] of Object.entries(invalid)) {
  test(`a rule that returns ${what} fails with output_invalid, and nothing is stored`, async () => {
    using rig = returning(declared, value);
    for (const round of ['first', 'second']) {
      const built = await buildHere(rig);
      assert.equal(built.status, 1);
      const [error] = errorsOf(built);
      assert.equal(error?.code, 'output_invalid', `${round} build`);
      assert.match(error?.message ?? '', message);
    }
    assert.equal(existsSync(rig.path('out/made')), false);
    assert.equal(existsSync(join(rig.cacheDir, 'cas')), false);
  });
}

test('a worker holds the outputs of its rule against their declaration, too', async () => {
  using rig = returning(`{ one: text() }`, `{ one: 7 }`, 'worker');
  assert.equal(errorsOf(await buildHere(rig))[0]?.code, 'output_invalid');
});

function execRig(command: string, more = ''): Rig {
  return new Rig({
    'rules/copy.ts': copyRule,
    'in.txt': 'in',
    'graphs/made.yaml': `schema_version: 1
components:
  made: { rule: exec, inputs: { text: file:in.txt }, params: { command: [sh, -c, ${JSON.stringify(command)}], outputs: { text: out.txt } } }
${more}`,
  });
}

test('a command that ends well without its output fails with output_invalid, and is run again', async () => {
  using rig = execRig('true');
  assert.equal(errorsOf(await buildHere(rig))[0]?.code, 'output_invalid');
  assert.equal(errorsOf(await buildHere(rig))[0]?.code, 'output_invalid');
});

test('a command that makes a link of its output fails with output_invalid', async () => {
  using rig = execRig('ln -s /etc/passwd out.txt');
  assert.equal(errorsOf(await buildHere(rig))[0]?.code, 'output_invalid');
});

test('a command that fails leaves nothing of what it had begun to write', async () => {
  using rig = execRig('echo half > out.txt; exit 3');
  const built = await buildHere(rig);
  assert.equal(built.status, 1);
  assert.match(errorsOf(built)[0]?.message ?? '', /status 3/);
  assert.equal(existsSync(rig.path('out/made')), false);
  assert.equal(existsSync(join(rig.cacheDir, 'cas')), false);
});

test('a command that changes its input changes a copy of it', async () => {
  using rig = execRig('echo more >> in/text.txt; cat in/text.txt > out.txt');
  assert.equal((await buildHere(rig)).status, 0);
  assert.equal(rig.read('out/made/text.txt'), 'inmore\n');
  assert.equal(rig.read('in.txt'), 'in');
});

test('a command that changes a large input behind its back gives no result', async () => {
  using rig = execRig('echo more >> in/text.txt; echo done > out.txt');
  rig.write('in.txt', 'x'.repeat(5 * 2 ** 20));
  const built = await buildHere(rig);
  if (built.status === 0) return assert.equal(rig.read('in.txt').length, 5 * 2 ** 20); // It had a copy.
  assert.match(errorsOf(built)[0]?.message ?? '', /changed while the build was running/);
});

test('a failing action is not remembered: it runs again, and succeeds once its cause is gone', async () => {
  using rig = new Rig({ flag: '' });
  const flag = rig.path('flag');
  rig.write(
    'graphs/made.yaml',
    `schema_version: 1
components:
  made: { rule: exec, params: { command: [sh, -c, ${JSON.stringify(`test -s ${flag} && echo fine > out.txt`)}], outputs: { text: out.txt } } }
`,
  );
  assert.equal((await buildHere(rig)).status, 1);
  assert.equal((await buildHere(rig)).status, 1);
  rig.write('flag', 'set');
  assert.equal((await buildHere(rig)).status, 0);
  assert.equal(rig.read('out/made/text.txt'), 'fine\n');
});

test('a rule that gives other bytes when they are needed again is told nondeterministic', async () => {
  using rig = new Rig({
    ...chain,
    'rules/swell.ts': `${imports}
export const swell = defineRule({
  name: 'swell', version: '1', scope: 'whole', placement: 'engine',
  params: z.strictObject({}),
  inputs: { source: input(text()) },
  outputs: { text: text() },
  run: () => ({ text: String(Math.random()).repeat(4000) }),
});
`,
  });
  assert.equal((await buildHere(rig)).status, 0);
  const cas = join(rig.cacheDir, 'cas');
  rmSync(cas, { recursive: true });
  rig.remove('out');
  const built = await buildHere(rig);
  assert.equal(built.status, 1);
  assert.deepEqual(
    errorsOf(built).map(({ component, code }) => [component, code]),
    [['large', 'nondeterministic']],
  );
  assert.equal(existsSync(rig.path('out/large/text.txt')), false);
});

function workerRule(body: string, extra = ''): string {
  return `${imports}
import { appendFileSync, readFileSync } from 'node:fs';
export const bad = defineRule({
  name: 'bad', version: '1', scope: 'whole', placement: 'worker', ${extra}
  params: z.strictObject({ log: z.string() }),
  inputs: { source: input(file()) },
  outputs: { text: text() },
  async run({ params }) {
    appendFileSync(params.log, 'x');
    const attempt = readFileSync(params.log, 'utf8').length;
    ${body}
    return { text: 'attempt ' + attempt };
  },
});
`;
}

function workerRig(rule: string, profile = ''): Rig {
  const rig = new Rig({
    'rules/bad.ts': rule,
    'rules/copy.ts': copyRule,
    'rules/upper.ts': upperRule,
    'in.txt': 'in',
  });
  rig.write(
    'graphs/bad.yaml',
    `schema_version: 1
components:
  bad: { rule: bad, required: false, params: { log: ${JSON.stringify(rig.path('log'))} }, inputs: { source: file:in.txt } }
  after: { rule: upper, required: false, inputs: { source: bad.text } }
  copied: { rule: copy, inputs: { source: file:in.txt } }
  other: { rule: upper, inputs: { source: copied.text } }
`,
  );
  if (profile) rig.write('profiles/default.yaml', profile);
  return rig;
}

test('a worker that ends its thread is worker_lost after two retries; the engine and the others go on', async () => {
  using rig = workerRig(workerRule('process.exit(7);'));
  await assertLost(rig, 'worker_lost');
  assert.equal(rig.read('log'), 'xxx');
});

const noRetries = 'schema_version: 1\nname: default\nfailure: { retries: 0 }\n';

test('a worker that runs out of memory is worker_lost; the engine and the others go on', async () => {
  const greed = 'const held = []; for (;;) held.push(new Array(1e6).fill(attempt + held.length / 3));';
  using rig = workerRig(workerRule(greed), noRetries);
  await assertLost(rig, 'worker_lost');
  assert.equal(rig.read('log'), 'x');
});

async function assertLost(rig: Rig, code: string): Promise<void> {
  const built = await rig.build(['//...']);
  assert.equal(built.status, 0, built.stderr);
  assert.deepEqual(
    errorsOf(built).map((error) => [error.component, error.code]),
    [['bad', code]],
  );
  assert.deepEqual(statusesOf(built), {
    bad: 'error',
    after: 'skipped',
    copied: 'success',
    other: 'success',
  });
  assert.equal(built.summary.runs[0]!.status, 'partial');
  assert.equal(rig.read('out/other/text.txt'), 'IN');
}

test('a worker that is lost once is retried, and the result is kept', async () => {
  using rig = workerRig(workerRule('if (attempt === 1) process.exit(7);'));
  const built = await buildHere(rig);
  assert.equal(built.status, 0);
  assert.equal(rig.read('out/bad/text.txt'), 'attempt 2');
  assert.deepEqual((await buildHere(rig)).ran, []);
});

test('a rule that takes longer than it may is rule_timeout', async () => {
  using rig = workerRig(workerRule('for (;;);', 'timeoutSec: 0.3,'));
  const built = await buildHere(rig);
  assert.deepEqual(
    errorsOf(built).map(({ component, code }) => [component, code]),
    [['bad', 'rule_timeout']],
  );
  assert.equal(built.events.filter((event) => event.type === 'action_retried').length, 2);
  assert.equal(rig.read('out/other/text.txt'), 'IN');
});

test('a rule in the engine that waits for ever is rule_timeout, too', async () => {
  const body = 'await new Promise(() => undefined);';
  const waits = workerRule(body, 'timeoutSec: 0.2,').replace(`'worker'`, `'engine'`);
  using rig = workerRig(waits, noRetries);
  await assertLost(rig, 'rule_timeout');
});

test('when a required component fails, what is not yet running is not begun', async () => {
  using rig = new Rig({ 'in.txt': 'in', 'rules/copy.ts': copyRule, log: '' });
  const log = rig.path('log');
  const command = (name: string, then: string): string =>
    `[sh, -c, ${JSON.stringify(`echo ${name} >> ${log}; ${then}`)}]`;
  rig.write(
    'graphs/made.yaml',
    `schema_version: 1
components:
  fails: { rule: exec, params: { command: ${command('fails', 'exit 1')}, outputs: { text: out.txt } } }
  long: { rule: exec, params: { command: ${command('long', 'sleep 0.5; echo x > out.txt')}, outputs: { text: out.txt } } }
  later: { rule: exec, inputs: { text: long.text }, params: { command: ${command('later', 'echo x > out.txt')}, outputs: { text: out.txt } } }
`,
  );
  const built = await rig.build(['//...', '--jobs', '2']);
  assert.equal(built.status, 1);
  assert.deepEqual(rig.read('log').trim().split('\n').sort(), ['fails', 'long']);
  assert.equal(statusesOf(built).fails, 'error');
  assert.equal(statusesOf(built).later, 'skipped');
  const next = await rig.build(['//...', '--jobs', '2']);
  assert.ok(!next.ran.includes('long'), 'what was running when the run stopped was not kept');
});

test('no temporary file is left by actions that fail', async () => {
  using rig = execRig('echo half > out.txt; exit 3');
  await buildHere(rig);
  const names = readdirSync(join(rig.root, '..'), { recursive: true, encoding: 'utf8' });
  assert.deepEqual(
    names.filter((name) => name.includes('.tmp')),
    [],
  );
});
