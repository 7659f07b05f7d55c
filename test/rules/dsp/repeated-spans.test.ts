import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type RepeatedSpan, RepeatFinder } from '../../../rules/dsp/repeated-spans.ts';

const options = { minSimilarity: 0.9, otherSimilarity: 0.5, minLengthSec: 3, minLagSec: 2 };

/** Repeats of a film that is a text: a letter a second, each like itself, a little less like itself as a capital, unlike the others. */
function repeatsOf(film: string, timesSec = Float64Array.from(film, (_, at) => at)): RepeatedSpan[] {
  const finder = new RepeatFinder(timesSec, options);
  for (let sample = film.length - 1; sample >= 0; sample -= 1) {
    finder.add(
      sample,
      Float64Array.from(film.slice(0, sample), (letter) => likeness(letter, film[sample]!)),
    );
  }
  return finder.spans();
}

function likeness(a: string, b: string): number {
  if (a === b) return 1;
  return a.toLowerCase() === b.toLowerCase() ? 0.7 : 0;
}

test('what comes back after something else is a repeat', () => {
  assert.deepEqual(repeatsOf('abcdefgh12345abcdefgh'), [{ start: 13, end: 21, firstStart: 0 }]);
});

test('a picture that stands still repeats nothing, however long', () => {
  assert.deepEqual(repeatsOf('a'.repeat(60)), []);
});

test('a picture in which little moves repeats nothing', () => {
  assert.deepEqual(repeatsOf('aaaaaaAAAAAAaaaaaaAAAAAAaaaaaa'), []);
});

test('a still picture that comes back is one repeat', () => {
  assert.deepEqual(repeatsOf('aaaaaaaabbbbbaaaaaaaa'), [{ start: 13, end: 21, firstStart: 0 }]);
});

test('a repeat with fast cuts is found although it is sampled between the samples of the first', () => {
  // Each letter is shown for 1.5 s.
  const shown = (fromSec: number) =>
    Array.from({ length: 12 }, (_, second) => 'abcdefghij'[Math.floor((fromSec + second) / 1.5)]).join('');
  assert.equal(shown(0), 'aabccdeefggh');
  assert.equal(shown(0.7), 'abbcddeffghh');
  assert.deepEqual(repeatsOf(`${shown(0)}12345${shown(0.7)}`), [{ start: 17, end: 29, firstStart: 0 }]);
});

test('what is shorter than the least length is no repeat', () => {
  assert.deepEqual(repeatsOf('ab12345ab'), []);
});

test('a third showing is a repeat of the first', () => {
  assert.deepEqual(repeatsOf('abcdef123abcdef45678abcdef'), [
    { start: 9, end: 15, firstStart: 0 },
    { start: 20, end: 26, firstStart: 0 },
  ]);
});

test('a repeat never overlaps its own source', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 60 });
  fc.assert(
    fc.property(letters, (film) => {
      let last = 0;
      for (const { start, end, firstStart } of repeatsOf(film)) {
        assert.ok(start >= last && end <= film.length && end - start >= 3, film);
        assert.ok(firstStart >= 0 && firstStart + end - start <= start, film);
        last = end;
      }
    }),
  );
});

test('times that begin anew in each segment do not break a repeat', () => {
  const film = 'abcdefghijklmnop0123456789abcdefghijklmnop';
  // A grid of seconds that starts again every 6.4 s.
  const timesSec = Float64Array.from(film, (_, at) => Math.floor(at / 7) * 6.4 + (at % 7));
  assert.deepEqual(repeatsOf(film, timesSec), [{ start: 26, end: 42, firstStart: 0 }]);
});
