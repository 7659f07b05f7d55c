import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventLines } from '../../engine/cli/event-lines.ts';
import { Telling } from './terminal/telling.ts';

function linesOf(runs: readonly string[], tell: (telling: Telling) => void): string[] {
  const lines = new EventLines({ runs, components: ['decode', 'cuts'] }, { isColoured: false });
  const texts: string[] = [];
  tell(new Telling((event) => texts.push(...lines.of(event).map(({ text }) => text))));
  return texts;
}

test('a component that is over says what it took', () => {
  const lines = linesOf(['run:a.mp4'], (telling) => {
    telling.finished('run:a.mp4', 'decode', 0, { bytes: 2048 });
    telling.cached('run:a.mp4', 'decode', 1);
    telling.componentOver('run:a.mp4', 'decode', { durationMs: 1500 });
    telling.cached('run:a.mp4', 'cuts', 0);
    telling.componentOver('run:a.mp4', 'cuts');
  });
  assert.deepEqual(lines, [
    'success  decode    1.50 s   2.0 KiB  1 ran, 1 cached',
    'success  cuts      cached',
  ]);
});

test('an error that many segments meet, and a note that many make, are told once', () => {
  const lines = linesOf(['run:a.mp4'], (telling) => {
    for (const segment of [0, 1, 2]) {
      telling.finished('run:a.mp4', 'decode', segment, { warnings: ['odd timestamps'] });
      telling.failed('run:a.mp4', 'cuts', segment);
    }
  });
  assert.deepEqual(lines, [
    'warning  decode: odd timestamps',
    'cuts: rule_failed\n  Cannot finish the rule: it is broken.\n  Fix: Correct the rule.',
  ]);
});

test('of many runs each that goes well is one line', () => {
  const runs = Array.from({ length: 30 }, (_, index) => `run:clip${index}.mp4`);
  const lines = linesOf(runs, (telling) => {
    for (const run of runs) {
      telling.finished(run, 'decode', 0, { bytes: 1024 });
      telling.componentOver(run, 'decode');
      telling.cached(run, 'cuts', 0);
      telling.componentOver(run, 'cuts');
      telling.runOver(run, 'success');
    }
  });
  assert.equal(lines.length, 30);
  assert.equal(lines[3], 'success  clip3.mp4   1 action ran, 1 cached  1.0 KiB');
});
