/** Brings graph, profile and rules together as components, and says all that does not fit. */
import { canonicalJson } from './canonical-json.ts';
import type { Component, ComponentInput, LoadedRule } from './component.ts';
import { type ConnectSetting, inputIssue, namedInputs, openInputs } from './connect-inputs.ts';
import { faultOfName } from './fault-of-name.ts';
import type { ComponentNode, Graph } from './graph.ts';
import { checkDocument, type Issue, type IssuePath } from './issue.ts';
import { suggestion } from './nearest.ts';
import { budgetOf, fileSaying, isEnabled, type Profile, type ProfileResources } from './profile.ts';
import { type ModelWorld, resolveModels } from './resolve-models.ts';
import type { Outputs, Resources, Rule } from './rule.ts';

export interface Configuration {
  readonly graph: Graph;
  readonly profile: Profile;
  readonly rules: ReadonlyMap<string, LoadedRule>;
  readonly world: ModelWorld;
  /** Names of the components that are asked for; what they need is added. */
  readonly wanted: readonly string[];
}

/** The wanted components and all that they need, producers first; or all that is wrong. */
export function resolveComponents(config: Configuration): { components: Component[] } | { issues: Issue[] } {
  const { graph, profile, rules, world } = config;
  const issues: Issue[] = unknownInProfile(config);
  const byName = new Map(graph.components.map((node) => [node.name, node]));
  const needed = closure(config, byName);
  const components = new Map<string, Component>();
  for (const node of graph.components) {
    if (!needed.has(node.name)) continue;
    const component = resolveComponent(node, rules.get(node.rule)!, {
      byName,
      components,
      profile,
      world,
      issues,
    });
    components.set(node.name, component);
  }
  return issues.length > 0 ? { issues } : { components: [...components.values()] };
}

/** With issues noted, the component is only good for finding more of them. */
function resolveComponent(
  node: ComponentNode,
  loaded: LoadedRule,
  setting: ConnectSetting & { readonly world: ModelWorld },
): Component {
  const { profile, issues } = setting;
  const { rule } = loaded;
  const params = resolveParams(node, rule, profile, issues);
  const outputs = resolveOutputs(node, rule, params, issues);
  const before = issues.length;
  const inputs = rule.inputs === 'open' ? openInputs(node, setting) : namedInputs(node, rule, setting);
  const isConnected = issues.length === before;
  const isRequired = profile.components[node.name]?.isRequired ?? node.isRequired;
  return {
    name: node.name,
    processor: node.processor,
    loaded,
    inputs,
    outputs: outputs ?? {},
    params: params ?? {},
    budget: budgetOf(profile, node.name),
    samplingPolicyVersion: profile.samplingPolicyVersion,
    isRequired,
    resources: resourcesOf(rule, profile.resources[node.name]),
    ...resolveModels({ name: node.name, isRequired }, rule, setting),
    retries: profile.failure.retries,
    graceSec: profile.failure.graceSec,
    isPerRun: node.isPerRun,
    rank: node.rank,
    table: rule.scope === 'segment' && isConnected ? tableOf(node, rule, inputs, setting) : undefined,
  };
}

function resourcesOf({ resources }: Rule, row: ProfileResources = {}): Resources {
  const { cores = resources.cores, memoryMiB = resources.memoryMiB } = row;
  return { cores, memoryMiB };
}

/** The names of the wanted components and of all that they need, except what the profile has switched off. */
function closure(
  { wanted, profile }: Pick<Configuration, 'wanted' | 'profile'>,
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

/** The rules that the needed components name; to be loaded before `resolveComponents`. */
export function neededRules(config: Omit<Configuration, 'rules' | 'world'>): ComponentNode[] {
  const byName = new Map(config.graph.components.map((node) => [node.name, node]));
  const needed = closure(config, byName);
  return config.graph.components.filter((node) => needed.has(node.name));
}

function unknownInProfile({ graph, profile }: Configuration): Issue[] {
  const known = new Set(graph.components.map((node) => node.name));
  return (['components', 'resources', 'models'] as const).flatMap((section) =>
    Object.keys(profile[section])
      .filter((name) => !known.has(section === 'models' ? name.split('.')[0]! : name))
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
  if ('value' in checked) {
    const fault = faultOfJson(checked.value);
    if (fault === undefined) return checked.value;
    const message = `Cannot use the params of "${node.name}": rule "${rule.name}" makes something of them that a key cannot hold: ${fault}.`;
    const fix = 'Let the schema of the rule give plain JSON, and make the rest of it in `run`.';
    issues.push({ file: node.file, path: ['components', node.name], isKey: true, message, fix });
    return undefined;
  }
  for (const issue of checked.issues) {
    const param = issue.path.slice(0, at.length + 1);
    issues.push({ ...issue, file: fileSaying(profile, param) ?? node.file });
  }
  return undefined;
}

function faultOfJson(value: unknown): string | undefined {
  try {
    canonicalJson(value);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
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

/** The one table of segments above: a direct input of that kind, or that of a producer which has one. */
function tableOf(
  node: ComponentNode,
  rule: Rule,
  inputs: readonly ComponentInput[],
  { components, issues }: ConnectSetting,
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
    fix: 'Connect an input to a table of segments, or to what another component makes of its segments.',
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
