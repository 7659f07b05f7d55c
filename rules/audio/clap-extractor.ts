import assert from 'node:assert/strict';
import { z } from 'zod';
import type { ModelInput, SoundSpec } from '../../engine/core/model-entry.ts';
import { vector } from '../../engine/core/nd-array.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import { type Tensor, tensor } from '../../engine/core/tensor.ts';
import { embedItems } from '../dsp/embed-items.ts';
import { onlyInput, type PreparedInput } from '../dsp/only-input.ts';
import { pcm, soundEmbeddings } from '../kinds.ts';

/**
 * Gives each window of a video's sound an embedding: numbers that are alike where sounds are alike.
 *
 * Any model for `audio-embedding` serves that takes windows of one length. Its entry says the sample rate, the length
 * and hop of the windows and the scale of the samples; its first output, all axes but the first as one row, is brought to
 * length 1. The first window begins with the sound; the last one is filled up with silence, and `end_sec` is where the sound
 * ends. Silence is sound; a video without sound has an empty result.
 *
 * The sound is asked for at the rate that the model hears.
 */
export const clapExtractor = defineRule({
  name: 'audio/clap-extractor',
  version: '1',
  scope: 'whole',
  params: z.strictObject({}),
  inputs: {
    audio: input(pcm, {
      modelRequest: ({ embedding }) => ({
        sample_rate: onlyInput(embedding!, 'sound').sound.sample_rate,
        channels: 1,
      }),
    }),
  },
  models: { embedding: { task: 'audio-embedding', takes: 'sound' } },
  outputs: { embeddings: soundEmbeddings },
  resources: { cores: 1, memoryMiB: 512 }, // An hour at 16 kHz in mono is 230 MB.

  async run({ inputs, models, signal, empty }) {
    const { samples, sample_rate, start_sec } = inputs.audio;
    const taken = onlyInput(models.embedding.entry, 'sound');
    assert.ok(samples.shape[1]! <= 1, 'sound was asked for in mono');
    assert.equal(sample_rate.data[0], taken.sound.sample_rate, 'sound was asked for at this rate');
    if (samples.data.length === 0) empty('no audio');
    const sound = samples.data;
    const starts = windowStarts(sound.length, taken.sound);
    const embeddings = await embedItems(models.embedding, {
      count: starts.length,
      signal,
      prepare: (first, end) => ({ [taken.name]: windowsOf(sound, starts.slice(first, end), taken) }),
    });
    const timeOf = (sample: number) => start_sec.data[0]! + sample / taken.sound.sample_rate;
    const ends = starts.map((start) => Math.min(start + taken.sound.window_samples, sound.length));
    return {
      embeddings: {
        embeddings,
        start_sec: vector('float64', starts.map(timeOf)),
        end_sec: vector('float64', ends.map(timeOf)),
      },
    };
  },
});

/** As many windows as it takes to reach the end of the sound; none where there is none. */
function windowStarts(length: number, { window_samples: size, hop_samples: hop }: SoundSpec): number[] {
  if (length === 0) return [];
  const count = 1 + Math.ceil(Math.max(0, length - Math.max(size, hop)) / hop);
  return Array.from({ length: count }, (_, window) => window * hop);
}

/** What lies behind the end of the sound stays silent. */
function windowsOf(sound: Float32Array, starts: readonly number[], taken: PreparedInput<'sound'>): Tensor {
  const { window_samples: size, scale } = taken.sound;
  const data = new Float32Array(starts.length * size);
  for (const [at, start] of starts.entries()) data.set(sound.subarray(start, start + size), at * size);
  for (let at = 0; at < data.length; at += 1) data[at]! *= scale;
  return tensor('float32', data, [starts.length, ...windowShape(taken, size)]);
}

/** The axes after the first: the one that the entry leaves open, if any, is the window's. */
function windowShape({ shape }: ModelInput, size: number): number[] {
  return shape.slice(1).map((axis) => (typeof axis === 'number' ? axis : size));
}
