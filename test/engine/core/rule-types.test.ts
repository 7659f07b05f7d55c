import { z } from 'zod';
import { npz } from '../../../engine/core/kind.ts';
import { vector } from '../../../engine/core/nd-array.ts';
import { defineRule, input } from '../../../engine/core/rule.ts';
import { cuts, frames, shots } from '../../../rules/kinds.ts';
export const a = defineRule({
  name: 'a',
  version: '1',
  scope: 'segment',
  params: z.strictObject({ threshold: z.number(), min: z.number() }),
  mergeParams: ['threshold'],
  inputs: {
    frames: input(frames, { request: (s) => ({ ...s }) }),
    shots: input(shots, { phase: 'merge', isOptional: true }),
  },
  parts: { stats: npz({ x: { dtype: 'float32', shape: ['N'] } }) },
  outputs: { cuts },
  run({ inputs, params }) {
    const n: number = params.min + inputs.frames.rgb.data[0]!;
    // @ts-expect-error
    params.threshold;
    // @ts-expect-error
    inputs.shots;
    return { stats: { x: vector('float32', [n]) } };
  },
  merge({ inputs, params, parts }) {
    const s: Float64Array | undefined = inputs.shots?.start_sec.data;
    parts[0]!.values.stats.x.data.fill(params.threshold);
    return {
      cuts: {
        times_sec: vector('float64', s ?? []),
        frame_indices: vector('int32', []),
        types: vector('unicode', []),
        confidence: vector('float32', []),
      },
    };
  },
});
export const b = defineRule({
  name: 'b',
  version: '1',
  scope: 'segment',
  params: z.strictObject({ threshold: z.number() }),
  inputs: { frames: input(frames) },
  outputs: { cuts },
  run({ inputs, params }) {
    // @ts-expect-error
    inputs.framez;
    return {
      cuts: {
        times_sec: inputs.frames.times_sec,
        frame_indices: inputs.frames.frame_indices,
        types: vector('unicode', []),
        confidence: vector('float32', [params.threshold]),
      },
    };
  },
});
export const c = defineRule({
  name: 'b',
  version: '1',
  scope: 'segment',
  params: z.strictObject({}),
  inputs: { frames: input(frames) },
  outputs: { cuts },
  // @ts-expect-error
  run({ inputs }) {
    return { cutz: inputs.frames };
  },
});
