import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortNames } from '../../engine/cli/short-names.ts';

function check(labels: readonly string[], expected: readonly string[]): void {
  const names = shortNames(labels);
  assert.deepEqual(
    labels.map((label) => names.get(label)),
    expected,
  );
}

test('a single run is named by its file', () => {
  check(['run:/long/way/to/clip.mp4'], ['clip.mp4']);
  check(['run:/long/way/to/clip.mp4//decode'], ['clip.mp4']);
});

test('runs of one file name are told apart by their folders', () => {
  check(['run:/a/x/clip.mp4', 'run:/b/x/clip.mp4', 'run:z.mp4'], ['a/x/clip.mp4', 'b/x/clip.mp4', 'z.mp4']);
});

test('runs of one video are told apart by their components', () => {
  check(
    ['run:a/clip.mp4//decode', 'run:a/clip.mp4//cuts', 'run:b.mp4'],
    ['clip.mp4//decode', 'clip.mp4//cuts', 'b.mp4'],
  );
});

test('the workspace has no name, and what is no video keeps its own', () => {
  check(['', '//one', 'run:a.mp4'], [undefined as unknown as string, '//one', 'a.mp4'] as string[]);
});

test('a name is one line, and a long one is cut where that leaves names different', () => {
  check(['run:new\nline\x1b[31m.mp4'], ['new\\nline\\x1b[31m.mp4']);
  check([`run:${'a'.repeat(40)}${'b'.repeat(40)}.mp4`], [`${'a'.repeat(24)}…${'b'.repeat(19)}.mp4`]);
  const twins = [`${'a'.repeat(40)}1${'b'.repeat(40)}`, `${'a'.repeat(40)}2${'b'.repeat(40)}`];
  check(
    twins.map((name) => `run:${name}`),
    twins,
  );
});
