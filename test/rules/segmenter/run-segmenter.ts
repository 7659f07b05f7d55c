/** Runs the segmenter's rules on a file, without an engine. */

import type { Segment, ValueOf } from '../../../engine/core/kind.ts';
import type { ErasedRunArgs, Rule, RuleContext } from '../../../engine/core/rule.ts';
import { FfmpegMedia } from '../../../engine/io/media/ffmpeg-media.ts';
import type { audioTrack, frames, metadata, pcm } from '../../../rules/kinds.ts';
import { audioDecode } from '../../../rules/segmenter/audio-decode.ts';
import { decode } from '../../../rules/segmenter/decode.ts';
import { segmentPlan } from '../../../rules/segmenter/segment-plan.ts';

export interface Plan {
  readonly metadata: ValueOf<typeof metadata>;
  readonly segments: readonly Segment[];
  readonly audio: ValueOf<typeof audioTrack>;
}

export interface Notes {
  readonly warnings: string[];
  readonly emptyReasons: string[];
}

export async function plan(path: string, limits: { min_sec?: number; max_sec?: number } = {}): Promise<Plan> {
  return (await call(segmentPlan, { params: limits, inputs: { video: { path } } })) as unknown as Plan;
}

export interface Request {
  readonly fps: number | 'keyframes';
  readonly width: number;
  readonly height: number;
}

export async function decodeSegment(
  path: string,
  segment: Segment,
  request: Request,
  notes?: Notes,
): Promise<ValueOf<typeof frames>> {
  const args = { params: { request }, inputs: { video: { path } }, segment };
  return (await call(decode, args, notes))['frames'] as ValueOf<typeof frames>;
}

export async function decodeSound(
  path: string,
  { metadata, audio: track }: Plan,
  request: { sample_rate: number | 'native'; channels: number | 'native' },
  notes?: Notes,
): Promise<ValueOf<typeof pcm>> {
  const args = { params: { request }, inputs: { video: { path }, metadata, track } };
  return (await call(audioDecode, args, notes))['pcm'] as ValueOf<typeof pcm>;
}

type Call = Pick<ErasedRunArgs, 'params' | 'inputs'> & { readonly segment?: Segment };

async function call(
  rule: Rule,
  { params, inputs, segment }: Call,
  notes?: Notes,
): Promise<Record<string, unknown>> {
  const parsed = rule.params.parse(params) as Record<string, unknown>;
  return {
    ...(await rule.run({ ...context(notes), params: parsed, inputs, models: {}, segment, halo: {} })),
  };
}

function context(notes: Notes = { warnings: [], emptyReasons: [] }): RuleContext {
  return {
    signal: new AbortController().signal,
    media: new FfmpegMedia({ threads: 2 }),
    program: {
      run: () => {
        throw new Error('the segmenter runs no program by itself');
      },
    },
    empty: (reason) => notes.emptyReasons.push(reason),
    warn: (message) => notes.warnings.push(message),
  };
}
