import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomNumbers } from '../properties/random-numbers.ts';
import { cosine, embeddingsOf } from './embeddings.ts';
import { plainModel } from './plain-model.ts';

test('mel-stats knows a sound again at another loudness, and tells tones, noise and pulses apart', async () => {
  await using model = await plainModel('rules/models/mel-stats/mel-stats.yaml');
  const sounds = [tone(440), tone(2000), noise(1), pulses(4)];
  const embeddings = await embeddingsOf(model, 'samples', [
    ...sounds,
    ...sounds.map((sound) => sound.map((sample) => sample / 2)),
    noise(2),
  ]);
  const [low, high, hiss, beat, ...rest] = embeddings;
  [low, high, hiss, beat].forEach((loud, at) => {
    assert.ok(cosine(loud!, rest[at]!) > 0.99, `sound ${at} at half the amplitude`);
  });
  assert.ok(cosine(hiss!, rest.at(-1)!) > 0.95, 'other noise of the same kind');
  for (const [one, other] of [
    [low, high],
    [low, hiss],
    [high, hiss],
    [hiss, beat],
    [low, beat],
  ])
    assert.ok(cosine(one!, other!) < 0.6);
});

test('mel-stats gives silence a vector of length 1', async () => {
  await using model = await plainModel('rules/models/mel-stats/mel-stats.yaml');
  const [silence] = await embeddingsOf(model, 'samples', [new Float32Array(32_000)]);
  assert.ok(Math.abs(cosine(silence!, silence!) - 1) < 1e-5);
});

function tone(hertz: number): Float32Array {
  return Float32Array.from(
    { length: 32_000 },
    (_, at) => 0.3 * Math.sin((2 * Math.PI * hertz * at) / 16_000),
  );
}

function noise(seed: number): Float32Array {
  const random = randomNumbers(seed);
  return Float32Array.from({ length: 32_000 }, () => 0.2 * (random() - 0.5));
}

/** Noise that dies away, so many times a second. */
function pulses(perSecond: number): Float32Array {
  const period = 16_000 / perSecond;
  return noise(3).map((sample, at) => sample * Math.exp(-(at % period) / 600));
}
