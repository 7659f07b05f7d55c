import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryActionCache } from '../../../cache/memory-action-cache.ts';
import { digestOf } from '../../../engine/core/digest.ts';
import type { ActionResult, KnownResult, SharedCache } from '../../../engine/core/store.ts';
import { type Flight, type Landed, SingleFlight, type Wait } from '../../../engine/run/single-flight.ts';

const key = digestOf('an action');
const flight: Flight = { key, lease: key, isCostly: true, accepts: () => true };
const result: ActionResult = { status: 'success', warnings: [], outputs: {}, durationMs: 5 };
const known: KnownResult = { result, ingredients: { rule: 'any' }, seal: { writer: 'another machine' } };

describe('taking an action', () => {
  test('one that is free is ours, and both leases are held before anybody looks whether it is done', async () => {
    const world = new World();
    assert.equal(await world.flights.take(flight), 'ours');
    assert.deepEqual(world.told, ['near acquire', 'far acquire', 'far look']);
  });

  test('other machines are not asked about one that is cheap', async () => {
    const world = new World();
    assert.equal(await world.flights.take({ ...flight, isCostly: false }), 'ours');
    world.flights.release(key);
    assert.deepEqual(world.told, ['near acquire', 'near release']);
  });

  test('with nobody to ask it is ours, and there is nothing to give back', async () => {
    const world = new World();
    world.far = 'unasked';
    assert.equal(await world.flights.take(flight), 'ours');
    world.flights.release(key);
    assert.deepEqual(world.told, ['near acquire', 'far acquire', 'far look', 'near release']);
  });

  test('what another process has finished since we looked is taken from it, and the lease given back', async () => {
    const world = new World();
    world.actions.put(key, result);
    assert.deepEqual(await world.flights.take(flight), { hit: result, isRemote: false });
    assert.deepEqual(world.told, ['near acquire', 'near release']);
  });

  test('what another machine has finished just before its lease was free is taken from it, with its seal', async () => {
    const world = new World();
    world.found = known;
    assert.deepEqual(await world.flights.take(flight), { hit: result, isRemote: true });
    assert.deepEqual(world.actions.get(key), result);
    assert.deepEqual(world.seals, [known.seal]);
    assert.deepEqual(world.told.slice(-2), ['near release', 'far release']);
  });

  test('a result of another machine that cannot be one of the action is not taken', async () => {
    const world = new World();
    world.found = known;
    assert.equal(await world.flights.take({ ...flight, accepts: () => false }), 'ours');
    assert.equal(world.actions.get(key), undefined);
  });

  test('while another machine is at it, other processes of this one may ask as well', async () => {
    const world = new World();
    world.far = 'taken';
    assert.equal(await world.flights.take(flight), 'taken');
    assert.deepEqual(world.told, ['near acquire', 'far acquire', 'near release']);
  });

  test('actions under one lease ask for it once, and it outlasts each of them', async () => {
    const world = new World();
    const lease = digestOf('the frames of a run');
    const keys = [digestOf('one'), digestOf('another')];
    for (const each of keys) {
      assert.equal(await world.flights.take({ ...flight, key: each, lease }), 'ours');
      world.flights.release(each);
    }
    assert.equal(world.told.filter((what) => what === 'far acquire').length, 1);
    assert.ok(!world.told.includes('far release'));
    world.flights.release(lease);
    assert.equal(world.told.at(-1), 'far release');
  });
});

