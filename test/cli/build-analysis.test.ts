import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BuildAnalysis, type Timing } from '../../engine/cli/build-analysis.ts';
import { timingLines } from '../../engine/cli/timing-lines.ts';
import { Telling } from './terminal/telling.ts';

const run = 'run:a.mp4';

function timingOf(tell: (telling: Telling) => void): Timing {
  const analysis = new BuildAnalysis();
  tell(new Telling((event) => analysis.listen(event)));
  return analysis.result();
}

/** plan → decode 0 and 1 → cuts, of which decode 1 is the slower. */
function diamond(telling: Telling, label = run, factor = 1): void {
  telling.finished(label, 'plan', 0, { durationMs: 100 * factor });
  for (const segment of [0, 1]) telling.queued(label, 'decode', segment, [`${label}//plan#0`]);
  telling.finished(label, 'decode', 0, { durationMs: 400 * factor });
  telling.finished(label, 'decode', 1, { durationMs: 700 * factor });
  telling.queued(label, 'cuts', 0, [`${label}//decode#0`, `${label}//decode#1`]);
  telling.finished(label, 'cuts', 0, { durationMs: 300 * factor });
}

test('the critical path is the longest chain of actions that needed each other', () => {
  const { critical_path } = timingOf((telling) => diamond(telling));
  assert.equal(critical_path.duration_ms, 1100);
  assert.deepEqual(
    critical_path.actions.map(({ component, segment }) => `${component}#${segment}`),
    ['plan#0', 'decode#1', 'cuts#0'],
  );
});

test('of many runs the longest chain is kept, also when its run is over', () => {
  const { critical_path, slowest_components, slowest_actions } = timingOf((telling) => {
    for (let index = 0; index < 500; index += 1) {
      diamond(telling, `run:${index}.mp4`, index === 77 ? 10 : 1);
      telling.runOver(`run:${index}.mp4`, 'success');
    }
  });
  assert.equal(critical_path.actions[0]!.target, 'run:77.mp4');
  assert.deepEqual(slowest_components[0], {
    component: 'decode',
    actions: 1000,
    duration_ms: 499 * 1100 + 11_000,
  });
  assert.equal(slowest_actions[0]!.duration_ms, 7000);
  assert.equal(slowest_actions.length, 10);
});

test('the lines name what took more than a second, and nothing where nothing did', () => {
  assert.deepEqual(
    timingLines(
      timingOf((telling) => diamond(telling)),
      new Map(),
    ),
    [
      'slowest: decode 1.10 s in 2 actions',
      'critical path, 1.10 s: plan #0 0.10 s → decode #1 0.70 s → cuts #0 0.30 s',
    ],
  );
  assert.deepEqual(
    timingLines(
      timingOf((telling) => diamond(telling, run, 0.1)),
      new Map(),
    ),
    [],
  );
});

test('a long critical path is told by its longest steps', () => {
  const timing = timingOf((telling) => {
    for (let step = 0; step < 20; step += 1) {
      telling.queued(run, 'step', step, step > 0 ? [`${run}//step#${step - 1}`] : []);
      telling.finished(run, 'step', step, { durationMs: step % 5 === 0 ? 1000 : 10 });
    }
  });
  const [, path] = timingLines(timing, new Map());
  assert.match(path!, /^critical path, 4\.16 s: step #0 1\.00 s → .*… → step #5 1\.00 s → … → step #10/);
});
