/** Connects the inputs of a component to what the graph names for them, and holds both against each other. */
import type { Component, ComponentInput } from './component.ts';
import { faultOfName } from './fault-of-name.ts';
import type { ComponentNode, Reference } from './graph.ts';
import type { Issue, IssuePath } from './issue.ts';
import type { Kind } from './kind.ts';
import { nearest, suggestion } from './nearest.ts';
import { isEnabled, type Profile } from './profile.ts';
import type { Rule } from './rule.ts';

export interface ConnectSetting {
  readonly byName: ReadonlyMap<string, ComponentNode>;
  /** What is resolved so far: all producers. */
  readonly components: ReadonlyMap<string, Component>;
  readonly profile: Profile;
  readonly issues: Issue[];
}

/** An open rule takes any artifact as bytes. */
export function openInputs(node: ComponentNode, setting: ConnectSetting): ComponentInput[] {
  return Object.entries(node.inputs).map(([name, reference]) => {
    const made = reference.type === 'output' ? madeKind(node, name, reference, setting) : undefined;
    const format = reference.type === 'output' ? 'bytes' : reference.type === 'glob' ? 'files' : 'file';
    const kind: Kind = { format, extension: made?.extension ?? '', isEphemeral: false };
    const fault = faultOfName(name);
    if (fault !== undefined) {
      const message = `Cannot connect input "${name}" of "${node.name}": ${fault}.`;
      setting.issues.push(inputIssue(node, name, { isKey: true, message, fix: 'Rename it.' }));
    }
    return {
      name,
      spec: { kind, phase: 'run', isOptional: false, haloFrames: 0, readsMeta: false },
      reference,
    };
  });
}

/** The inputs that the rule declares, each with where the graph connects it. */
export function namedInputs(node: ComponentNode, rule: Rule, setting: ConnectSetting): ComponentInput[] {
  const declared = rule.inputs as Exclude<Rule['inputs'], 'open'>;
  const unknown = Object.keys(node.inputs).filter((name) => !Object.hasOwn(declared, name));
  for (const name of unknown) {
    const message = `Cannot connect input "${name}" of "${node.name}": rule "${rule.name}" has no input of this name.`;
    const fix = suggestion(name, Object.keys(declared));
    setting.issues.push(inputIssue(node, name, { isKey: true, message, fix }));
  }
  // One slip of the pen is one error: what was probably meant is not missing, too.
  const meant = new Set(unknown.map((name) => nearest(name, Object.keys(declared))));
  return Object.entries(declared).map(([name, spec]) => {
    const reference = node.inputs[name];
    if (reference) return { name, spec, reference: connect(node, { name, spec }, reference, setting) };
    if (!spec.isOptional && !meant.has(name)) {
      const message = `Cannot run "${node.name}": its input "${name}" is not connected.`;
      const fix = `Add "${name}: …" to its inputs.`;
      setting.issues.push(inputIssue(node, undefined, { isKey: true, message, fix }));
    }
    return { name, spec, reference: undefined };
  });
}

function connect(
  node: ComponentNode,
  { name, spec }: Pick<ComponentInput, 'name' | 'spec'>,
  reference: Reference,
  setting: ConnectSetting,
): Reference | undefined {
  if (reference.type !== 'output') return checkSource(node, { name, spec }, reference, setting.issues);
  if (spec.isOptional && !isEnabled(setting.profile, reference.component)) return undefined;
  const made = madeKind(node, name, reference, setting);
  if (made && !fits(made, spec.kind)) {
    const message = `Cannot connect input "${name}" of "${node.name}": it takes ${describe(spec.kind)}, and ${reference.component}.${reference.output} is ${describe(made)}.`;
    const fix = 'Connect an output of the right kind.';
    setting.issues.push(inputIssue(node, name, { isKey: false, message, fix }));
  }
  return reference;
}

/** What the output that an input names is; notes an issue if it cannot be had. */
function madeKind(
  node: ComponentNode,
  name: string,
  { component, output }: Reference & { type: 'output' },
  { components, profile, issues }: ConnectSetting,
): Kind | undefined {
  if (!isEnabled(profile, component)) {
    const message = `Cannot run "${node.name}": its input "${name}" comes from "${component}", which the profile "${profile.name}" disables.`;
    const fix = `Enable "${component}", or disable "${node.name}" too.`;
    issues.push(inputIssue(node, name, { isKey: false, message, fix }));
    return undefined;
  }
  const { outputs } = components.get(component)!; // Producers come first.
  const names = Object.keys(outputs);
  // Without any, its own params are wrong, and that has been told.
  if (names.includes(output) || names.length === 0) return outputs[output];
  const message = `Cannot connect input "${name}" of "${node.name}": "${component}" has no output "${output}".`;
  const fix = suggestion(
    `${component}.${output}`,
    names.map((known) => `${component}.${known}`),
  );
  issues.push(inputIssue(node, name, { isKey: false, message, fix }));
  return undefined;
}

function checkSource(
  node: ComponentNode,
  { name, spec }: Pick<ComponentInput, 'name' | 'spec'>,
  reference: Reference,
  issues: Issue[],
): Reference {
  const given = reference.type === 'glob' ? 'files' : 'file';
  const wanted = spec.kind.format;
  if (wanted === given) return reference;
  const what = given === 'files' ? 'a glob of files' : 'a file';
  const message = `Cannot connect input "${name}" of "${node.name}": it takes ${describe(spec.kind)}, not ${what}.`;
  issues.push(inputIssue(node, name, { isKey: false, message, fix: sourceFixes[wanted] ?? outputFix }));
  return reference;
}

const outputFix = 'Connect the output of a component, as "component.output".';
const sourceFixes: Readonly<Record<string, string>> = {
  file: 'Name one file, without any of *?[{.',
  files: 'Write a glob, as "file:inputs/*.txt".',
};

export function inputIssue(
  node: ComponentNode,
  input: string | undefined,
  rest: Pick<Issue, 'isKey' | 'message' | 'fix'>,
): Issue {
  const path: IssuePath = ['components', node.name, ...(input === undefined ? [] : ['inputs', input])];
  return { file: node.file, path, ...rest };
}

/** An artifact fits an input that reads the same format and only arrays that are there. */
function fits(made: Kind, wanted: Kind): boolean {
  if (made.format !== wanted.format) return false;
  return Object.entries(wanted.arrays ?? {}).every(([name, spec]) => {
    const array = made.arrays?.[name];
    return array?.dtype === spec.dtype && array.shape.length === spec.shape.length;
  });
}

const formatNames: Readonly<Record<Kind['format'], string>> = {
  npz: 'arrays',
  json: 'a JSON document',
  text: 'text',
  bytes: 'bytes',
  file: 'a file',
  files: 'files named by a glob',
  segments: 'a table of segments',
};

function describe(kind: Kind): string {
  if (!kind.arrays) return formatNames[kind.format];
  const arrays = Object.entries(kind.arrays).map(([name, { dtype }]) => `${name}: ${dtype}`);
  return `arrays {${arrays.join(', ')}}`;
}
