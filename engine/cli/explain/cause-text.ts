/** Says in words what is not what it was, and where a person has written it. */

import { basename } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import type { Cause } from '../../core/explain.ts';
import type { ComponentNode, Graph } from '../../core/graph.ts';
import type { IssuePath } from '../../core/issue.ts';
import type { ActionNode } from '../../core/plan.ts';
import { fileSaying, type Profile } from '../../core/profile.ts';
import type { RuleRegistry } from '../rule-registry.ts';
import { shown } from '../shown-path.ts';
import { spotIn } from '../yaml-document.ts';

export interface Sources {
  readonly graph: Graph;
  readonly profile: Profile;
  readonly registry: Pick<RuleRegistry, 'partsOf'>;
}

export interface ToldCause {
  readonly text: string;
  /** `file:line` of what a person has written, where that is known. */
  readonly where?: string;
}

export function tellCause(cause: Cause, sources: Sources): ToldCause {
  const [kind = '', name = '', ...rest] = cause.field;
  switch (kind) {
    case 'params':
      return name === 'request'
        ? tellRequest(cause, rest, sources)
        : tellParam(cause, [name, ...rest], sources);
    case 'sampling':
      return tellSampling(cause, name, sources);
    case 'models':
      return tellModel(cause, name, sources);
    case 'rule':
      return { text: ruleText(cause, sources) };
    case 'env':
      return { text: `program ${name} ${fromTo(cause)}` };
    case 'inputs':
      return { text: inputText(cause, name, rest) };
    case 'parts':
      return { text: partText(cause, name) };
    case 'v':
      return { text: 'this version of flow makes keys in another way' };
    default:
      return { text: `${kind.replace('_', ' ')} ${fromTo(cause)}` };
  }
}

function tellParam(cause: Cause, path: readonly string[], sources: Sources): ToldCause {
  const where = placeInProfile(['components', cause.node.component.name, 'params', ...path], sources);
  return told(
    `param \`${path.join('.')}\` ${fromTo(cause)}`,
    where ?? placeInGraph(cause.node, path, sources),
  );
}

/** What others ask of an action is written where their sampling is. */
function tellRequest(cause: Cause, path: readonly string[], sources: Sources): ToldCause {
  const askers = [...new Set([...cause.node.dependents].map(({ component }) => component.name))];
  const field = path.at(-1) ?? '';
  const places = askers
    .map((asker) => placeOfSampling(asker, field, sources))
    .filter((place) => place !== undefined);
  return told(`${askers.join(', ')} asks it for \`${path.join('.')}\` ${fromTo(cause)}`, places[0]);
}

function tellSampling(cause: Cause, field: string, sources: Sources): ToldCause {
  const where =
    field === 'policy'
      ? placeInProfile(['sampling_policy_version'], sources)
      : placeOfSampling(cause.node.component.name, field, sources);
  return told(`sampling \`${field}\` ${fromTo(cause)}`, where);
}

/** 'model of `detector`: version "1" → "2"'. */
function tellModel(cause: Cause, slot: string, sources: Sources): ToldCause {
  const { name } = cause.node.component;
  const rows = [`${name}.${slot}`, name].map((row) => placeInProfile(['models', row], sources));
  const fact = cause.field.at(-1)!.replaceAll('_', ' ');
  return told(
    `model of \`${slot}\`: ${fact} ${fromTo(cause)}`,
    rows.find((row) => row !== undefined),
  );
}

function told(text: string, where: string | undefined): ToldCause {
  return where === undefined ? { text } : { text, where };
}

function placeOfSampling(component: string, field: string, sources: Sources): string | undefined {
  return (
    placeInProfile(['components', component, 'sampling', field], sources) ??
    placeInProfile(['components', component, 'sampling', 'max_frames'], sources) ??
    placeInProfile(['analysis', field], sources)
  );
}

