import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { leaseObject } from '../../../cache/remote/layout.ts';
import { MemoryObjects, type MemoryServer } from '../../../cache/remote/memory-objects.ts';
import { type ObjectStore, type PutOutcome, RemoteError } from '../../../cache/remote/object-store.ts';
import { RemoteLeases } from '../../../cache/remote/remote-leases.ts';
import { digestOf } from '../../../engine/core/digest.ts';
import { seed } from '../../properties/seed.ts';

const key = digestOf('an action');
const leaseMs = 900;

interface State {
  readonly holder: string;
  readonly fence: number;
  readonly isReleased: boolean;
}

/** Machines that share a bucket, on one clock that a test moves by hand. */
class Machines {
  readonly bucket: MemoryObjects;
  /** What the server answers instead of doing what it is asked. */
  intercept: (put: () => Promise<PutOutcome>) => Promise<PutOutcome> = (put) => put();
  readonly offs: string[] = [];
  readonly requests: string[] = [];
  #nowMs = 0;
  readonly #beats = new Set<() => void>();

  constructor(server: MemoryServer = {}) {
    this.bucket = new MemoryObjects(server);
  }

  start({ bootedAtMs = 0 } = {}): RemoteLeases {
    return new RemoteLeases({
      objects: this.#objects(),
      leaseMs,
      onOff: (reason) => this.offs.push(reason),
      now: () => bootedAtMs + this.#nowMs,
      every: (_, act) => {
        this.#beats.add(act);
        return () => this.#beats.delete(act);
      },
    });
  }

