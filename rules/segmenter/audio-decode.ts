/** Decodes the sound of a video as its consumers want it. */
import { z } from 'zod';
import { file } from '../../engine/core/kind.ts';
import type { Pcm } from '../../engine/core/media.ts';
import { array, scalar } from '../../engine/core/nd-array.ts';
import { defineRule, input } from '../../engine/core/rule.ts';
import { audioTrack, metadata, pcm } from '../kinds.ts';
import { soundStream } from '../sound-stream.ts';

const request = z.strictObject({
  sample_rate: z.union([z.number().int().positive(), z.literal('native')]).describe('samples a second'),
  channels: z.union([z.number().int().positive(), z.literal('native')]).describe('mixed to this number'),
});

export const audioDecode = defineRule({
  name: 'segmenter/audio-decode',
  version: '1',
  scope: 'whole',
  params: z.strictObject({ request }),
  inputs: {
    video: input(file(), { identifiedBy: 'track' }),
    metadata: input(metadata, { identifiedBy: 'track' }),
    track: input(audioTrack),
  },
  outputs: { pcm },
  // An hour at 16 kHz in mono, as speech models take it, is 230 MB: held twice while it is written as an artifact.
  resources: { cores: 1, memoryMiB: 512 },
  programs: ['ffmpeg'],

  async run({ inputs, params, media, signal, empty, warn }) {
    const { sample_rate: sampleRate, channels } = params.request;
    if (inputs.track === null) {
      empty('no audio stream');
      return { pcm: toArrays(silence(sampleRate, channels)) };
    }
    const { path } = inputs.video;
    const stream = soundStream(inputs.metadata, inputs.track);
    const sound = await media.decodePcm({ path, stream, sampleRate, channels }, signal);
    for (const warning of sound.warnings) warn(warning);
    return { pcm: toArrays(sound) };
  },
});

type Request = z.output<typeof request>;

/** No samples; where the request names no format, one that every reader accepts. */
function silence(sampleRate: Request['sample_rate'], channels: Request['channels']): Pcm {
  return {
    samples: new Float32Array(0),
    sampleRate: sampleRate === 'native' ? 48_000 : sampleRate,
    channels: channels === 'native' ? 1 : channels,
    startSec: 0,
  };
}

function toArrays({ samples, sampleRate, channels, startSec }: Pcm) {
  return {
    samples: array('float32', samples, [samples.length / channels, channels]),
    sample_rate: scalar('int32', sampleRate),
    start_sec: scalar('float64', startSec),
  };
}
