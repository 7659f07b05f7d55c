import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { SqliteCacheRecords, touchEveryMs } from '../../cache/sqlite-cache-records.ts';

interface Opened extends Disposable {
  open(): SqliteCacheRecords & Disposable;
}

function inFolder(): Opened {
  const folder = mkdtempSync(join(tmpdir(), 'flow-records-'));
  return {
    open: () => {
      const records = new SqliteCacheRecords(join(folder, 'records.db'), assert.fail);
      return Object.assign(records, { [Symbol.dispose]: () => records.close() });
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

test('a use is there for the next process, and written anew at most once an hour', () => {
  using place = inFolder();
  const beginMs = 1_700_000_000_000;
  mock.timers.enable({ apis: ['Date'], now: beginMs });
  try {
    for (const [laterMs, expectedMs] of [
      [0, 0],
      [touchEveryMs - 1, 0],
      [touchEveryMs, touchEveryMs],
    ] as const) {
      mock.timers.setTime(beginMs + laterMs);
      using records = place.open();
      records.noteUse('b3:a');
      records.flush();
      assert.equal(records.usedAtMs('b3:a'), beginMs + expectedMs);
    }
  } finally {
    mock.timers.reset();
  }
});

test('uses are written as soon as the thread is free, not at the end of the build', async () => {
  using place = inFolder();
  using records = place.open();
  using other = place.open();
  records.noteUse('b3:a');
  await new Promise((done) => setImmediate(done));
  assert.ok(other.usedAtMs('b3:a'));
});

test('a note says why something went until it is written again, or the note is forgotten', () => {
  using place = inFolder();
  {
    using records = place.open();
    records.noteUse('b3:a');
    records.note('evicted', [{ id: 'b3:a', reason: 'ceiling', bytes: 7, atMs: 1000 }]);
    records.note('not_uploaded', [{ id: 'b3:a', reason: 'the bucket is missing', bytes: 7, atMs: 2000 }]);
  }
  using records = place.open();
  assert.deepEqual(records.noteOf('evicted', 'b3:a'), { reason: 'ceiling', atMs: 1000 });
  const sums = records.sums('evicted', 0).map((row) => ({ ...row }));
  assert.deepEqual(sums, [{ reason: 'ceiling', count: 1, bytes: 7, at: 1000 }]);
  assert.equal(records.usedAtMs('b3:a'), undefined);
  records.noteWritten('b3:a');
  records.flush();
  assert.equal(records.noteOf('evicted', 'b3:a'), undefined);
  assert.equal(records.noteOf('not_uploaded', 'b3:a')?.reason, 'the bucket is missing');
  records.forgetNote('not_uploaded', 'b3:a');
  assert.equal(records.noteOf('not_uploaded', 'b3:a'), undefined);
});

test('what is written is added to the last count, and to nothing before there is one', () => {
  using place = inFolder();
  using records = place.open();
  assert.equal(records.addUsedBytes(5), undefined);
  records.setUsedBytes(100);
  using other = place.open();
  assert.deepEqual([other.addUsedBytes(5), records.usedBytes()], [105, 105]);
});

test('of the notes only the newest are kept', () => {
  using place = inFolder();
  using records = place.open();
  const notes = Array.from({ length: 50_010 }, (_, index) => ({
    id: `b3:${index}`,
    reason: 'age',
    bytes: 1,
    atMs: index,
  }));
  records.note('evicted', notes);
  records.setUsedBytes(0);
  assert.equal(records.noteOf('evicted', 'b3:0'), undefined);
  assert.ok(records.noteOf('evicted', 'b3:50009'));
  assert.ok((records.sums('evicted', 0)[0]?.count ?? 0) <= 50_001);
});