function placeInProfile(path: IssuePath, { profile }: Sources): string | undefined {
  const file = fileSaying(profile, path);
  return file === undefined ? undefined : lineOf(file, path);
}

function placeInGraph(
  { component }: ActionNode,
  path: readonly string[],
  { graph }: Sources,
): string | undefined {
  const node = graph.components.find(({ name }) => name === component.name);
  return node && isWritten(node, path)
    ? lineOf(node.file, ['components', node.name, 'params', ...path])
    : undefined;
}

function isWritten({ params }: ComponentNode, [first]: readonly string[]): boolean {
  return first !== undefined && Object.hasOwn(params, first);
}

/** 'profiles/default.yaml:31': the column says nothing more. */
function lineOf(file: string, path: IssuePath): string {
  return spotIn({ file, path }).where.replace(/:\d+$/, '');
}

function ruleText({ from, to }: Cause, { registry }: Sources): string {
  const before = registry.partsOf(from as Digest); // Rules stand in keys by their digests.
  const after = registry.partsOf(to as Digest);
  if (!before || !after) return `rule bundle changed (${short(from)} → ${short(to)})`;
  const modules = changedNames(before.modules, after.modules).map(shown);
  const packages = changedNames(before.packages, after.packages);
  return [
    ...(modules.length > 0 ? [`rule bundle changed: ${modules.join(', ')}`] : []),
    ...packages.map(
      (name) => `package ${name} ${version(before.packages[name])} → ${version(after.packages[name])}`,
    ),
  ].join('; ');
}

function changedNames(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => before[name] !== after[name],
  );
}

function version(identity: string | undefined): string {
  return identity?.split(' ')[0] ?? 'none';
}

function inputText(cause: Cause, name: string, [file]: readonly string[]): string {
  const { node, from, to } = cause;
  const binding = node.bindings.find((one) => one.name === name.replace(/@before$/, ''));
  switch (binding?.type) {
    case 'segment':
      return segmentText(node);
    case 'source': {
      const shownName = file ?? basename(binding.source.files[0]!.name);
      if (from === undefined) return `file ${shownName} is new`;
      if (to === undefined) return `file ${shownName} is gone`;
      return `the content of ${shownName} changed (${short(from)} → ${short(to)})`;
    }
    case 'artifact':
    case 'halo':
      return `input \`${name}\` (${binding.node.component.name}.${binding.output}) changed`;
    default:
      return `input \`${name}\` ${fromTo(cause)}`;
  }
}

function segmentText({ segment, scope }: ActionNode): string {
  if (!segment) return 'its segment changed';
  const { index, firstFrame, framePts, startSec, durationSec } = segment;
  const frames = `frames ${firstFrame}–${firstFrame + framePts.length - 1}`;
  const seconds = `${startSec.toFixed(2)}–${(startSec + durationSec).toFixed(2)} s`;
  return `segment ${index} of ${basename(scope.origin)} changed: ${frames} (${seconds})`;
}

function partText({ node, from, to }: Cause, index: string): string {
  const part = `segment ${index} of \`${node.component.name}\``;
  if (from === undefined) return `${part} is new`;
  return to === undefined ? `${part} is gone` : `${part} changed`;
}

function fromTo({ from, to }: Cause): string {
  return `${valueText(from)} → ${valueText(to)}`;
}

const longestValue = 60;

function valueText(value: unknown): string {
  if (value === undefined) return 'none';
  if (typeof value === 'string' && /^b3:[0-9a-f]{64}/.test(value)) return short(value);
  const text = JSON.stringify(value);
  return text.length <= longestValue ? text : `${text.slice(0, longestValue - 1)}…`;
}

/** Digests are told by their first digits; with the ending of a file stands its digest. */
function short(value: unknown): string {
  const digest: unknown = Array.isArray(value) ? value.at(-1) : value;
  return String(digest).replace(/^(b3:[0-9a-f]{8})[0-9a-f]+$/, '$1');
}
