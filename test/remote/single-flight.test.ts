/** Machines that build the same at the same time: one does an action, the others take what it gives. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type BuildRun, Rig } from '../rig.ts';
import { withoutS3 } from '../s3-server.ts';
import { sampleFilm } from '../sample-film.ts';
import { entriesOf } from './fault-rig.ts';
import { executions, SharedBucket } from './shared-bucket.ts';

// What waits for a lease to run out leaves the processors to the film.
describe('machines that build at the same time', { skip: withoutS3, concurrency: true }, () => {
  let bucket: SharedBucket;
  let target: string;
  before(async () => {
    target = `run:${join((await sampleFilm()).dir, 'sample.mp4')}`;
    bucket = await SharedBucket.start();
  });
  after(() => bucket[Symbol.asyncDispose]());

  describe('a film that several processes build at once', { concurrency: false }, () => {
    test('each of its actions is executed once among four machines, whose artifacts are the same', async () => {
      using stack = new DisposableStack();
      const here = bucket.fresh();
      const machines = Array.from({ length: 4 }, () => stack.use(new Rig()));
      const runs = await Promise.all(machines.map((machine) => here.build(machine, [target])));
      assertOnce(runs);
      for (const [index, machine] of machines.entries())
        assert.deepEqual(machine.digests(runs[index]!), machines[0]!.digests(runs[0]!));
    });

    test('so it is where two and two of them share a local cache', async () => {
      using stack = new DisposableStack();
      const here = bucket.fresh();
      const [first, second, third, fourth] = Array.from({ length: 4 }, () => stack.use(pictureRig()));
      const pairs = [
        [first!, first!],
        [second!, first!],
        [third!, third!],
        [fourth!, third!],
      ] as const;
      const runs = await Promise.all(
        pairs.map(([rig, { cacheDir }]) =>
          here.build(rig, [target, '--stage', 'pictures'], { FLOW_CACHE_DIR: cacheDir }),
        ),
      );
      assertOnce(runs);
      for (const [index, [rig]] of pairs.entries())
        assert.deepEqual(rig.digests(runs[index]!), first!.digests(runs[0]!));
    });
  });

  describe('a slow action that several machines want', { concurrency: true }, () => {
    test('after kill -9 of the machine that does it another one does it, and the rest take that', async () => {
      using work = new SlowWork(bucket.fresh());
      const holder = await work.start();
      const others = [work.build(), work.build()];
      await work.kill(holder);
      const runs = await Promise.all(others);
      assert.deepEqual(runs.map(({ ran }) => ran).sort(), [[], ['slow']]);
      assert.equal(work.begun, 2);
      work.assertRight();
    });

    test('a machine that is stopped for longer than its lease, and goes on, overwrites nothing', async () => {
      using work = new SlowWork(bucket.fresh());
      const holder = await work.start();
      holder.child.kill('SIGSTOP');
      const taker = await work.build();
      assert.deepEqual(taker.ran, ['slow']);
      const published = await work.entries();
      assert.equal(published.size, 1);
      holder.child.kill('SIGCONT');
      assert.equal((await holder.run).status, 0);
      assert.deepEqual(await work.entries(), published);
      assert.deepEqual(executions(await work.build()), []);
      work.assertRight();
    });

    test('two that ask for it at the same moment do it once', async () => {
      using work = new SlowWork(bucket.fresh());
      const runs = await Promise.all([work.build(), work.build()]);
      assert.deepEqual(runs.map(({ ran }) => ran).sort(), [[], ['slow']]);
      work.assertRight();
    });

    test('without conditional writes every machine does it, and says so once', async () => {
      await using swift = await SharedBucket.start('swift');
      using work = new SlowWork(swift.fresh());
      const runs = await Promise.all([work.build(), work.build()]);
      for (const { stderr, ran } of runs) {
        assert.deepEqual(ran, ['slow']);
        assert.equal(stderr.split('has no conditional writes').length, 2, stderr);
      }
      work.assertRight();
      assert.deepEqual(executions(await work.build()), []);
    });
  });
});

/** Thumbnails of a video, and all that these need. */
function pictureRig(): Rig {
  return new Rig({
    'graphs/pictures.yaml':
      'schema_version: 1\nstages:\n  pictures: { components: [segment_plan, decode, thumbnails, cut_detection] }\n',
  });
}

/** How often each action was executed, anew or again. */
function executedKeys(runs: readonly BuildRun[]): Map<string, number> {
  const keys = new Map<string, number>();
  for (const { events } of runs)
    for (const event of events)
      if (event.type === 'action_finished') keys.set(event.key, (keys.get(event.key) ?? 0) + 1);
  return keys;
}

function assertOnce(runs: readonly BuildRun[]): void {
  const executed = executedKeys(runs);
  const often = runs.flatMap(({ events }) =>
    events.flatMap((event) =>
      event.type === 'action_finished' && executed.get(event.key) !== 1 ? [event.action] : [],
    ),
  );
  assert.deepEqual(often, [], 'executed more than once');
  assert.ok(executed.size > 0);
}

const content = 'a line\n';
const pollMs = 50;

/** A machine that does the action. */
interface Holder {
  readonly rig: Rig;
  readonly child: ChildProcess;
  readonly run: Promise<BuildRun>;
}

/** Machines with a workspace in which one action takes two seconds and notes when it begins. */
class SlowWork implements Disposable {
  readonly #bucket: SharedBucket;
  readonly #folder = realpathSync(mkdtempSync(join(tmpdir(), 'flow-slow-')));
  readonly #rigs: Rig[] = [];
  readonly #killed = new Set<Rig>();

  constructor(bucket: SharedBucket) {
    this.#bucket = bucket;
  }

  /** How often the action was begun, by whichever machine. */
  get begun(): number {
    try {
      return readFileSync(this.#log, 'utf8').length;
    } catch {
      return 0; // By none yet.
    }
  }

  get #log(): string {
    return join(this.#folder, 'log');
  }

  /** A build of a new machine, from when it does the action. */
  async start(): Promise<Holder> {
    const started = Promise.withResolvers<ChildProcess>();
    const rig = this.#rig();
    const run = rig.build(['//...'], this.#bucket.env, started.resolve);
    const child = await started.promise;
    while (this.begun === 0) await delay(pollMs);
    return { rig, child, run };
  }

  async kill({ rig, child, run }: Holder): Promise<void> {
    child.kill('SIGKILL');
    await run;
    this.#killed.add(rig);
  }

  /** A build of a new machine, which has to end well. */
  build(): Promise<BuildRun> {
    return this.#bucket.build(this.#rig(), ['//...']);
  }

  #rig(): Rig {
    const script = `printf x >> ${this.#log}; sleep 2; cat in/source.txt > out.txt`;
    const rig = new Rig({
      'in.txt': content,
      'graphs/slow.yaml': `schema_version: 1
components:
  slow: { rule: exec, inputs: { source: "file:in.txt" }, params: { command: [sh, -c, ${JSON.stringify(script)}], outputs: { text: out.txt } } }
`,
    });
    this.#rigs.push(rig);
    return rig;
  }

  /** The results in the bucket. */
  entries(): Promise<Map<string, string>> {
    return entriesOf(this.#bucket);
  }

  /** Every machine that was not killed has what the action gives. */
  assertRight(): void {
    for (const rig of this.#rigs)
      if (!this.#killed.has(rig)) assert.equal(rig.read('out/slow/text.txt'), content);
  }

  [Symbol.dispose](): void {
    for (const rig of this.#rigs) rig[Symbol.dispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
