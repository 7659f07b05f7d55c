import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BuildProgress, type Progress } from '../../../engine/cli/terminal/build-progress.ts';
import { nothingKnown, Telling } from './telling.ts';

function progressOf(tell: (telling: Telling) => void, history = nothingKnown): Progress {
  const progress = new BuildProgress(history);
  const telling = new Telling((event) => progress.listen(event));
  tell(telling);
  return progress.at(telling.nowMs);
}

test('what is planned, done, running and queued adds up', () => {
  const progress = progressOf((telling) => {
    telling.build({ jobs: 4 });
    telling.plan('run:a.mp4', { decode: 4, cuts: 5 });
    telling.cached('run:a.mp4', 'decode', 0, { bytes: 100 });
    for (const segment of [1, 2, 3]) telling.queued('run:a.mp4', 'decode', segment);
    telling.started('run:a.mp4', 'decode', 1);
    telling.started('run:a.mp4', 'decode', 2);
    telling.pass(300);
    telling.finished('run:a.mp4', 'decode', 1, { durationMs: 300 });
  });
  const { done, planned, queued, ran, cached, running, share } = progress;
  assert.deepEqual(
    { done, planned, queued, ran, cached },
    {
      done: 2,
      planned: 9,
      queued: 1,
      ran: 1,
      cached: { local: 1, remote: 0, bytes: 100 },
    },
  );
  assert.deepEqual(running, [{ component: 'decode', run: 'run:a.mp4', segment: 2, elapsedMs: 300 }]);
  assert.equal(share, 2 / 9);
});

test('actions that make their bytes again are not progress', () => {
  const progress = progressOf((telling) => {
    telling.build();
    telling.plan('run:a.mp4', { decode: 2 });
    telling.ran('run:a.mp4', 'decode', 0);
    telling.ran('run:a.mp4', 'decode', 0, { reason: 'regenerate' });
  });
  assert.equal(progress.done, 1);
  assert.equal(progress.ran, 1);
  assert.deepEqual(progress.running, []);
});

test('a run that ends early takes what it has not done out of the plan', () => {
  const progress = progressOf((telling) => {
    telling.build();
    telling.plan('run:a.mp4', { decode: 4, cuts: 5 });
    telling.plan('run:b.mp4', { decode: 1 });
    telling.queued('run:a.mp4', 'decode', 1);
    telling.queued('run:a.mp4', 'decode', 2);
    telling.started('run:a.mp4', 'decode', 1);
    telling.failed('run:a.mp4', 'decode', 1);
    telling.runOver('run:a.mp4', 'error');
  });
  assert.equal(progress.planned, 2);
  assert.equal(progress.done, 1);
  assert.equal(progress.queued, 0);
  assert.equal(progress.failed, 1);
  assert.deepEqual(progress.runs, { waiting: 1, running: 0, success: 0, partial: 0, error: 1, cancelled: 0 });
});

test('a retry runs no more and is queued again, and an interrupted action has not failed', () => {
  const progress = progressOf((telling) => {
    telling.build();
    telling.plan('run:a.mp4', { decode: 2 });
    telling.queued('run:a.mp4', 'decode', 0);
    telling.started('run:a.mp4', 'decode', 0);
    telling.retried('run:a.mp4', 'decode', 0);
    telling.failed('run:a.mp4', 'decode', 1, 'cancelled');
  });
  const { queued, retried, failed, running } = progress;
  assert.deepEqual({ queued, retried, failed, running }, { queued: 1, retried: 1, failed: 0, running: [] });
});

test('the frames of a segment count once, whatever is done with it', () => {
  const progress = progressOf((telling) => {
    telling.build();
    telling.plan('run:a.mp4', { decode: 2, cuts: 2 });
    for (const component of ['decode', 'cuts'])
      for (const segment of [0, 1])
        telling.ran('run:a.mp4', component, segment, { frames: 100, durationMs: 500 });
  });
  assert.equal(progress.framesPerSecond, 100);
});

test('the time that is left comes from history, shared by the cores that are in use', () => {
  const history = { expectedMs: (component: string) => ({ decode: 1000, depth: 4000 })[component] };
  const progress = progressOf((telling) => {
    telling.build({ jobs: 2 });
    telling.plan('run:a.mp4', { decode: 4, depth: 4 });
    for (const segment of [0, 1]) telling.started('run:a.mp4', 'decode', segment);
    telling.pass(1000);
    for (const segment of [0, 1]) telling.finished('run:a.mp4', 'decode', segment, { durationMs: 1000 });
    for (const segment of [2, 3]) telling.started('run:a.mp4', 'decode', segment);
    telling.pass(1000);
    for (const segment of [2, 3]) telling.finished('run:a.mp4', 'decode', segment, { durationMs: 1000 });
  }, history);
  assert.equal(progress.leftMs, 8000);
});

test('without history the mean of what ran is what the rest is likely to take', () => {
  const tell = (telling: Telling): void => {
    telling.build({ jobs: 1 });
    telling.plan('run:a.mp4', { decode: 10 });
    for (const segment of [0, 1, 2]) telling.ran('run:a.mp4', 'decode', segment, { durationMs: 1000 });
  };
  assert.equal(progressOf(tell).leftMs, 7000);
});

test('nobody guesses the time that is left before anything ran', () => {
  const progress = progressOf((telling) => {
    telling.build();
    telling.plan('run:a.mp4', { decode: 10 });
    telling.started('run:a.mp4', 'decode', 0);
    telling.pass(60_000);
  });
  assert.equal(progress.leftMs, undefined);
});

test('runs that are not planned yet count as much as the others', () => {
  const progress = progressOf((telling) => {
    telling.build({ jobs: 1 });
    telling.runStarted('run:b.mp4');
    telling.planTable('run:b.mp4', { segment_plan: 1 });
    telling.plan('run:a.mp4', { decode: 4 });
    for (const segment of [0, 1, 2, 3]) telling.ran('run:a.mp4', 'decode', segment, { durationMs: 1000 });
  });
  assert.equal(progress.isPlanning, true);
  assert.equal(progress.share, 0.4);
  assert.ok(progress.leftMs! >= 4000, String(progress.leftMs));
});

test('five hundred runs that are over are remembered as numbers alone', () => {
  const progress = new BuildProgress(nothingKnown);
  const telling = new Telling((event) => progress.listen(event));
  telling.build({ jobs: 8 });
  for (let run = 0; run < 500; run += 1) telling.plan(`run:${run}.mp4`, { decode: 20, cuts: 20 });
  for (let run = 0; run < 499; run += 1) {
    for (const component of ['decode', 'cuts'])
      for (let segment = 0; segment < 20; segment += 1)
        telling.ran(`run:${run}.mp4`, component, segment, { frames: 10, durationMs: 1 });
    telling.runOver(`run:${run}.mp4`, 'success');
  }
  telling.started('run:499.mp4', 'decode', 0);
  const { done, planned, runs, activeRuns, isPlanning } = progress.at(telling.nowMs);
  assert.deepEqual({ done, planned, isPlanning }, { done: 499 * 40, planned: 500 * 40, isPlanning: false });
  assert.deepEqual(runs, { waiting: 0, running: 1, success: 499, partial: 0, error: 0, cancelled: 0 });
  assert.deepEqual(
    activeRuns.map(({ run }) => run),
    ['run:499.mp4'],
  );
});

test('an activity is shown until all of its bytes are done', () => {
  const shown = (doneBytes: number): readonly unknown[] =>
    progressOf((telling) => telling.progress({ doneBytes, totalBytes: 100 })).activities;
  assert.equal(shown(99).length, 1);
  assert.equal(shown(100).length, 0);
});
