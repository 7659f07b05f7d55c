/** Interrupts that come while inputs are still being brought together: nothing is begun after them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancelled } from '../../../engine/core/errors.ts';
import type { ActionNode } from '../../../engine/core/plan.ts';
import type { TaskCall, TaskResult } from '../../../engine/io/task.ts';
import { ActionRunner, type RunnerSetting } from '../../../engine/run/action-runner.ts';
import { fakeNode } from '../../properties/fake-nodes.ts';

const call: TaskCall = { params: {}, segment: undefined, inputs: [], parts: [], meta: {} };

class CountingPool {
  begun = 0;

  perform(): Promise<TaskResult> {
    this.begun += 1;
    return Promise.resolve({ results: [], worker: 1, startedAtMs: 0, durationMs: 1 });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function runnerWith(pool: CountingPool, hardStop: AbortSignal): ActionRunner {
  const setting = { ledger: { of: () => ({}) }, index: {}, pool, world: {}, hardStop };
  return new ActionRunner(setting as unknown as RunnerSetting); // As much as these actions look at.
}

function node(name: string): ActionNode {
  const made = fakeNode(name, { reads: [] });
  const rule = { ...made.component.loaded.rule, timeoutSec: 60 };
  return { ...made, component: { ...made.component, loaded: { ...made.component.loaded, rule } } };
}

test('an action whose inputs were at hand only after the hard stop is not begun', async () => {
  const pool = new CountingPool();
  const stop = new AbortController();
  const runner = runnerWith(pool, stop.signal);
  await runner.perform([node('before')], [call]);
  stop.abort(cancelled());
  await assert.rejects(runner.perform([node('after')], [call]), { code: 'cancelled' });
  assert.equal(pool.begun, 1);
});

test('an action that nobody waits for any more when its inputs are at hand is not begun; others are', async () => {
  const pool = new CountingPool();
  const runner = runnerWith(pool, new AbortController().signal);
  const [stale, wanted] = [node('stale'), node('wanted')];
  runner.cancel((one) => one === stale);
  await assert.rejects(runner.perform([stale], [call]), { code: 'cancelled' });
  assert.equal(pool.begun, 0);
  await runner.perform([wanted], [call]);
  await runner.perform([stale, wanted], [call, call]);
  assert.equal(pool.begun, 2);
});
