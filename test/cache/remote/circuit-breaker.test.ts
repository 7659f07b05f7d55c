import assert from 'node:assert/strict';
import test from 'node:test';
import { CircuitBreaker, type Permit } from '../../../cache/remote/circuit-breaker.ts';
import { RemoteError, type RemoteFault } from '../../../cache/remote/object-store.ts';

/** A breaker on a clock that is set by hand, and what it has said. */
function bench() {
  const told: string[] = [];
  const clock = { ms: 0 };
  const breaker = new CircuitBreaker({
    now: () => clock.ms,
    onOpen: (reason) => told.push(`open: ${reason.fault}`),
    onClose: () => told.push('closed'),
  });
  const fail = (fault: RemoteFault, permit: Permit = breaker.admit()!): void =>
    breaker.failed(permit, new RemoteError(fault, 'why'));
  const failTimes = (count: number): void => {
    for (let index = 0; index < count; index += 1) fail('unavailable');
  };
  return { breaker, clock, told, fail, failTimes };
}

test('five failures in a row open it, and it says so once', () => {
  const { breaker, told, failTimes, fail } = bench();
  const late = breaker.admit()!;
  failTimes(4);
  assert.equal(breaker.admit(), 'request');
  fail('throttled');
  assert.equal(breaker.admit(), undefined);
  fail('unavailable', late);
  assert.deepEqual(told, ['open: throttled']);
  assert.equal(breaker.reason?.fault, 'throttled');
});

test('an answer between failures starts the count anew', () => {
  const { breaker, told, failTimes, fail } = bench();
  failTimes(4);
  breaker.answered(breaker.admit()!);
  failTimes(4);
  fail('unsupported'); // An answer, too: the server is there.
  failTimes(4);
  assert.deepEqual(told, []);
});

test('a server that has never answered, and takes seconds to fail, is left alone after the second time', () => {
  const { breaker, clock, told, fail } = bench();
  fail('unavailable');
  clock.ms = 4000;
  fail('unavailable');
  assert.deepEqual(told, ['open: unavailable']);

  const known = bench();
  known.breaker.answered(known.breaker.admit()!);
  for (; known.clock.ms < 4 * 5000; known.clock.ms += 5000) known.fail('unavailable');
  assert.deepEqual(known.told, [], 'one that was there may be slow for a while');
  assert.equal(breaker.admit(), undefined);
});

test('a refusal opens it at once', () => {
  for (const fault of ['denied', 'no_bucket'] as const) {
    const { told, fail } = bench();
    fail(fault);
    assert.deepEqual(told, [`open: ${fault}`]);
  }
});

test('after the pause one request may probe, and its answer closes the circuit', () => {
  const { breaker, clock, told, failTimes } = bench();
  failTimes(5);
  clock.ms = 29_999;
  assert.equal(breaker.admit(), undefined);
  clock.ms = 30_000;
  assert.equal(breaker.admit(), 'probe');
  assert.equal(breaker.admit(), undefined);
  breaker.answered('probe');
  assert.equal(breaker.admit(), 'request');
  assert.equal(breaker.reason, undefined);
  assert.deepEqual(told, ['open: unavailable', 'closed']);
});

test('a probe that fails doubles the pause, up to five minutes, and nothing is said', () => {
  const { breaker, clock, told, failTimes, fail } = bench();
  failTimes(5);
  const pauses = [30, 60, 120, 240, 300, 300].map((seconds) => {
    clock.ms += seconds * 1000 - 1;
    assert.equal(breaker.admit(), undefined);
    clock.ms += 1;
    fail('unavailable', breaker.admit());
    return seconds;
  });
  assert.equal(pauses.length, 6);
  assert.deepEqual(told, ['open: unavailable']);
});

test('after a good probe the next pause is short again', () => {
  const { breaker, clock, failTimes, fail } = bench();
  failTimes(5);
  clock.ms += 30_000;
  fail('unavailable', breaker.admit());
  clock.ms += 60_000;
  breaker.answered(breaker.admit()!);
  failTimes(5);
  clock.ms += 30_000;
  assert.equal(breaker.admit(), 'probe');
});

test('answers that come after it has opened neither close it nor count', () => {
  const { breaker, clock, told, failTimes } = bench();
  const slow = breaker.admit()!;
  failTimes(5);
  breaker.answered(slow);
  assert.equal(breaker.admit(), undefined);
  clock.ms = 30_000;
  assert.equal(breaker.admit(), 'probe');
  breaker.answered(slow);
  assert.equal(breaker.admit(), undefined);
  assert.deepEqual(told, ['open: unavailable']);
});

test('a probe that was given up lets the next request probe', () => {
  const { breaker, clock, failTimes } = bench();
  failTimes(5);
  clock.ms = 30_000;
  breaker.abandoned(breaker.admit()!);
  assert.equal(breaker.admit(), 'probe');
});
