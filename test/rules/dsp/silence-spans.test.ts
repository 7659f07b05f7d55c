import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Span, silenceSpans } from '../../../rules/dsp/silence-spans.ts';

const threshold = 0.5;

function check(
  samples: readonly number[],
  options: { channels?: number; minFrames?: number },
  expected: Span[],
) {
  const { channels = 1, minFrames = 2 } = options;
  assert.deepEqual(silenceSpans(Float32Array.from(samples), { channels, threshold, minFrames }), expected);
}

test('silence is told from its first quiet sample to its last', () => {
  check([0, 0, 1, 0, 0, 0, -1, 0, 0], {}, [
    { start: 0, end: 2 },
    { start: 3, end: 6 },
    { start: 7, end: 9 },
  ]);
});

test('a silence shorter than the shortest is not told', () => {
  check([1, 0, 0, 1, 0, 1], { minFrames: 3 }, []);
});

test('a sample at the threshold is sound, whatever its sign', () => {
  check([0, 0, 0.5, 0, -0.5, 0.499, -0.499], {}, [
    { start: 0, end: 2 },
    { start: 5, end: 7 },
  ]);
});

test('sound in one channel is sound', () => {
  check([0, 0, 0, 1, 0, 0, 0, 0], { channels: 2 }, [{ start: 2, end: 4 }]);
});

test('no samples have no silence', () => {
  check([], { channels: 0 }, []);
});

test('spans are exactly the quiet frames, in stretches of the least length or more', () => {
  const sounds = fc.array(fc.constantFrom(0, 0, 0, 1), { maxLength: 60 });
  fc.assert(
    fc.property(sounds, fc.integer({ min: 1, max: 5 }), (samples, minFrames) => {
      const spans = silenceSpans(Float32Array.from(samples), { channels: 1, threshold, minFrames });
      const quiet = samples.map((sample) => (sample === 0 ? 'q' : 'S')).join('');
      const expected = [...quiet.matchAll(new RegExp(`q{${minFrames},}`, 'g'))].map(({ 0: run, index }) => ({
        start: index,
        end: index + run.length,
      }));
      assert.deepEqual(spans, expected);
    }),
  );
});
