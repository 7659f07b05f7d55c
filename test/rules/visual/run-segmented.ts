/** Runs a rule of scope `segment` on a clip that is cut into artificial segments, as the engine would. */
import { concatenateParts } from '../../../engine/core/concatenate-parts.ts';
import { array, vector } from '../../../engine/core/nd-array.ts';
import type { ErasedRunArgs, PartOrigin, Rule, RuleContext, Values } from '../../../engine/core/rule.ts';
import type { Clip } from '../../decode-with-ffmpeg.ts';

export interface Segmented {
  readonly outputs: Values;
  readonly emptyReason: string | undefined;
}

export interface SegmentedOptions {
  /** Positions of the samples where the second and later segments begin. */
  readonly splits?: readonly number[];
  readonly params?: Values;
  /** By the rule's slots. */
  readonly models?: ErasedRunArgs['models'];
  /** Inputs of phase `merge`. */
  readonly mergeInputs?: Values;
}

/** Source frames are numbered as samples are; a segment's times start at 0. */
export async function runSegmented(
  rule: Rule,
  clip: Clip,
  options: SegmentedOptions = {},
): Promise<Segmented> {
  const params = rule.params.parse(options.params ?? {}) as Values;
  const { context, reason } = fakeContext();
  const parts: { origin: PartOrigin; values: Values }[] = [];
  let previous: Values | undefined;
  for (const [first, end] of stretches(clip, options.splits ?? [])) {
    const frames = framesBetween(clip, first, end);
    const halo = previous ? { frames: lastFrame(clip, first) } : {};
    const args: ErasedRunArgs = {
      ...context,
      inputs: { frames },
      params,
      models: options.models ?? {},
      segment: undefined,
      halo,
    };
    const frameCount = end - first;
    const origin = {
      startSec: first / clip.fps,
      durationSec: frameCount / clip.fps,
      firstFrame: first,
      frameCount,
    };
    parts.push({ origin, values: await rule.run(args) });
    previous = frames;
  }
  const outputs = rule.merge
    ? await rule.merge({ ...context, inputs: options.mergeInputs ?? {}, params, parts })
    : concatenateParts(rule.outputs(params), parts);
  return { outputs, emptyReason: reason() };
}

/** A context for rules that touch nothing of the world. */
export function fakeContext(): { context: RuleContext; reason: () => string | undefined } {
  let given: string | undefined;
  const context = {
    signal: new AbortController().signal,
    empty: (text: string) => {
      given = text;
    },
    warn: () => {},
  } as unknown as RuleContext; // Rules of pure arithmetic use neither `media` nor `program`.
  return { context, reason: () => given };
}

function stretches(clip: Clip, splits: readonly number[]): [number, number][] {
  const count = countOf(clip);
  if (count === 0) return [];
  const starts = [0, ...splits];
  return starts.map((start, index) => [start, starts[index + 1] ?? count]);
}

function countOf({ rgb, width, height }: Clip): number {
  return rgb.length / (3 * width * height);
}

function lastFrame(clip: Clip, before: number): Values {
  return framesBetween(clip, before - 1, before);
}

function framesBetween({ rgb, width, height, fps }: Clip, first: number, end: number): Values {
  const size = 3 * width * height;
  const numbers = Array.from({ length: end - first }, (_, index) => index);
  return {
    rgb: array('uint8', rgb.subarray(first * size, end * size), [end - first, height, width, 3]),
    times_sec: vector(
      'float64',
      numbers.map((number) => number / fps),
    ),
    frame_indices: vector('int32', numbers),
  };
}
