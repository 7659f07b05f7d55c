import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SilenceSpans, type Span } from '../../../rules/dsp/silence-spans.ts';

const threshold = 0.5;

/** The spans of samples that come in pieces of some number of frames. */
function spansOf(
  samples: readonly number[],
  options: { channels: number; minFrames: number; piece: number },
) {
  const { channels, minFrames, piece } = options;
  const silence = new SilenceSpans({ threshold, minFrames });
  for (let start = 0; start < samples.length; start += piece * channels) {
    silence.push(Float32Array.from(samples.slice(start, start + piece * channels)), channels);
  }
  return silence.finish();
}

function check(
  samples: readonly number[],
  options: { channels?: number; minFrames?: number },
  expected: Span[],
) {
  const { channels = 1, minFrames = 2 } = options;
  for (const piece of [1, 2, samples.length + 1]) {
    assert.deepEqual(spansOf(samples, { channels, minFrames, piece }), expected);
  }
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
  check([], {}, []);
});

test('spans are exactly the quiet frames, in stretches of the least length or more, whatever the pieces', () => {
  const sounds = fc.array(fc.constantFrom(0, 0, 0, 1), { maxLength: 60 });
  fc.assert(
    fc.property(
      sounds,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 70 }),
      (samples, minFrames, piece) => {
        const spans = spansOf(samples, { channels: 1, minFrames, piece });
        const quiet = samples.map((sample) => (sample === 0 ? 'q' : 'S')).join('');
        const expected = [...quiet.matchAll(new RegExp(`q{${minFrames},}`, 'g'))].map(
          ({ 0: run, index }) => ({
            start: index,
            end: index + run.length,
          }),
        );
        assert.deepEqual(spans, expected);
      },
    ),
  );
});
