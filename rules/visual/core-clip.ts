import { z } from 'zod';
import { defineRule, input } from '../../engine/core/rule.ts';
import { embedItems } from '../dsp/embed-items.ts';
import { onlyInput } from '../dsp/only-input.ts';
import { pictureTensor } from '../dsp/picture-tensor.ts';
import { picturesBetween } from '../dsp/pictures-between.ts';
import { frames, pictureEmbeddings } from '../kinds.ts';

/**
 * Gives each sampled frame an embedding: numbers that are alike where pictures are alike.
 *
 * Any model for `image-embedding` serves that takes one picture: its first output, all axes but the first as one row, is
 * brought to length 1, so that the dot product of two rows is their cosine. What 'alike' means is the model's: its
 * entry says what it was made with. Without frames the result is empty.
 */
export const coreClip = defineRule({
  name: 'visual/core-clip',
  version: '1',
  scope: 'segment',
  params: z.strictObject({}),
  inputs: {
    frames: input(frames, { request: ({ fps, width, height }) => ({ fps, width, height }) }),
  },
  models: { embedding: { task: 'image-embedding', takes: 'picture' } },
  outputs: { embeddings: pictureEmbeddings },

  async run({ inputs, models, signal, empty }) {
    const { rgb, times_sec, frame_indices } = inputs.frames;
    const count = times_sec.data.length;
    if (count === 0) empty('no frames');
    const { name, picture } = onlyInput(models.embedding.entry, 'picture');
    const embeddings = await embedItems(models.embedding, {
      count,
      signal,
      prepare: (first, end) => ({ [name]: pictureTensor(picturesBetween(rgb, { first, end }), picture) }),
    });
    return { embeddings: { embeddings, frame_indices, times_sec } };
  },
});
