import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync, truncateSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { readNpz } from '../engine/core/npz.ts';
import { timesModel, tinyFiles, twoOfFilm } from './models/tiny-model.ts';
import { Rig } from './rig.ts';
import { imports } from './trust/text-rules.ts';

/** Numbers of a file, each multiplied; "slow FILE" makes that file and then takes a minute. */
const timesRule = `${imports}
import { writeFileSync } from 'node:fs';
export const times = defineRule({
  name: 'times', version: '1', scope: 'whole', placement: 'worker',
  params: z.strictObject({ factor: z.number() }),
  inputs: { source: input(file()) },
  outputs: { numbers: npz({ values: { dtype: 'float64', shape: ['N'] } }) },
  async run({ inputs, params }) {
    const text = new TextDecoder().decode(inputs.source.read());
    if (text.startsWith('slow')) {
      writeFileSync(text.split(' ')[1], 'begun');
      await new Promise((done) => setTimeout(done, 60_000));
    }
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

async function untilThere(path: string): Promise<void> {
  for (let tries = 0; !existsSync(path); tries += 1) {
    assert.ok(tries < 2000, `${path} never came`);
    await delay(10);
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
  assert.match(await watch.until(/Waiting for a change/), /rules\/times\.ts:16:\d+: graph_invalid/);
  rig.replace('rules/times.ts', 'Number(word) * *', 'Number(word) * 2 *');
  assert.match(await watch.until(/up to date in .*\n/), /2 actions ran/);

  rig.replace('graphs/times.yaml', 'factor: 2', 'factr: 2');
  assert.match(await watch.until(/Waiting for a change/), /graphs\/times\.yaml:3:\d+: [\s\S]*"factr"/);
  rig.replace('graphs/times.yaml', 'factr: 2', 'factor: 5');
  assert.match(await watch.until(/up to date in .*\n/), /1 action ran, 1 cached/);

  rig.remove('in.txt');
  assert.match(await watch.until(/input_not_found[\s\S]*in\.txt/), /in\.txt/);
});

test('a film that lacks two models is one target that failed', async () => {
  using rig = new Rig({ ...tinyFiles(), 'clip.mp4': '1 2 3\n', ...twoOfFilm });
  rig.remove('models/times.onnx');
  await using watch = new Watching(rig, ['run:clip.mp4', '--stage', 'all']);
  assert.match(await watch.until(/ failed in .*\n/), /model_not_found[\s\S]*1 target failed/);
  rig.write('models/times.onnx', timesModel(10));
  assert.match(await watch.until(/up to date in .*\n/), /times\.onnx changed[\s\S]*2 actions ran/);
});

test('a build that an edit has made stale is ended, and the newer one takes its place', async () => {
  using rig = new Rig(files);
  rig.write('in.txt', `slow ${rig.path('begun')}`);
  await using watch = new Watching(rig, ['//doubled']);
  await untilThere(rig.path('begun'));
  rig.write('in.txt', '5');
  const said = await watch.until(/up to date in .*\n/);
  assert.match(said, /1 action ran, 0 cached/);
  assert.equal(await watch.interrupt(), 130);
});

test('a watch that is interrupted while it builds ends, and leaves nothing behind', async () => {
  using rig = new Rig(files);
  rig.write('in.txt', `slow ${rig.path('begun')}`);
  await using watch = new Watching(rig);
  await untilThere(rig.path('begun'));
  const ended = watch.interrupt();
  await watch.until(/Stopping/);
  assert.equal(await watch.interrupt(), 130); // The second one ends the slow action, too.
  assert.equal(await ended, 130);
  assert.deepEqual(readdirSync(rig.path('.flow/running')), []);
  assert.ok(!existsSync(rig.path('out/doubled/numbers.npz')));
});

test('a rule that is broken from the start is seen when it is mended, however deep its folder', async () => {
  using rig = new Rig(files);
  rig.remove('rules/times.ts');
  rig.write('rules/deep/er/times.ts', timesRule.replace('Number(word) *', 'Number(word) * *'));
  rig.replace('graphs/times.yaml', 'doubled: { rule: times', 'doubled: { rule: deep/er/times');
  await using watch = new Watching(rig, ['//doubled']);
  await watch.until(/Waiting for a change/);
  rig.replace('rules/deep/er/times.ts', 'Number(word) * *', 'Number(word) *');
  assert.match(await watch.until(/up to date in .*\n/), /1 action ran/);
});

test('an edit of an input that comes while a large file is read for the first time is not missed', async () => {
  using rig = new Rig({ ...files, 'large.txt': '' });
  truncateSync(rig.path('large.txt'), 2 ** 29);
  rig.replace('graphs/times.yaml', 'source: file:other.txt', 'source: file:large.txt');
  rig.replace('rules/times.ts', 'inputs.source.read()', 'inputs.source.read().subarray(0, 8)');
  await using watch = new Watching(rig);
  await untilThere(rig.path('.flow/bundles'));
  await delay(200); // The small file has been read by then; were it not, the test would pass all the same.
  rig.write('in.txt', '1 2 7');
  await watch.until(/up to date in .*\n/);
  for (let tries = 0; doubled(rig) !== '2 4 14'; tries += 1) {
    assert.ok(tries < 500, doubled(rig));
    await delay(10);
  }
});

function doubled(rig: Rig): string {
  return readNpz(readFileSync(rig.path('out/doubled/numbers.npz'))).values!.data.join(' ');
}

test('an editor that writes another file and moves it over is seen once', async () => {
  using rig = new Rig(files);
  await using watch = new Watching(rig);
  await watch.until(/up to date in .*\n/);
  rig.write('in.txt~', '9 9 9');
  renameSync(rig.path('in.txt~'), rig.path('in.txt'));
  assert.match(await watch.until(/up to date in .*\n/), /1 action ran, 1 cached/);
});
