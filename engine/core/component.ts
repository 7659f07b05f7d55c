/** Components ready to be planned: graph, profile and rules brought together and held against each other. */
import { canonicalJson } from './canonical-json.ts';
import { type Digest, digestJson } from './digest.ts';
import type { ComponentNode, Graph, Reference } from './graph.ts';
import { checkDocument, type Issue, type IssuePath } from './issue.ts';
import type { Kind } from './kind.ts';
import { suggestion } from './nearest.ts';
import { budgetOf, type Profile } from './profile.ts';
import type { InputSpec, Outputs, Resources, Rule } from './rule.ts';
import type { SamplingBudget } from './sampling.ts';

/** Where a rule's bundle lies, for whoever imports it. */
export interface BundleRef {
  readonly bundlePath: string;
  /** xxh64 of the bundle's text: what is imported is what was bundled. */
  readonly checksum: string;
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
    const loaded = rules.get(node.rule)!;
    const params = resolveParams(node, loaded.rule, profile, issues);
    const inputs = resolveInputs(node, loaded.rule, { byName, components, profile, issues });
    components.set(node.name, toComponent(node, { loaded, params, inputs, components, profile }));
  }
  return issues.length > 0 ? { issues } : { components: [...components.values()] };
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
  return Object.keys(profile.components)
    .filter((name) => !known.has(name))
    .map((name) => ({
      file: profile.files[name]!,
      path: ['components', name],
      isKey: true,
      message: `Cannot configure "${name}": no component of the graph has this name.`,
      fix: suggestion(name, [...known]),
    }));
}

function resolveParams(
  node: ComponentNode,
  rule: Rule,
  profile: Profile,
  issues: Issue[],
): Record<string, unknown> {
  const own = profile.components[node.name]?.params ?? {};
  const isOwn = Object.keys(own).length > 0;
  const file = isOwn ? profile.files[node.name]! : node.file;
  const value = { ...node.params, ...own };
  // `request` is not the user's to set: it comes from the consumers of the output.
  const schema = 'request' in rule.params.shape ? rule.params.omit({ request: true }) : rule.params;
  const checked = checkDocument(file, schema, value, ['components', node.name, 'params']);
  if ('value' in checked) return checked.value;
  issues.push(...checked.issues);
  return {};
}

interface InputSetting {
  readonly byName: ReadonlyMap<string, ComponentNode>;
  readonly components: ReadonlyMap<string, Component>;
  readonly profile: Profile;
  readonly issues: Issue[];
}

function resolveInputs(node: ComponentNode, rule: Rule, setting: InputSetting): ComponentInput[] {
  const { issues } = setting;
  if (rule.inputs === 'open') {
    return Object.entries(node.inputs).map(([name, reference]) => ({
      name,
      spec: openSpec(reference, setting),
      reference,
    }));
  }
  for (const name of Object.keys(node.inputs)) {
    if (name in rule.inputs) continue;
    const message = `Cannot connect input "${name}" of "${node.name}": rule "${rule.name}" has no input of this name.`;
    issues.push(
      inputIssue(node, name, { isKey: true, message, fix: suggestion(name, Object.keys(rule.inputs)) }),
    );
  }
  return Object.entries(rule.inputs).map(([name, spec]) => {
    const reference = connect(node, name, spec, setting);
    return { name, spec, reference };
  });
}

/** An open rule takes any artifact as bytes. */
function openSpec(reference: Reference, { components }: InputSetting): InputSpec {
  const producer = reference.type === 'output' ? components.get(reference.component) : undefined;
  const made = reference.type === 'output' ? producer?.outputs[reference.output] : undefined;
  const format = reference.type === 'output' ? 'bytes' : reference.type === 'glob' ? 'files' : 'file';
  const extension = made?.extension ?? '';
  return { kind: { format, extension, isEphemeral: false }, phase: 'run', isOptional: false, haloFrames: 0 };
}

