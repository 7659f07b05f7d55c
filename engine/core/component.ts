/** Components ready to be planned: graph, profile and rules brought together and held against each other. */
import { canonicalJson } from './canonical-json.ts';
import { type Digest, digestJson } from './digest.ts';
import { faultOfName } from './fault-of-name.ts';
import type { ComponentNode, Graph, Reference } from './graph.ts';
import { checkDocument, type Issue, type IssuePath } from './issue.ts';
import type { Kind } from './kind.ts';
import { nearest, suggestion } from './nearest.ts';
import { budgetOf, fileSaying, type Profile } from './profile.ts';
import type { InputSpec, Outputs, Resources, Rule } from './rule.ts';
import type { SamplingBudget } from './sampling.ts';

/** Where a rule's bundle lies, for whoever imports it. */
export interface BundleRef {
  readonly bundlePath: string;
  /** Digest of the bundle's text: what is imported is what was bundled. */
  readonly codeDigest: Digest;
  /** Folders from which the packages that the bundle imports are looked up, the first one first. */
  readonly packageFolders: readonly string[];
}

/** A rule and the digest of the bundle that it was loaded from. */
export interface LoadedRule {
  readonly rule: Rule;
  readonly digest: Digest;
  readonly bundle: BundleRef;
}

export interface Component {
  readonly name: string;
  readonly processor: string;
  readonly loaded: LoadedRule;
  readonly inputs: readonly ComponentInput[];
  readonly outputs: Outputs;
  readonly params: Readonly<Record<string, unknown>>;
  readonly budget: SamplingBudget;
  readonly samplingPolicyVersion: string;
  readonly isRequired: boolean;
  readonly resources: Resources;
  readonly retries: number;
  readonly isPerRun: boolean;
  readonly rank: number;
  /** The component whose output of kind `segments` divides this one, where its rule has scope `segment`. */
  readonly table: string | undefined;
}

export interface ComponentInput {
  readonly name: string;
  readonly spec: InputSpec;
  /** Undefined where an optional input is not connected. */
  readonly reference: Reference | undefined;
}

export interface Configuration {
  readonly graph: Graph;
  readonly profile: Profile;
  readonly rules: ReadonlyMap<string, LoadedRule>;
  /** Names of the components that are asked for; what they need is added. */
  readonly wanted: readonly string[];
}

/** The wanted components and all that they need, producers first; or all that is wrong. */
export function resolveComponents(config: Configuration): { components: Component[] } | { issues: Issue[] } {
  const { graph, profile, rules } = config;
  const issues: Issue[] = unknownInProfile(config);
  const byName = new Map(graph.components.map((node) => [node.name, node]));
  const needed = closure(config, byName);
  const components = new Map<string, Component>();
  for (const node of graph.components) {
    if (!needed.has(node.name)) continue;
    const component = resolveComponent(node, rules.get(node.rule)!, { byName, components, profile, issues });
    components.set(node.name, component);
  }
  return issues.length > 0 ? { issues } : { components: [...components.values()] };
}

interface Setting {
  readonly byName: ReadonlyMap<string, ComponentNode>;
  /** What is resolved so far: all producers. */
  readonly components: ReadonlyMap<string, Component>;
  readonly profile: Profile;
  readonly issues: Issue[];
}

/** With issues noted, the component is only good for finding more of them. */
function resolveComponent(node: ComponentNode, loaded: LoadedRule, setting: Setting): Component {
  const { profile, issues } = setting;
  const { rule } = loaded;
  const params = resolveParams(node, rule, profile, issues);
  const outputs = resolveOutputs(node, rule, params, issues);
  const before = issues.length;
  const inputs = rule.inputs === 'open' ? openInputs(node, setting) : namedInputs(node, rule, setting);
  const isConnected = issues.length === before;
  return {
    name: node.name,
    processor: node.processor,
    loaded,
    inputs,
    outputs: outputs ?? {},
    params: params ?? {},
    budget: budgetOf(profile, node.name),
    samplingPolicyVersion: profile.samplingPolicyVersion,
    isRequired: profile.components[node.name]?.isRequired ?? node.isRequired,
    resources: { ...rule.resources, ...profile.resources[node.name] },
    retries: profile.failure.retries,
    isPerRun: node.isPerRun,
    rank: node.rank,
    table: rule.scope === 'segment' && isConnected ? tableOf(node, rule, inputs, setting) : undefined,
  };
}

/** The names of the wanted components and of all that they need, except what the profile has switched off. */
function closure(
  { wanted, profile }: Configuration,
  byName: ReadonlyMap<string, ComponentNode>,
): Set<string> {
  const needed = new Set<string>();
  const pending = wanted.filter((name) => isEnabled(profile, name));
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    for (const reference of Object.values(byName.get(name)!.inputs)) {
      if (reference.type === 'output' && isEnabled(profile, reference.component))
        pending.push(reference.component);
    }
  }
  return needed;
}

export function isEnabled(profile: Profile, component: string): boolean {
  return profile.components[component]?.isEnabled ?? true;
}

/** The rules that the needed components name; to be loaded before `resolveComponents`. */
export function neededRules(config: Omit<Configuration, 'rules'>): ComponentNode[] {
  const byName = new Map(config.graph.components.map((node) => [node.name, node]));
  const needed = closure({ ...config, rules: new Map() }, byName);
  return config.graph.components.filter((node) => needed.has(node.name));
}