  #objects(): ObjectStore {
    return new Proxy<ObjectStore>(this.bucket, {
      get: (bucket, name: keyof ObjectStore) => {
        if (name === 'put')
          return (...args: Parameters<ObjectStore['put']>) => {
            this.requests.push('put');
            return this.intercept(() => bucket.put(...args));
          };
        return (...args: unknown[]) => {
          this.requests.push(name);
          // The arguments are those of the method of this name.
          return (bucket[name] as (...args: unknown[]) => unknown).apply(bucket, args);
        };
      },
    });
  }

  pass(ms: number): void {
    this.#nowMs += ms;
  }

  get beating(): number {
    return this.#beats.size;
  }

  async beat(): Promise<void> {
    for (const act of [...this.#beats]) act();
    await new Promise(setImmediate);
  }

  get state(): State {
    return JSON.parse(Buffer.from(this.bucket.kept.get(leaseObject(key))!.content).toString()) as State;
  }
}

const lost = new RemoteError('unavailable', 'The connection broke.');

test('one of two has the lease; the other has it as soon as it is released', async () => {
  const machines = new Machines();
  const [one, other] = [machines.start(), machines.start()];
  assert.equal(await one.acquire(key), 'held');
  assert.equal(await one.acquire(key), 'held');
  assert.equal(await other.acquire(key), 'taken');
  await one.release(key);
  assert.equal(await other.acquire(key), 'held');
  assert.equal(machines.state.fence, 2);
});

test('a lease that was released long ago is had at once', async () => {
  const machines = new Machines();
  const one = machines.start();
  await one.acquire(key);
  await one.releaseAll();
  assert.equal(await machines.start().acquire(key), 'held');
});

test('results that are published at the same time under one lease are answered by one request', async () => {
  const machines = new Machines();
  const one = machines.start();
  await one.acquire(key);
  machines.requests.length = 0;
  const answers = await Promise.all(Array.from({ length: 8 }, () => one.mayPublish(key)));
  assert.deepEqual([new Set(answers), machines.requests], [new Set([true]), ['put']]);
  machines.intercept = () => Promise.reject(lost);
  await assert.rejects(one.mayPublish(key), lost);
  machines.intercept = (put) => put();
  assert.equal(await one.mayPublish(key), true);
});

test('a free lease costs one request, after one probe of the server', async () => {
  const machines = new Machines();
  const one = machines.start();
  await one.acquire(digestOf('another action'));
  machines.requests.length = 0;
  await one.acquire(key);
  assert.deepEqual(machines.requests, ['put']);
});

test('the lease of a dead holder is had after its time, by the clock of the waiter', async () => {
  const machines = new Machines();
  const dead = machines.start({ bootedAtMs: 1e9 });
  await dead.acquire(key);
  machines.pass(10 * leaseMs); // Nobody looked: it may just as well be alive.
  const waiter = machines.start();
  assert.equal(await waiter.acquire(key), 'taken');
  machines.pass(leaseMs - 1);
  assert.equal(await waiter.acquire(key), 'taken');
  machines.pass(1);
  assert.equal(await waiter.acquire(key), 'held');
  assert.equal(await dead.mayPublish(key), false, 'if it was but paused');
  assert.equal(await waiter.mayPublish(key), true);
});

test('a heartbeat keeps the lease however long the work takes', async () => {
  const machines = new Machines();
  const [one, other] = [machines.start(), machines.start()];
  await one.acquire(key);
  for (let time = 0; time < 10; time += 1) {
    machines.pass(leaseMs / 3);
    await machines.beat();
    assert.equal(await other.acquire(key), 'taken');
  }
  assert.equal(await one.mayPublish(key), true);
});

test('the heart beats only while there are leases', async () => {
  const machines = new Machines();
  const one = machines.start();
  assert.equal(machines.beating, 0);
  await one.acquire(key);
  await one.acquire(digestOf('another'));
  assert.equal(machines.beating, 1);
  await one.releaseAll();
  await machines.beat();
  assert.equal(machines.beating, 0);
});

test('asking to publish keeps the lease, too', async () => {
  const machines = new Machines();
  const [one, other] = [machines.start(), machines.start()];
  await one.acquire(key);
  await other.acquire(key);
  machines.pass(leaseMs);
  assert.equal(await one.mayPublish(key), true);
  assert.equal(await other.acquire(key), 'taken');
});

test('what was done without a lease may be published, without asking anybody', async () => {
  const machines = new Machines();
  assert.equal(await machines.start().mayPublish(key), true);
  assert.deepEqual(machines.requests, []);
});

test('a lease whose object was removed is lost', async () => {
  const machines = new Machines();
  const one = machines.start();
  await one.acquire(key);
  machines.bucket.kept.clear();
  await machines.beat();
  assert.equal(await one.mayPublish(key), false);
  assert.equal(await one.acquire(key), 'held');
  assert.equal(await one.mayPublish(key), true);
});

describe('an answer that is lost', () => {
  for (const [what, after] of [
    ['failed', () => Promise.reject(lost)],
    ['been refused, as a second attempt is', () => Promise.resolve({ isWritten: false } as const)],
  ] as const)
    test(`a write that came in counts although it seems to have ${what}`, async () => {
      const machines = new Machines();
      const one = machines.start();
      await one.acquire(digestOf('another action'));
      machines.intercept = async (put) => {
        await put();
        return after();
      };
      assert.equal(await one.acquire(key), 'held');
      assert.equal(await one.mayPublish(key), true);
      await one.release(key);
      assert.equal(machines.state.isReleased, true);
    });

  test('of a race that was lost does not make a winner', async () => {
    const machines = new Machines();
    const [one, other] = [machines.start(), machines.start()];
    await other.acquire(digestOf('another action'));
    await one.acquire(key);
    machines.intercept = async (put) => {
      await put();
      throw lost; // Some servers answer 500 to a loser.
    };
    assert.equal(await other.acquire(key), 'taken');
  });

  test('of a write that comes in late does not cost the lease', async () => {
    const machines = new Machines();
    const [one, other] = [machines.start(), machines.start()];
    await one.acquire(key);
    let late: (() => Promise<PutOutcome>) | undefined;
    machines.intercept = async (put) => {
      late = put;
      throw lost;
    };
    await machines.beat();
    machines.intercept = (put) => put();
    await late!();
    assert.equal(await one.mayPublish(key), true);
    assert.equal(await other.acquire(key), 'taken');
    await one.release(key);
    assert.equal(await other.acquire(key), 'held');
  });
});

describe('leases that cannot be had', () => {
  for (const conditions of ['unsupported', 'ignored'] as const)
    test(`a server by which conditional writes are ${conditions}: everybody works for himself, and that is told once`, async () => {
      const machines = new Machines({ conditions });
      const [one, other] = [machines.start(), machines.start()];
      for (let time = 0; time < 3; time += 1) assert.equal(await one.acquire(key), 'unasked');
      assert.equal(machines.offs.length, 1);
      assert.match(machines.offs[0]!, /conditional writes|conditions of writes/);
      assert.equal(await other.acquire(key), 'unasked');
      assert.equal(await one.mayPublish(key), true);
      await one.releaseAll();
      assert.deepEqual([...machines.bucket.kept.keys()], ['v1/leases/probe']);
    });

  test('a server that fails: work goes on without a lease, and the next one is asked for again', async () => {
    const machines = new Machines();
    const one = machines.start();
    machines.intercept = () => Promise.reject(lost);
    assert.equal(await one.acquire(key), 'unasked');
    machines.intercept = (put) => put();
    assert.equal(await one.acquire(key), 'held');
    machines.intercept = () => Promise.reject(lost);
    await machines.beat();
    await assert.rejects(one.mayPublish(key), lost);
    await one.release(key);
    assert.deepEqual(machines.offs, []);
  });

  test('a holder that seems to have failed to take it takes it when it asks again', async () => {
    const machines = new Machines();
    const one = machines.start();
    await one.acquire(digestOf('another action'));
    let late: (() => Promise<PutOutcome>) | undefined;
    machines.intercept = async (put) => {
      late = put;
      throw lost;
    };
    assert.equal(await one.acquire(key), 'unasked');
    machines.intercept = (put) => put();
    await late!();
    assert.equal(await one.acquire(key), 'held');
  });

  for (const content of ['', 'nonsense', '{}', '{"v":2}', `{"v":1,"holder":"x","fence":1e300}`])
    test(`"${content}" in place of a lease is waited for as long as a lease, and then replaced`, async () => {
      const machines = new Machines();
      await machines.bucket.put(leaseObject(key), Buffer.from(content));
      const one = machines.start();
      assert.equal(await one.acquire(key), 'taken');
      machines.pass(leaseMs);
      assert.equal(await one.acquire(key), 'held');
    });

  test('a lease that claims to last for ever is waited for as long as any', async () => {
    const machines = new Machines();
    const state = { v: 1, holder: 'x', fence: 7, seq: 1, leaseMs: 1e12, isReleased: false };
    await machines.bucket.put(leaseObject(key), Buffer.from(JSON.stringify(state)));
    const one = machines.start();
    await one.acquire(key);
    machines.pass(leaseMs);
    assert.equal(await one.acquire(key), 'held');
  });

  test('something large in place of a lease is not read: work goes on without one', async () => {
    const machines = new Machines();
    await machines.bucket.put(leaseObject(key), new Uint8Array(100_000));
    assert.equal(await machines.start().acquire(key), 'unasked');
  });
});

test('a lease tells nothing of the machine or the user', async () => {
  const machines = new Machines();
  await machines.start().acquire(key);
  const { holder } = machines.state;
  assert.deepEqual(machines.state, { v: 1, holder, fence: 1, seq: 1, leaseMs, isReleased: false });
  assert.match(holder, /^[0-9a-f-]{36}$/);
});

// ---- Any order of requests ----------------------------------------------------------------------------------------

type Step = 'acquire' | 'publish' | 'release' | 'beat' | 'pass' | 'passALot';
/** What becomes of a write: it is done; its answer is lost; it never arrives; or it arrives after it was given up. */
type Fate = 'done' | 'unanswered' | 'lost' | 'late';

const steps = fc.array(
  fc.constantFrom<Step>('acquire', 'acquire', 'publish', 'release', 'beat', 'pass', 'passALot'),
  {
    minLength: 5,
    maxLength: 25,
  },
);
const fates = fc.infiniteStream(
  fc.constantFrom<Fate>('done', 'done', 'done', 'done', 'unanswered', 'lost', 'late'),
);

interface Write {
  readonly machine: number;
  readonly atMs: number;
  readonly state: State;
}

/** A bucket that notes every lease that was written, and does requests in the order that a scheduler says. */
class ScheduledBucket {
  readonly memory = new MemoryObjects();
  readonly writes: Write[] = [];
  nowMs = 0;
  readonly #scheduler: fc.Scheduler;
  readonly #fates: Iterator<Fate>;

  constructor(scheduler: fc.Scheduler, fates: Iterator<Fate>) {
    this.#scheduler = scheduler;
    this.#fates = fates;
  }

  /** As one machine reaches it. */
  connect(machine: number): ObjectStore {
    const pass = (name: string): Promise<void> => this.#scheduler.schedule(Promise.resolve(), name);
    // Of a store, leases use these alone.
    return {
      get: async (name: string) => {
        await pass('get');
        const object = await this.memory.get(name);
        await pass('got');
        return object;
      },
      put: async (...args: Parameters<ObjectStore['put']>) => {
        const fate: Fate = args[0] === leaseObject(key) ? this.#fates.next().value! : 'done';
        const arrival = pass('put').then(() => (fate === 'lost' ? undefined : this.#put(machine, ...args)));
        if (fate !== 'late') await arrival;
        await pass('answer');
        if (fate === 'done') return (await arrival)!;
        throw lost;
      },
      delete: (name: string) => this.memory.delete(name),
    } as unknown as ObjectStore;
  }

  async #put(machine: number, ...args: Parameters<ObjectStore['put']>): Promise<PutOutcome> {
    // MemoryObjects decides before it first waits, so nothing comes between the write and the note.
    const writing = this.memory.put(...args);
    const atMs = this.nowMs;
    const outcome = await writing;
    if (outcome.isWritten && args[0] === leaseObject(key))
      this.writes.push({ machine, atMs, state: JSON.parse(Buffer.from(args[1]).toString()) as State });
    return outcome;
  }
}

test(`never do two machines both hold what they may publish, in any order of requests and faults (FLOW_SEED=${seed})`, async () => {
  const machine = fc.tuple(steps, fc.integer({ min: 0, max: 1e9 }));
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fates,
      fc.array(machine, { minLength: 4, maxLength: 4 }),
      async (scheduler, fate, machines) => {
        const bucket = new ScheduledBucket(scheduler, fate);
        const works = machines.map(([script, bootedAtMs], machine) =>
          work(bucket, scheduler, { machine, script, bootedAtMs }),
        );
        await scheduler.waitFor(Promise.all(works));
        checkWrites(bucket.writes);
      },
    ),
    { seed, numRuns: 100 },
  );
});

