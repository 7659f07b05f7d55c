/** Asks the server of a remote cache what it lets this machine do; told as far as it was found out in some seconds. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '../../../cache/remote/answers-of.ts';
import { type BucketSettings, openBareObjects } from '../../../cache/remote/open-objects.ts';
import { durationText } from '../duration-text.ts';
import { type BucketUse, bucketFindings } from './bucket-findings.ts';
import type { Finding } from './finding.ts';

/** All of it together: shorter than the doctor waits for a check, so that what was found is told. */
const patienceMs = 10_000;

/** @throws only what is no fault of the server */
export async function examineBucket(
  settings: BucketSettings,
  use: BucketUse,
  withinMs = patienceMs,
): Promise<Finding[]> {
  const answers: Answer[] = [];
  const { objects, close } = await openBareObjects(settings, { onAnswer: (answer) => answers.push(answer) });
  try {
    return await untilLate(bucketFindings({ objects, answers, use }), withinMs);
  } finally {
    close(); // Breaks off what is under way.
  }
}

/** What was found by then; the rest is broken off. */
export async function untilLate(findings: AsyncIterator<Finding>, withinMs: number): Promise<Finding[]> {
  const found: Finding[] = [];
  const inTime = new AbortController();
  const late = delay(withinMs, 'late' as const, { signal: inTime.signal });
  late.catch(() => undefined); // Cut short below.
  try {
    for (;;) {
      const next = await Promise.race([findings.next(), late]);
      if (next === 'late') return [...found, tooSlow(withinMs)];
      if (next.done) return found;
      found.push(next.value);
    }
  } finally {
    inTime.abort();
  }
}

function tooSlow(withinMs: number): Finding {
  return {
    name: 'speed',
    level: 'fail',
    found: `a few small requests were not done within ${durationText(withinMs)}: the rest was not tried`,
    fix: 'Find out what slows the server or the way to it.',
  };
}
