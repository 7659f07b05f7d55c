import type { ValueOf } from '../engine/core/kind.ts';
import type { SoundStream } from '../engine/core/media.ts';
import type { audioTrack, metadata } from './kinds.ts';

/** Where a film's sound is in its file, from what its plan tells of it. */
export function soundStream(
  { streams, duration_sec: durationSec }: ValueOf<typeof metadata>,
  { sample_rate: sampleRate, channels }: NonNullable<ValueOf<typeof audioTrack>>,
): SoundStream {
  const { index } = streams.find(({ type }) => type === 'audio')!; // A film with a track has such a stream.
  const video = streams.find(({ type }) => type === 'video');
  return { index, sampleRate, channels, durationSec, videoStartSec: video?.start_sec ?? undefined };
}