interface Script {
  readonly machine: number;
  readonly script: readonly Step[];
  readonly bootedAtMs: number;
}

async function work(
  bucket: ScheduledBucket,
  scheduler: fc.Scheduler,
  { machine, script, bootedAtMs }: Script,
): Promise<void> {
  const beats = new Set<() => void>();
  const leases = new RemoteLeases({
    objects: bucket.connect(machine),
    leaseMs,
    onOff: assert.fail,
    now: () => bootedAtMs + bucket.nowMs,
    every: (_, act) => {
      beats.add(act);
      return () => beats.delete(act);
    },
  });
  let isHeld = false;
  for (const step of script) {
    await scheduler.schedule(Promise.resolve(), step);
    if (step === 'acquire') isHeld = (await leases.acquire(key)) === 'held';
    if (step === 'release') await leases.release(key);
    if (step === 'release') isHeld = false;
    if (step === 'beat') for (const act of beats) act();
    if (step === 'pass') bucket.nowMs += leaseMs / 4;
    if (step === 'passALot') bucket.nowMs += leaseMs;
    if (step === 'publish' && isHeld) await checkPublish(bucket, leases, machine);
  }
}

/** Who may publish has held the lease at some moment since it asked. */
async function checkPublish(bucket: ScheduledBucket, leases: RemoteLeases, machine: number): Promise<void> {
  const before = bucket.writes.length;
  const mayPublish = await leases.mayPublish(key).catch(() => false);
  if (!mayPublish) return;
  const proofs = bucket.writes.slice(before).filter((write) => write.machine === machine);
  assert.ok(proofs.length > 0, 'nothing was written that proves it');
}

function checkWrites(writes: readonly Write[]): void {
  for (const [index, { atMs, state }] of writes.entries()) {
    const former = writes[index - 1];
    if (!former || former.state.holder === state.holder) continue;
    assert.equal(state.fence, former.state.fence + 1, 'the fence grows with each holder');
    const isOver = former.state.isReleased || atMs - former.atMs >= leaseMs;
    assert.ok(isOver, 'a lease is taken over only when it was released, or has run out');
  }
}
