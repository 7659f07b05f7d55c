import assert from 'node:assert/strict';
import { test } from 'node:test';
import { journalLine, readJournal } from '../../../engine/core/journal-line.ts';

const records = [
  { type: 'a', text: 'ä "quoted", {nested}' },
  { type: 'b', crc32: 'not ours' },
  { type: 'c', deep: [{ x: 1 }] },
];
const text = records.map((record) => `${journalLine(record)}\n`).join('');

test('what was written is read, in order', () => {
  assert.deepEqual(readJournal(text), { records, damaged: 0 });
});

test('a journal cut at any length gives the whole lines before the cut', () => {
  for (let length = 0; length <= text.length; length += 1) {
    const read = readJournal(text.slice(0, length));
    assert.deepEqual(read.records, records.slice(0, read.records.length), `cut at ${length}`);
    const ends = [...text.slice(0, length)].filter((character) => character === '\n').length;
    assert.ok(read.records.length >= ends, `cut at ${length}`);
  }
});

test('a line with any character changed is left out, and counted', () => {
  const line = journalLine({ type: 'a', n: 12 });
  for (let at = 0; at < line.length; at += 1) {
    const changed = line.slice(0, at) + String.fromCharCode(line.charCodeAt(at) ^ 1) + line.slice(at + 1);
    assert.deepEqual(readJournal(`${changed}\n`), { records: [], damaged: 1 }, `changed at ${at}`);
  }
});
