/** What rules import as 'flow'. */

export type { ArtifactMeta } from './artifact-meta.ts';
export type { BoundModel } from './bound-model.ts';
export { FlowError } from './errors.ts';
export type { Kind, Segment, ValueOf } from './kind.ts';
export { bytes, file, files, json, npz, segments, text } from './kind.ts';
export type { Dtype, NdArray } from './nd-array.ts';
export { array, scalar, vector } from './nd-array.ts';
export type { Rule, Sampling, WithMeta } from './rule.ts';
export { defineOpenRule, defineRule, input } from './rule.ts';
export type { Tensor, Tensors } from './tensor.ts';
export { release, tensor } from './tensor.ts';
