import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RealFft } from '../../../rules/dsp/fft.ts';

interface Spectrum {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function transform(signal: Float64Array): Spectrum {
  const re = new Float64Array(signal.length / 2 + 1);
  const im = new Float64Array(signal.length / 2 + 1);
  new RealFft(signal.length).forward(signal, re, im);
  return { re, im };
}

/** By the definition of the transform. */
function slowTransform(signal: Float64Array): Spectrum {
  const sums = Array.from({ length: signal.length / 2 + 1 }, (_, k) => {
    const angle = (2 * Math.PI * k) / signal.length;
    const sum = (wave: (x: number) => number) =>
      signal.reduce((total, value, n) => total + value * wave(angle * n), 0);
    return { re: sum(Math.cos), im: -sum(Math.sin) };
  });
  return { re: Float64Array.from(sums, ({ re }) => re), im: Float64Array.from(sums, ({ im }) => im) };
}

function assertClose(actual: Float64Array, expected: Float64Array, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  for (const [index, value] of actual.entries()) {
    assert.ok(
      Math.abs(value - expected[index]!) <= tolerance,
      `element ${index}: ${value}, not ${expected[index]}`,
    );
  }
}

const signalOf = (size: number) =>
  fc
    .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: size, maxLength: size })
    .map((values) => Float64Array.from(values));

const signals = fc.constantFrom(4, 8, 16, 64, 256).chain(signalOf);

test('the fast transform gives what the definition gives', () => {
  fc.assert(
    fc.property(signals, (signal) => {
      const [fast, slow] = [transform(signal), slowTransform(signal)];
      assertClose(fast.re, slow.re, 1e-10);
      assertClose(fast.im, slow.im, 1e-10);
    }),
    { numRuns: 50 },
  );
});

test('the spectrum holds the energy of the signal (Parseval)', () => {
  fc.assert(
    fc.property(signals, (signal) => {
      const { re, im } = transform(signal);
      const last = signal.length / 2;
      const power = re.map((value, k) => (value ** 2 + im[k]! ** 2) * (k === 0 || k === last ? 1 : 2));
      const energy = signal.reduce((sum, value) => sum + value ** 2, 0);
      assert.ok(Math.abs(power.reduce((sum, value) => sum + value, 0) / signal.length - energy) < 1e-10);
    }),
  );
});

test('the transform of a sum is the sum of the transforms', () => {
  fc.assert(
    fc.property(signalOf(64), signalOf(64), fc.double({ min: -9, max: 9, noNaN: true }), (a, b, factor) => {
      const [ofA, ofB] = [transform(a), transform(b)];
      const ofSum = transform(a.map((value, n) => value + factor * b[n]!));
      assertClose(
        ofSum.re,
        ofA.re.map((value, k) => value + factor * ofB.re[k]!),
        1e-9,
      );
      assertClose(
        ofSum.im,
        ofA.im.map((value, k) => value + factor * ofB.im[k]!),
        1e-9,
      );
    }),
  );
});

test('a transform leaves its signal and the next transform alone', () => {
  const fft = new RealFft(8);
  const [re, im] = [new Float64Array(5).fill(7), new Float64Array(5).fill(7)];
  const signal = Float64Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
  fft.forward(new Float64Array(8).fill(3), re, im);
  fft.forward(signal, re, im);
  assert.deepEqual({ re, im }, transform(signal));
  assert.deepEqual([...signal], [1, 2, 3, 4, 5, 6, 7, 8]);
});

test('a size that is no power of two from 4 is a bug', () => {
  for (const size of [0, 1, 2, 3, 6, 100]) assert.throws(() => new RealFft(size), assert.AssertionError);
});
