/** In what two runs differ: identity, components, outputs. Times, durations, ids and what came from a cache are no difference. */
import { FlowError } from '../../core/errors.ts';
import { type JsonChange, jsonChanges } from '../../core/json-changes.ts';
import type { Manifest, ManifestComponent } from '../../core/manifest.ts';
import { compareOutputs, type OutputDiff } from './compare-outputs.ts';

export interface RunSide {
  /** `platform/video/run`. */
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

export interface ComponentDiff {
  readonly name: string;
  readonly only_in?: 'a' | 'b';
  readonly changes: readonly JsonChange[];
  readonly outputs: readonly OutputDiff[];
}

export interface RunDiff {
  readonly is_same: boolean;
  readonly run: readonly JsonChange[];
  /** Those that differ. */
  readonly components: readonly ComponentDiff[];
  readonly equal_outputs: readonly string[];
}

/** @param onError takes what could not be compared; the rest is */
export function compareRuns(a: RunSide, b: RunSide, onError: (error: FlowError) => void): RunDiff {
  const equalOutputs: string[] = [];
  const names = new Set([...a.manifest.components, ...b.manifest.components].map(({ name }) => name));
  const components = [...names]
    .map((name) => compareComponent(name, a, b, { equalOutputs, onError }))
    .filter(({ only_in, changes, outputs }) => only_in !== undefined || changes.length + outputs.length > 0);
  const run = jsonChanges(identityOf(a.manifest), identityOf(b.manifest));
  return { is_same: run.length + components.length === 0, run, components, equal_outputs: equalOutputs };
}

function identityOf({ run }: Manifest): Record<string, unknown> {
  const { source, config_hash, stage, profile, status, resolved_model_mapping } = run;
  const { sampling_policy_version, dataprocessor_version, flow_version } = run;
  return {
    video: source.digest,
    source: { ...source, digest: undefined },
    stage,
    profile,
    config_hash,
    resolved_model_mapping,
    sampling_policy_version,
    dataprocessor_version,
    flow_version,
    status,
  };
}

interface Listeners {
  readonly equalOutputs: string[];
  readonly onError: (error: FlowError) => void;
}

function compareComponent(name: string, a: RunSide, b: RunSide, listeners: Listeners): ComponentDiff {
  const [inA, inB] = [componentOf(a, name), componentOf(b, name)];
  if (!inA || !inB) return { name, only_in: inA ? 'a' : 'b', changes: [], outputs: [] };
  const outputs = compareAll([a, inA], [b, inB], listeners);
  const settings = outputs.find(({ meta }) => meta !== undefined)?.meta?.filter(isSetting) ?? [];
  return { name, changes: [...jsonChanges(factsOf(inA), factsOf(inB)), ...settings], outputs };
}

function componentOf({ manifest }: RunSide, name: string): ManifestComponent | undefined {
  return manifest.components.find((component) => component.name === name);
}

function factsOf(component: ManifestComponent): Record<string, unknown> {
  const { status, empty_reason, error_code, required, rule_digest, producer_version } = component;
  const { schema_version, model_signature, models_used } = component;
  return {
    status,
    empty_reason,
    error_code,
    required,
    rule_digest,
    producer_version,
    schema_version,
    model_signature,
    models_used,
  };
}

/** What only an NPZ's meta knows of a component. */
function isSetting({ path }: JsonChange): boolean {
  return /^(params|sampling|analysis|engine|precision|device)\b/.test(path);
}

type Side = readonly [RunSide, ManifestComponent];

function compareAll(
  [a, { outputs: outputsA }]: Side,
  [b, { outputs: outputsB }]: Side,
  { equalOutputs, onError }: Listeners,
): OutputDiff[] {
  const names = new Set([...outputsA, ...outputsB].map(({ name }) => name));
  return [...names].flatMap((name) => {
    const inA = outputsA.find((output) => output.name === name);
    const inB = outputsB.find((output) => output.name === name);
    if (!inA) return [{ path: inB!.path, what: 'only_b' as const }];
    if (!inB) return [{ path: inA.path, what: 'only_a' as const }];
    if (inA.digest === inB.digest) {
      equalOutputs.push(inA.path);
      return [];
    }
    try {
      return [compareOutputs({ folder: a.folder, output: inA }, { folder: b.folder, output: inB })];
    } catch (error) {
      if (!(error instanceof FlowError)) throw error;
      onError(error);
      return [{ path: inA.path, what: 'bytes' as const, bytes: { a: inA.bytes, b: inB.bytes } }];
    }
  });
}
