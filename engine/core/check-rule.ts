/** Is what a module exports a rule? Modules are written by people, in files that no compiler may have seen. */
import { faultOfName } from './fault-of-name.ts';
import type { Kind } from './kind.ts';
import type { InputSpec, Rule } from './rule.ts';

/** True for what `defineRule` or `defineOpenRule` gave, right or wrong. */
export function isRule(value: unknown): value is Rule {
  const rule = value as Partial<Rule> | null;
  return typeof rule === 'object' && rule !== null && 'outputs' in rule && 'run' in rule;
}

/** What is wrong with a rule, as 'its …'; undefined if nothing is. */
export function faultOfRule(rule: Rule): string | undefined {
  if (typeof rule.name !== 'string' || rule.name === '') return 'its "name" is missing';
  if (typeof rule.version !== 'string') return 'its "version" is not text';
  if (!['whole', 'segment'].includes(rule.scope)) return 'its "scope" is neither "whole" nor "segment"';
  if (!['worker', 'engine'].includes(rule.placement))
    return 'its "placement" is neither "worker" nor "engine"';
  if (typeof rule.run !== 'function') return 'its "run" is no function';
  return faultOfParams(rule) ?? faultOfInputs(rule.inputs) ?? faultOfOutputs(rule);
}

function faultOfParams({ params }: Rule): string | undefined {
  if (typeof params?.safeParse !== 'function' || !isRecord(params.shape))
    return 'its "params" are no z.strictObject(…)';
  if (!('request' in params.shape)) return undefined;
  try {
    params.omit({ request: true });
    return undefined;
  } catch {
    return 'its "params" have both a "request" and a check of the whole object (refine)';
  }
}

function faultOfInputs(inputs: Rule['inputs']): string | undefined {
  if (inputs === 'open') return undefined;
  if (!isRecord(inputs)) return 'its "inputs" are missing';
  for (const [name, spec] of Object.entries(inputs)) {
    const fault = faultOfName(name);
    if (fault !== undefined) return `its input "${name}" is named wrongly: ${fault}`;
    if (!isKind((spec as Partial<InputSpec> | null)?.kind)) return `its input "${name}" is no input(…)`;
    if (spec.readsMeta && (spec.kind.format !== 'npz' || spec.kind.isEphemeral || spec.haloFrames > 0))
      return `its input "${name}" reads a meta, which only lasting arrays without a halo have`;
  }
  return undefined;
}

/** The outputs of an open rule are looked at when a component's params are known. */
function faultOfOutputs(rule: Rule): string | undefined {
  if (typeof rule.outputs !== 'function') return 'its "outputs" are no function';
  if (rule.inputs === 'open') return undefined;
  const outputs: unknown = rule.outputs({});
  if (!isRecord(outputs)) return 'its "outputs" are missing';
  for (const [name, kind] of Object.entries(outputs)) {
    const fault = faultOfName(name);
    if (fault !== undefined) return `its output "${name}" is named wrongly: ${fault}`;
    if (!isKind(kind)) return `its output "${name}" is of no kind, as npz(…) or json(…)`;
    const needsMerge = rule.scope === 'segment' && !rule.merge && kind.format !== 'npz';
    if (needsMerge)
      return `its output "${name}" is ${kind.format}, which only a "merge" can join from segments`;
  }
  return undefined;
}

function isKind(value: unknown): value is Kind {
  return isRecord(value) && typeof value['format'] === 'string';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
