import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EventFile } from '../../engine/cli/event-file.ts';
import { TraceFile } from '../../engine/cli/trace/trace-file.ts';
import type { TimedEvent } from '../../engine/core/events.ts';

const late: TimedEvent = {
  type: 'build_started',
  targets: [],
  jobs: 1,
  atMs: 0,
};

test('what comes after the end of a file of events or of a trace goes nowhere, not into the file that is opened next', () => {
  const folder = mkdtempSync(join(tmpdir(), 'flow-events-'));
  for (const Output of [EventFile, TraceFile]) {
    const output = new Output(join(folder, 'output'));
    output.close();
    const next = openSync(join(folder, 'next'), 'w'); // The lowest free descriptor: the one that was closed.
    output.listen(late);
    closeSync(next);
    assert.equal(readFileSync(join(folder, 'next'), 'utf8'), '');
  }
  rmSync(folder, { recursive: true });
});
