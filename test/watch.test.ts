import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, renameSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Rig } from './rig.ts';
import { imports } from './trust/text-rules.ts';

/** Numbers of a file, each multiplied; a large one takes a second on the way. */
const timesRule = `${imports}
export const times = defineRule({
  name: 'times', version: '1', scope: 'whole', placement: 'worker',
  params: z.strictObject({ factor: z.number() }),
  inputs: { source: input(file()) },
  outputs: { numbers: npz({ values: { dtype: 'float64', shape: ['N'] } }) },
  async run({ inputs, params }) {
    const text = new TextDecoder().decode(inputs.source.read());
    if (text.startsWith('slow')) await new Promise((done) => setTimeout(done, 60_000));
    const values = text.trim().split(' ').map((word) => Number(word) * params.factor);
    return { numbers: { values: { dtype: 'float64', shape: [values.length], data: new Float64Array(values) } } };
  },
});
`;

const files = {
  'in.txt': '1 2 3',
  'other.txt': '4 5',
  'rules/times.ts': timesRule,
  'graphs/times.yaml': `schema_version: 1
components:
  doubled: { rule: times, inputs: { source: file:in.txt }, params: { factor: 2 } }
  tripled: { rule: times, inputs: { source: file:other.txt }, params: { factor: 3 } }
`,
};

/** A running `flow watch`, and what it has said since it was last asked. */
class Watching implements AsyncDisposable {
  readonly #child: ChildProcess;
  #output = '';

  constructor(rig: Rig, targets: readonly string[] = ['//...']) {
    this.#child = rig.start(['watch', ...targets]);
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString('utf8');
      });
  }

  /** Waits until it has said something; gives all that it has said up to then. */
  async until(pattern: RegExp): Promise<string> {
    for (let tries = 0; !pattern.test(this.#output); tries += 1) {
      assert.ok(tries < 2000, `it never said ${pattern}:\n${this.#output}`);
      assert.equal(this.#child.exitCode, null, this.#output);
      await delay(10);
    }
    const said = this.#output;
    this.#output = '';
    return said;
  }

  async interrupt(): Promise<number | null> {
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGINT');
    return ((await closed) as [number | null])[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
  }
}

test('an edit reruns what it affects alone, and what it changes in the result is shown', async () => {
  using rig = new Rig(files);
  await using watch = new Watching(rig);
  assert.match(await watch.until(/up to date in .*\n/), /2 actions ran, 0 cached/);

  rig.replace('in.txt', '1 2 3', '1 2 7');
  const said = await watch.until(/up to date in .*\n/);
  assert.match(said, /in\.txt changed/);
  assert.match(said, /1 action ran, 1 cached/);
  assert.match(said, /doubled\/numbers\.npz/);
  assert.match(said, /values +\[3\] +1 of 3 +8/);
  assert.doesNotMatch(said, /tripled/);

  rig.replace('graphs/times.yaml', 'factor: 3', 'factor: 4');
  await watch.until(/success +tripled[\s\S]*up to date|up to date[\s\S]*success +tripled/);

  rig.replace('rules/times.ts', 'Number(word) * params.factor', 'Number(word) * params.factor + 1');
  assert.match(await watch.until(/up to date in .*\n/), /2 actions ran, 0 cached/);
  assert.equal(await watch.interrupt(), 130);
});

test('an error in a rule, a graph or an input is shown at its place, and the watch goes on', async () => {
  using rig = new Rig(files);
  await using watch = new Watching(rig);
  await watch.until(/up to date in .*\n/);

  rig.replace('rules/times.ts', 'Number(word) *', 'Number(word) * *');
  assert.match(await watch.until(/Waiting for a change/), /rules\/times\.ts:12:\d+: graph_invalid/);
  rig.replace('rules/times.ts', 'Number(word) * *', 'Number(word) * 2 *');
  assert.match(await watch.until(/up to date in .*\n/), /2 actions ran/);

  rig.replace('graphs/times.yaml', 'factor: 2', 'factr: 2');
  assert.match(await watch.until(/Waiting for a change/), /graphs\/times\.yaml:3:\d+: [\s\S]*"factr"/);
  rig.replace('graphs/times.yaml', 'factr: 2', 'factor: 5');
  assert.match(await watch.until(/up to date in .*\n/), /1 action ran, 1 cached/);

  rig.remove('in.txt');
  assert.match(await watch.until(/input_not_found[\s\S]*in\.txt/), /in\.txt/);
});

test('a build that an edit has made stale is ended, and the newer one takes its place', async () => {
  using rig = new Rig({ ...files, 'in.txt': 'slow' });
  await using watch = new Watching(rig, ['//doubled']);
  await delay(1500); // Long enough that the slow action runs; were it not, the test would pass all the same.
  rig.write('in.txt', '5');
  const said = await watch.until(/up to date in .*\n/);
  assert.match(said, /1 action ran, 0 cached/);
  assert.equal(await watch.interrupt(), 130);
});

test('a watch that is interrupted while it builds ends, and leaves nothing behind', async () => {
  using rig = new Rig({ ...files, 'in.txt': 'slow' });
  await using watch = new Watching(rig, ['//tripled']);
  await watch.until(/up to date in .*\n/);
  assert.equal(await watch.interrupt(), 130);
  assert.deepEqual(readdirSync(rig.path('.flow/running')), []);
  assert.ok(existsSync(rig.path('out/tripled/numbers.npz')));
});

test('an editor that writes another file and moves it over is seen once', async () => {
  using rig = new Rig(files);
  await using watch = new Watching(rig);
  await watch.until(/up to date in .*\n/);
  rig.write('in.txt~', '9 9 9');
  renameSync(rig.path('in.txt~'), rig.path('in.txt'));
  assert.match(await watch.until(/up to date in .*\n/), /1 action ran, 1 cached/);
});
