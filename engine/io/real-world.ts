import { FfmpegMedia } from './media/ffmpeg-media.ts';
import type { World } from './perform.ts';
import { Sandbox } from './sandbox.ts';

/** The world as rules reach it outside of tests. */
export function realWorld(): World {
  return { media: new FfmpegMedia(), program: new Sandbox() };
}
