import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderToString } from 'ink';
import { createElement } from 'react';
import { BuildProgress } from '../../../engine/cli/terminal/build-progress.ts';
import { BuildView } from '../../../engine/cli/terminal/build-view.ts';
import { nothingKnown, Telling } from './telling.ts';

const resources = { cores: 8, busyCores: 6.25, residentBytes: 2 ** 30, heapBytes: 2 ** 26 };

/** The lines of a view of what was told. */
function linesOf(
  tell: (telling: Telling) => void,
  { columns = 80, rows = 24, names = new Map<string, string>(), isStopping = false } = {},
): string[] {
  const progress = new BuildProgress(nothingKnown);
  const telling = new Telling((event) => progress.listen(event));
  tell(telling);
  const props = { progress: progress.at(telling.nowMs), resources, names, columns, rows, isStopping };
  return renderToString(createElement(BuildView, props), { columns }).split('\n');
}

function busy(telling: Telling, { actions = 3, run = 'run:a.mp4' } = {}): void {
  telling.plan(run, { optical_flow: 100 });
  for (let segment = 0; segment < actions; segment += 1) telling.started(run, 'optical_flow', segment);
}

test('one run shows the bar, what runs, and what it takes', () => {
  const lines = linesOf((telling) => {
    telling.build({ jobs: 8 });
    busy(telling);
    telling.finished('run:a.mp4', 'optical_flow', 0, { durationMs: 3000, frames: 250 });
    telling.pass(5000);
  });
  assert.deepEqual(lines, [
    '',
    `${'─'.repeat(34)}   1 %  1 of 100 actions  5 s, 2 min 42 s left`,
    '  optical_flow  #1            5 s',
    '  optical_flow  #2            5 s',
    '2 running on 8 cores · 1 ran · 50 frames/s',
    'machine: 6.3 of 8 cores busy · flow: 1.0 GiB of memory · heap 64.0 MiB',
  ]);
});

test('what does not fit is counted', () => {
  const lines = linesOf((telling) => {
    telling.build({ jobs: 64 });
    busy(telling, { actions: 64 });
  });
  assert.equal(lines.length, 12);
  assert.equal(lines.filter((line) => line.includes('optical_flow')).length, 7);
  assert.ok(lines.includes('  … and 57 more running'), lines.join('\n'));
});

test('five hundred runs are counted by their state, and those that work have a line', () => {
  const labels = Array.from({ length: 500 }, (_, index) => `run:${index}.mp4`);
  const lines = linesOf(
    (telling) => {
      telling.build({ jobs: 4 });
      for (const run of labels) telling.plan(run, { decode: 10 });
      for (const run of labels.slice(0, 300)) telling.runOver(run, 'success');
      telling.runOver('run:300.mp4', 'error');
      for (const run of ['run:301.mp4', 'run:302.mp4'])
        for (const segment of [0, 1]) telling.started(run, 'decode', segment);
    },
    { names: new Map(labels.map((label) => [label, label.slice(4)])) },
  );
  assert.ok(lines.includes('runs: 2 running · 300 done · 1 failed · 197 waiting'), lines.join('\n'));
  assert.ok(lines.includes('  301.mp4  ──────────  0/10  decode ×2 0 s'), lines.join('\n'));
  assert.ok(lines.length <= 12);
});

test('no line is wider than the terminal, and no view higher, however small that is', () => {
  for (const columns of [12, 30, 50, 80, 200])
    for (const rows of [3, 5, 10, 24, 60])
      for (const isStopping of [true, false]) {
        const tell = (telling: Telling): void => {
          telling.build({ jobs: 16 });
          busy(telling, { actions: 16, run: `run:${'long'.repeat(50)}.mp4` });
          telling.progress({ doneBytes: 1, totalBytes: 2 });
          telling.failed('run:b', 'x', 0);
        };
        const lines = linesOf(tell, { columns, rows, isStopping });
        assert.ok(lines.length <= Math.max(1, rows - 2), `${lines.length} lines in ${rows} rows`);
        for (const line of lines) assert.ok(line.length <= columns, `${line.length} > ${columns}: ${line}`);
      }
});

test('an interrupt is answered in the view', () => {
  const lines = linesOf(() => undefined, { isStopping: true });
  assert.ok(lines.some((line) => line.startsWith('Stopping: what runs is finished first.')));
});
