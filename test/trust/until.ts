import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

const mostMs = 30_000;

/** Waits until something is so. @throws {AssertionError} after half a minute, so that no test hangs */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + mostMs;
  while (!isSo()) {
    assert.ok(performance.now() < deadlineMs, `waited in vain until ${what}`);
    await delay(2);
  }
}