describe('waiting for an action', () => {
  test('the result of another process of this machine lands within moments', async () => {
    const world = new World();
    world.near = 'taken';
    world.at(1000, () => world.actions.put(key, result));
    assert.deepEqual(await world.landed(), { hit: result, isRemote: false });
    assert.ok(world.nowMs <= 1050);
  });

  test('when the process that did it has gone without a result, the action is ours', async () => {
    const world = new World();
    world.near = 'taken';
    world.at(1000, () => {
      world.near = 'free';
    });
    assert.equal(await world.landed(), 'ours');
    assert.deepEqual(world.told.slice(-2), ['far look', 'far acquire']);
  });

  test('a process of this machine that takes longer than the action may is overdue', async () => {
    const world = new World();
    world.near = 'taken';
    assert.equal(await world.landed({ mostMs: 5000 }), 'overdue');
    assert.ok(world.nowMs >= 5000);
  });

  test('another machine that lives is waited for as long as it takes, and nothing is held meanwhile', async () => {
    const world = new World();
    world.far = 'taken';
    world.at(100_000, () => {
      assert.deepEqual(world.held, []);
      world.found = known;
    });
    assert.deepEqual(await world.landed({ mostMs: 5000 }), { hit: result, isRemote: true });
    assert.deepEqual(world.held, []);
  });

  test('when the lease of another machine has run out, the action is ours, with both leases', async () => {
    const world = new World();
    world.far = 'taken';
    world.at(15_000, () => {
      world.far = 'held';
    });
    assert.equal(await world.landed(), 'ours');
    assert.deepEqual(world.held, ['near', 'far']);
  });

  test('what nobody wants any more is not waited for, and nothing stays behind', async () => {
    const world = new World();
    world.far = 'taken';
    let isWanted = true;
    world.at(2000, () => {
      isWanted = false;
    });
    assert.equal(await world.landed({ isWanted: () => isWanted }), 'unwanted');
    assert.deepEqual(world.held, []);
  });

  test('what becomes ours in the moment in which nobody wants it any more is given back', async () => {
    const world = new World();
    let isWanted = true;
    world.onAcquire = () => {
      isWanted = false;
    };
    assert.equal(await world.landed({ isWanted: () => isWanted }), 'unwanted');
    assert.deepEqual(world.held, []);
  });

  test('nor does a lease of several actions stay behind, which becomes ours in that moment', async () => {
    const world = new World();
    let isWanted = true;
    world.onAcquire = () => {
      isWanted = false;
    };
    const shared = { ...flight, lease: digestOf('the frames of a run') };
    const landing = world.flights.land(shared, { mostMs: 1000, isWanted: () => isWanted });
    assert.equal(await world.until(landing), 'unwanted');
    assert.deepEqual(world.held, []);
  });

  test('a thousand actions that other machines do cost no more requests than a few', async () => {
    const world = new World();
    world.far = 'taken';
    let isWanted = true;
    const landing = Array.from({ length: 1000 }, (_, index) =>
      world.flights.land(
        { ...flight, key: digestOf(`action ${index}`), lease: digestOf('the frames of a run') },
        { mostMs: 1000, isWanted: () => isWanted },
      ),
    );
    let before = 0;
    world.at(10_000, () => {
      before = world.requests;
    });
    world.at(20_000, () => {
      assert.ok(world.requests - before <= 2 * 10 * 20 + 2, `${world.requests - before} requests in 10 s`);
      isWanted = false;
    });
    await world.until(Promise.all(landing));
  });
});

/** This machine, and what the others are about; its clock goes on when all are waiting. */
class World {
  readonly actions = new MemoryActionCache();
  readonly flights: SingleFlight;
  readonly told: string[] = [];
  readonly seals: unknown[] = [];
  near: 'free' | 'taken' = 'free';
  far: 'held' | 'taken' | 'unasked' = 'held';
  found: KnownResult | undefined;
  onAcquire: () => void = () => undefined;
  nowMs = 0;
  requests = 0;
  readonly #held = new Set<'near' | 'far'>();
  readonly #timers: { readonly atMs: number; readonly act: () => void }[] = [];

  constructor() {
    this.flights = new SingleFlight({
      actions: {
        get: (each) => this.actions.get(each),
        put: (each, made, _, seal) => {
          this.actions.put(each, made);
          this.seals.push(seal);
        },
        delete: (each) => this.actions.delete(each),
      },
      leases: {
        acquire: () => this.near === 'free' && this.#note('near acquire', () => this.#held.add('near')),
        release: () => this.#note('near release', () => this.#held.delete('near')),
        holder: () => 7,
      },
      shared: this.#shared(),
      now: () => this.nowMs,
      delay: (ms) => new Promise((resolve) => this.at(this.nowMs + ms, resolve)),
    });
  }

  #shared(): SharedCache {
    const unused = (): never => assert.fail('it has no business with that');
    return {
      find: unused,
      bring: unused,
      offer: unused,
      offerRun: unused,
      refuse: unused,
      findNew: async () => {
        this.#note('far look');
        return this.found;
      },
      acquire: async () => {
        this.onAcquire();
        this.#note('far acquire', () => this.far === 'held' && this.#held.add('far'));
        return this.far;
      },
      release: () => this.#note('far release', () => this.#held.delete('far')),
    };
  }

  #note(what: string, act: () => void = () => undefined): true {
    if (what === 'far look' || what === 'far acquire') this.requests += 1;
    this.told.push(what);
    act();
    return true;
  }

  get held(): string[] {
    return [...this.#held];
  }

  at(atMs: number, act: () => void): void {
    this.#timers.push({ atMs, act });
  }

  /** What comes of waiting for the action. */
  landed({ mostMs = 60_000, isWanted = () => true }: Partial<Wait> = {}): Promise<Landed> {
    return this.until(this.flights.land(flight, { mostMs, isWanted }));
  }

  async until<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    work.then(over, over);
    for (;;) {
      await new Promise(setImmediate);
      if (isOver) return work;
      const next = Math.min(...this.#timers.map(({ atMs }) => atMs));
      assert.ok(Number.isFinite(next), 'nobody would ever end this');
      this.nowMs = next;
      const due = this.#timers.filter(({ atMs }) => atMs === next);
      for (const timer of due) {
        this.#timers.splice(this.#timers.indexOf(timer), 1);
        timer.act();
      }
    }
  }
}