function connect(
  node: ComponentNode,
  name: string,
  spec: InputSpec,
  setting: InputSetting,
): Reference | undefined {
  const reference = node.inputs[name];
  const { components, profile, issues } = setting;
  if (!reference) {
    if (!spec.isOptional) {
      const message = `Cannot run "${node.name}": its input "${name}" is not connected.`;
      issues.push(
        inputIssue(node, undefined, { isKey: true, message, fix: `Add "${name}: …" to its inputs.` }),
      );
    }
    return undefined;
  }
  if (reference.type !== 'output') return checkSource(node, name, spec, reference, issues);
  if (!isEnabled(profile, reference.component)) {
    if (spec.isOptional) return undefined;
    const message = `Cannot run "${node.name}": its input "${name}" comes from "${reference.component}", which the profile "${profile.name}" disables.`;
    issues.push(
      inputIssue(node, name, {
        isKey: false,
        message,
        fix: `Enable "${reference.component}", or disable "${node.name}" too.`,
      }),
    );
    return undefined;
  }
  const producer = components.get(reference.component)!; // Producers come first.
  const made = producer.outputs[reference.output];
  if (!made) {
    const message = `Cannot connect input "${name}" of "${node.name}": "${reference.component}" has no output "${reference.output}".`;
    const fix = suggestion(
      `${reference.component}.${reference.output}`,
      Object.keys(producer.outputs).map((output) => `${reference.component}.${output}`),
    );
    issues.push(inputIssue(node, name, { isKey: false, message, fix }));
  } else if (!fits(made, spec.kind)) {
    const message = `Cannot connect input "${name}" of "${node.name}": it takes ${describe(spec.kind)}, and ${reference.component}.${reference.output} is ${describe(made)}.`;
    issues.push(
      inputIssue(node, name, { isKey: false, message, fix: 'Connect an output of the right kind.' }),
    );
  }
  return reference;
}

function checkSource(
  node: ComponentNode,
  name: string,
  spec: InputSpec,
  reference: Reference,
  issues: Issue[],
): Reference {
  const wanted = reference.type === 'glob' ? 'files' : 'file';
  if (spec.kind.format !== wanted) {
    const message = `Cannot connect input "${name}" of "${node.name}": it takes ${describe(spec.kind)}, not ${wanted === 'files' ? 'a glob of files' : 'a file'}.`;
    issues.push(
      inputIssue(node, name, {
        isKey: false,
        message,
        fix: 'Connect the output of a component, as "component.output".',
      }),
    );
  }
  return reference;
}

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

function describe(kind: Kind): string {
  if (!kind.arrays) return `${kind.format === 'files' ? 'a glob of' : 'a'} ${kind.format}`;
  return `arrays {${Object.entries(kind.arrays)
    .map(([name, { dtype }]) => `${name}: ${dtype}`)
    .join(', ')}}`;
}

interface Parts {
  readonly loaded: LoadedRule;
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: readonly ComponentInput[];
  readonly components: ReadonlyMap<string, Component>;
  readonly profile: Profile;
}

function toComponent(node: ComponentNode, { loaded, params, inputs, components, profile }: Parts): Component {
  const { rule } = loaded;
  return {
    name: node.name,
    processor: node.processor,
    loaded,
    inputs,
    outputs: rule.outputs(params),
    params,
    budget: budgetOf(profile, node.name),
    samplingPolicyVersion: profile.samplingPolicyVersion,
    isRequired: profile.components[node.name]?.isRequired ?? node.isRequired,
    resources: { ...rule.resources, ...profile.resources[node.name] },
    retries: profile.failure.retries,
    isPerRun: node.isPerRun,
    rank: node.rank,
    table: rule.scope === 'segment' ? tableOf(inputs, components) : undefined,
  };
}

/** The nearest table of segments above: a direct input of that kind, or that of a producer which has one. */
function tableOf(
  inputs: readonly ComponentInput[],
  components: ReadonlyMap<string, Component>,
): string | undefined {
  for (const { spec, reference } of inputs) {
    if (reference?.type !== 'output') continue;
    if (spec.kind.format === 'segments') return reference.component;
    const above = components.get(reference.component)?.table;
    if (above !== undefined && spec.phase === 'run') return above;
  }
  return undefined;
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
