/** Runs checks: whatever one of them throws or waits for, it comes to a finding. */
import { setTimeout as delay } from 'node:timers/promises';
import { errorsIn, errorText } from '../error-text.ts';
import type { Check, Finding } from './finding.ts';

export interface Examined extends Finding {
  readonly area: Check['area'];
}

/** @returns the findings in the order of the checks, which run side by side */
export async function examine(checks: readonly Check[], timeoutMs: number): Promise<Examined[]> {
  const findings = await Promise.all(checks.map((check) => examineOne(check, timeoutMs)));
  return findings.flatMap((ofCheck, index) =>
    ofCheck.map((finding) => ({ area: checks[index]!.area, ...finding })),
  );
}

async function examineOne(check: Check, timeoutMs: number): Promise<readonly Finding[]> {
  const limit = new AbortController();
  try {
    const given = (async () => check.examine(limit.signal))(); // Also of one that throws at once.
    const late = delay(timeoutMs, undefined, { signal: limit.signal }).then(() => [
      tooSlow(check, timeoutMs),
    ]);
    late.catch(() => undefined); // Cut short below, when the check was in time.
    given.catch(() => undefined); // Nobody waits for it once it is too late.
    return await Promise.race([given, late]);
  } catch (thrown) {
    return errorsIn(thrown).map((error) => ({
      name: check.name,
      level: 'fail',
      found: errorText(error).replace(/\n {2}Fix: .*$/s, ''),
      fix: error.fix,
    }));
  } finally {
    limit.abort();
  }
}

function tooSlow({ name }: Check, timeoutMs: number): Finding {
  const found = `no answer within ${timeoutMs / 1000} s`;
  return {
    name,
    level: 'fail',
    found,
    fix: 'Find out what it waits for: a network folder, a stuck program.',
  };
}