function unknownInProfile({ graph, profile }: Configuration): Issue[] {
  const known = new Set(graph.components.map((node) => node.name));
  return (['components', 'resources', 'models'] as const).flatMap((section) =>
    Object.keys(profile[section])
      .filter((name) => !known.has(name))
      .map((name) => ({
        file: fileSaying(profile, [section, name])!,
        path: [section, name],
        isKey: true,
        message: `Cannot configure "${name}": no component of the graph has this name.`,
        fix: suggestion(name, [...known]),
      })),
  );
}

/** @returns undefined if they are wrong */
function resolveParams(
  node: ComponentNode,
  rule: Rule,
  profile: Profile,
  issues: Issue[],
): Readonly<Record<string, unknown>> | undefined {
  const value = { ...node.params, ...profile.components[node.name]?.params };
  // `request` is not the user's to set: it comes from the consumers of the output.
  const schema = 'request' in rule.params.shape ? rule.params.omit({ request: true }) : rule.params;
  const at = ['components', node.name, 'params'];
  const checked = checkDocument(node.file, schema, value, at);
  if ('value' in checked) return checked.value;
  for (const issue of checked.issues) {
    const param = issue.path.slice(0, at.length + 1);
    issues.push({ ...issue, file: fileSaying(profile, param) ?? node.file });
  }
  return undefined;
}

/** @returns undefined if they cannot be known */
function resolveOutputs(
  node: ComponentNode,
  rule: Rule,
  params: Readonly<Record<string, unknown>> | undefined,
  issues: Issue[],
): Outputs | undefined {
  let outputs: Outputs;
  try {
    outputs = rule.outputs(params ?? {});
  } catch (error) {
    if (params) issues.push(outputIssue(node, [], `its rule cannot name them: ${(error as Error).message}`));
    return undefined; // Wrong params have been told already.
  }
  const names = Object.keys(outputs);
  if (names.length === 0) issues.push(outputIssue(node, [], 'there are none'));
  for (const name of names) {
    const fault = faultOfName(name);
    if (fault !== undefined) issues.push(outputIssue(node, [name], `"${name}" is named wrongly: ${fault}`));
  }
  return outputs;
}

function outputIssue(node: ComponentNode, path: IssuePath, why: string): Issue {
  return {
    file: node.file,
    path: ['components', node.name, 'params', 'outputs', ...path],
    isKey: true,
    message: `Cannot keep the outputs of "${node.name}": ${why}.`,
    fix: `Correct the outputs of rule "${node.rule}".`,
  };
}

/** An open rule takes any artifact as bytes. */
function openInputs(node: ComponentNode, setting: Setting): ComponentInput[] {
  return Object.entries(node.inputs).map(([name, reference]) => {
    const made = reference.type === 'output' ? madeKind(node, name, reference, setting) : undefined;
    const format = reference.type === 'output' ? 'bytes' : reference.type === 'glob' ? 'files' : 'file';
    const kind: Kind = { format, extension: made?.extension ?? '', isEphemeral: false };
    const fault = faultOfName(name);
    if (fault !== undefined) {
      const message = `Cannot connect input "${name}" of "${node.name}": ${fault}.`;
      setting.issues.push(inputIssue(node, name, { isKey: true, message, fix: 'Rename it.' }));
    }
    return { name, spec: { kind, phase: 'run', isOptional: false, haloFrames: 0 }, reference };
  });
}

function namedInputs(node: ComponentNode, rule: Rule, setting: Setting): ComponentInput[] {
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
  setting: Setting,
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
  { components, profile, issues }: Setting,
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

function inputIssue(
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

/** The one table of segments above: a direct input of that kind, or that of a producer which has one. */
function tableOf(
  node: ComponentNode,
  rule: Rule,
  inputs: readonly ComponentInput[],
  { components, issues }: Setting,
): string | undefined {
  const tables = new Map<string, string>();
  for (const { name, spec, reference } of inputs) {
    if (reference?.type !== 'output') continue;
    const above = components.get(reference.component)?.table;
    if (spec.kind.format === 'segments') tables.set(reference.component, name);
    else if (above !== undefined && spec.phase === 'run') tables.set(above, name);
  }
  const [[table] = [], other] = tables;
  if (table === undefined) issues.push(noTable(node, rule));
  if (other) issues.push(twoTables(node, [...tables]));
  return table;
}

function noTable(node: ComponentNode, rule: Rule): Issue {
  return {
    file: node.file,
    path: ['components', node.name, 'rule'],
    isKey: false,
    message: `Cannot run "${node.name}": rule "${rule.name}" works on segments, and none of its inputs comes from a table of segments.`,
    fix: 'Connect an input to one, as "segment_plan.segments", or to what is made of its segments, as "decode.frames".',
  };
}

function twoTables(node: ComponentNode, tables: readonly (readonly [string, string])[]): Issue {
  const uses = tables.map(([table, input]) => `"${input}" those of "${table}"`).join(' and ');
  const message = `Cannot run "${node.name}": its inputs are of different segments: ${uses}.`;
  return inputIssue(node, tables[1]![1], {
    isKey: false,
    message,
    fix: 'Connect inputs that come from one table of segments.',
  });
}

/** The digest of what a profile settles for the given components: the same settings have the same one. */
export function configHash(profile: Profile, components: readonly Component[]): Digest {
  return digestJson({
    profile: {
      analysis: profile.analysis,
      sampling_policy_version: profile.samplingPolicyVersion,
      models: profile.models,
      failure: profile.failure,
    },
    components: Object.fromEntries(
      components.map(({ name, params, budget, isRequired, resources }) => [
        name,
        { enabled: true, required: isRequired, sampling: budget, params, resources },
      ]),
    ),
  });
}

/** True if two requests of one producer are the same. */
export function requestName(request: Readonly<Record<string, unknown>> | undefined): string {
  return request ? canonicalJson(request) : '';
}
