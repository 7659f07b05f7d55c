import assert from 'node:assert/strict';
import test from 'node:test';
import type { BoundModel } from '../../../engine/core/bound-model.ts';
import type { ModelEntry } from '../../../engine/core/model-entry.ts';
import type { InputSpec } from '../../../engine/core/rule.ts';
import { tensor } from '../../../engine/core/tensor.ts';
import { clapExtractor } from '../../../rules/audio/clap-extractor.ts';
import { fakeModel } from '../../models/fake-model.ts';
import { itemsOf } from '../../models/items-of.ts';
import { plainModel } from '../../models/plain-model.ts';
import { generator } from '../visual/synthetic-clip.ts';
import { type AudioResult, numbersOf, pcmArrays, runAudioRule, type Sound } from './run-audio-rule.ts';

interface Hearing {
  readonly rate?: number;
  readonly window: number;
  readonly hop: number;
  readonly scale?: number;
  readonly shape?: readonly (number | string)[];
}

/** First and last sample of a window. */
function firstAndLast({ rate = 48_000, window, hop, scale = 1, shape = ['N', window] }: Hearing): BoundModel {
  const sound = { sample_rate: rate, window_samples: window, hop_samples: hop, scale };
  return fakeModel(
    {
      task: 'audio-embedding',
      inputs: [{ name: 'wave', dtype: 'float32', shape: [...shape], sound }],
      outputs: [{ name: 'vector', dtype: 'float32', shape: ['N', 2] }],
    },
    ({ wave }) => {
      assert.deepEqual(
        wave!.shape.slice(1),
        shape.slice(1).map((axis) => (axis === 'n' ? window : axis)),
      );
      const rows = itemsOf(wave).flatMap((item) => [item[0]!, item.at(-1)!]);
      return { vector: tensor('float32', Float32Array.from(rows), [rows.length / 2, 2]) };
    },
  );
}

function embed(sound: Sound, embedding: BoundModel) {
  return runAudioRule(clapExtractor, { inputs: { audio: pcmArrays(sound) }, models: { embedding } });
}

/** Samples that tell their place. */
function ramp(length: number, startSec = 0): Sound {
  return { samples: Float32Array.from({ length }, (_, at) => at + 1), sampleRate: 48_000, startSec };
}

test('windows follow each other by the hop, to the end of the sound', async () => {
  const found = await embed(ramp(96_000, 0.5), firstAndLast({ window: 48_000, hop: 24_000 }));
  assert.deepEqual(numbersOf(found, 'start_sec'), [0.5, 1, 1.5]);
  assert.deepEqual(numbersOf(found, 'end_sec'), [1.5, 2, 2.5]);
  const [first = 0, last = 0] = numbersOf(found, 'embeddings').slice(2);
  assert.ok(Math.abs(first / last - 24_001 / 72_000) < 1e-6); // The second window's own samples.
});

test('the last window is filled up with silence, and ends where the sound ends', async () => {
  const found = await embed(ramp(60_000), firstAndLast({ window: 48_000, hop: 48_000 }));
  assert.deepEqual(numbersOf(found, 'end_sec'), [1, 1.25]);
  assert.deepEqual(numbersOf(found, 'embeddings').slice(2), [1, 0]);
});

test('a sound shorter than a window has one', async () => {
  const found = await embed(ramp(100), firstAndLast({ window: 48_000, hop: 24_000 }));
  assert.deepEqual(found.arrays.embeddings!.shape, [1, 2]);
});

test('windows with gaps between them begin before the sound ends', async () => {
  const found = await embed(ramp(48_000), firstAndLast({ window: 1000, hop: 36_000 }));
  assert.deepEqual(numbersOf(found, 'start_sec'), [0, 0.75]);
});

test('every row has length 1, whatever the scale of the samples', async () => {
  const hearing = { window: 4800, hop: 2400 };
  const plain = await embed(ramp(96_000), firstAndLast(hearing));
  const loud = await embed(ramp(96_000), firstAndLast({ ...hearing, scale: 32_768 }));
  assert.deepEqual(plain.arrays.embeddings, loud.arrays.embeddings);
  const values = numbersOf(plain, 'embeddings');
  for (let at = 0; at < values.length; at += 2)
    assert.ok(Math.abs(Math.hypot(values[at]!, values[at + 1]!) - 1) < 1e-6);
});

test('the sound is asked for at the rate that the model hears', () => {
  const { entry } = firstAndLast({ rate: 22_050, window: 100, hop: 100 });
  const { audio } = clapExtractor.inputs as Readonly<Record<string, InputSpec>>; // Only `exec` has open ones.
  assert.deepEqual(audio!.modelRequest?.({ embedding: entry as ModelEntry }), {
    sample_rate: 22_050,
    channels: 1,
  });
});

test('an axis that the entry leaves open is the window, and axes of length 1 stay', async () => {
  const hearing = { window: 4800, hop: 4800 };
  const plain = await embed(ramp(9600), firstAndLast(hearing));
  for (const shape of [
    ['N', 'n', 1],
    ['N', 1, 'n'],
  ]) {
    assert.deepEqual((await embed(ramp(9600), firstAndLast({ ...hearing, shape }))).arrays, plain.arrays);
  }
});

test('silence is sound, and no sound is empty', async () => {
  const model = () => firstAndLast({ window: 4800, hop: 4800 });
  const silence = await embed({ samples: new Float32Array(4800), sampleRate: 48_000 }, model());
  assert.deepEqual([silence.emptyReason, silence.arrays.embeddings!.shape], [undefined, [1, 2]]);
  const nothing = await embed({ samples: new Float32Array(0), sampleRate: 48_000 }, model());
  assert.deepEqual([nothing.emptyReason, nothing.arrays.embeddings!.shape], ['no audio', [0, 2]]);
});

test('windows of one sound are more alike than windows of two, by the model that comes with flow', async () => {
  await using model = await plainModel('rules/models/mel-stats/mel-stats.yaml');
  const random = generator(1);
  const tone = (at: number) => [1, 2, 4].reduce((sum, k) => sum + 0.1 * Math.sin(0.18 * k * at), 0);
  // A tone with its octaves, then noise.
  const samples = Float32Array.from({ length: 16_000 * 6 }, (_, at) =>
    at < 16_000 * 3 ? tone(at) : 0.3 * (random() - 0.5),
  );
  const found = await embed({ samples, sampleRate: 16_000 }, model);
  assert.deepEqual(numbersOf(found, 'start_sec'), [0, 1, 2, 3, 4]);
  const [tone0, tone1, , noise3, noise4] = rowsOf(found);
  const across = cosine(tone1!, noise3!);
  assert.ok(cosine(tone0!, tone1!) > across && cosine(noise3!, noise4!) > across, `${across}`);
});

function rowsOf(found: AudioResult): number[][] {
  const size = found.arrays.embeddings!.shape[1]!;
  const values = numbersOf(found, 'embeddings');
  return Array.from({ length: values.length / size }, (_, row) => values.slice(row * size, (row + 1) * size));
}

function cosine(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * b[at]!, 0);
}
