/** The models that a component runs with, as they enter keys, artifacts and manifests. */
import { type Digest, digestJson } from './digest.ts';
import type { CatalogModel } from './model-catalog.ts';

/** What runs models: ONNX Runtime on this machine, or a Triton server. */
export const engineNames = ['onnx', 'triton'] as const;
export type EngineName = (typeof engineNames)[number];

/** `remote`: wherever a server runs it. */
export const deviceNames = ['cpu', 'cuda', 'webgpu', 'remote'] as const;
export type DeviceName = (typeof deviceNames)[number];

/** What a profile may ask for: the best that is there, or one device and no other. */
export const profileDevices = ['auto', 'cpu', 'cuda', 'webgpu'] as const;

/** A model in the slot of a component. */
export interface AssignedModel {
  readonly slot: string;
  readonly model: CatalogModel;
  readonly weightsDigest: Digest;
  readonly engine: EngineName;
  /** With the version that may change results: `onnxruntime@1.30`. */
  readonly engineVersion: string;
  readonly precision: string;
  /** The one that `auto` has come to. */
  readonly device: DeviceName;
  /** Most that a batch may take on the device; MiB. Undefined: as much as is there. */
  readonly memoryMiB: number | undefined;
}

/** A model as manifests and `meta` name it. */
export interface UsedModel {
  readonly slot: string;
  readonly name: string;
  readonly version: string;
  readonly weights_digest: string;
  readonly engine: string;
  readonly precision: string;
  readonly device: string;
}

export function usedModel({ slot, model, ...assigned }: AssignedModel): UsedModel {
  return {
    slot,
    name: model.entry.name,
    version: model.entry.version,
    weights_digest: assigned.weightsDigest,
    engine: assigned.engineVersion,
    precision: assigned.precision,
    device: assigned.device,
  };
}

/** Everything of a model in its slot that can change outputs, each by itself: what keys are made of. */
export interface ModelFacts extends UsedModel {
  /** Of how its inputs are made. */
  readonly preprocess: Digest;
  /** Of how its outputs are read. */
  readonly postprocess: Digest;
}

export function modelFacts(assigned: AssignedModel): ModelFacts {
  const { inputs, outputs, decoder = null, classes = null } = assigned.model.entry;
  return {
    ...usedModel(assigned),
    preprocess: digestJson(inputs),
    postprocess: digestJson({ outputs, decoder, classes }),
  };
}

/**
 * Names a component's models, how their inputs are made and their outputs read, and what runs them.
 *
 * @returns `ms1-` and 64 hex digits; null where there are none
 */
export function modelSignature(models: readonly AssignedModel[]): string | null {
  if (models.length === 0) return null;
  return `ms1-${digestJson({ models: models.map(modelFacts) }).slice('b3:'.length)}`;
}

/** What several models have in common, or all that they have: `cpu`, `fp32+int8`; null without models. */
export function jointly<K extends keyof UsedModel>(models: readonly UsedModel[], fact: K): string | null {
  return models.length === 0 ? null : [...new Set(models.map((model) => model[fact]))].sort().join('+');
}
