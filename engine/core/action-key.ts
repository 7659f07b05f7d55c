/**
 * The key of an action: everything that can change its outputs, and nothing else.
 *
 * No path, time, host, run id, thread count or log level: the same work has the same key on every machine.
 */
import { type AssignedModel, modelFacts, modelSignature } from './assigned-model.ts';
import { type Digest, digestJson } from './digest.ts';
import type { ActionNode, Binding } from './plan.ts';
import type { ActionResult } from './store.ts';

/** Bumped when the engine changes what an action's outputs look like for the same rule. */
const keyVersion = 1;

export interface KeyFacts {
  /** Result of a producer, or undefined where an optional one gave none. */
  readonly resultOf: (node: ActionNode) => ActionResult | undefined;
  /** Version or digest of each external program that the rule names. */
  readonly programs: Readonly<Record<string, string>>;
}

export interface ActionKey {
  readonly key: Digest;
  /** What `key` is the digest of; kept with the result so that two keys can be compared. */
  readonly ingredients: Readonly<Record<string, unknown>>;
}

export function actionKey(node: ActionNode, facts: KeyFacts): ActionKey {
  const { component, phase, params, sampling, parts, outputs } = node;
  const ingredients = {
    v: keyVersion,
    component: component.name,
    rule: component.loaded.digest,
    phase,
    params,
    model_signature: modelSignature(component.models),
    ...(component.models.length > 0 && { models: factsBySlot(component.models) }),
    sampling: sampling ? { ...sampling, policy: component.samplingPolicyVersion } : null,
    inputs: inputFacts(node, facts),
    parts: parts.map(({ node: part, origin }) => [
      origin.startSec,
      origin.durationSec,
      origin.firstFrame,
      origin.frameCount,
      contentsOf(facts.resultOf(part)!),
    ]),
    outputs: Object.keys(outputs).sort(),
    env: facts.programs,
  };
  return { key: digestJson(ingredients), ingredients };
}

/** What the signature is the digest of, so that two keys can be compared. */
function factsBySlot(models: readonly AssignedModel[]): Record<string, unknown> {
  return Object.fromEntries(models.map(modelFacts).map(({ slot, ...facts }) => [slot, facts]));
}

function inputFacts(node: ActionNode, facts: KeyFacts): [string, unknown][] {
  return node.bindings
    .filter((binding) => binding.spec.identifiedBy === undefined)
    .map((binding): [string, unknown] => [factName(binding), contentOf(node, binding, facts)])
    .sort(([a], [b]) => (a < b ? -1 : 1)); // By code unit: a key must not depend on the machine's language.
}

function factName(binding: Binding): string {
  return binding.type === 'halo' ? `${binding.name}@before` : binding.name;
}

function contentOf(node: ActionNode, binding: Binding, facts: KeyFacts): unknown {
  switch (binding.type) {
    case 'absent':
      return null;
    case 'segment':
      return node.segment!.digest;
    case 'source': {
      const { files } = binding.source;
      // An open rule shows the file's ending to its command.
      if (
        node.component.loaded.rule.inputs === 'open' &&
        files.length === 1 &&
        binding.spec.kind.format === 'file'
      )
        return [endingOf(files[0]!.name), files[0]!.digest];
      return binding.spec.kind.format === 'files'
        ? files.map(({ name, digest }) => [name, digest])
        : files[0]!.digest;
    }
    case 'artifact':
    case 'halo': {
      const made = facts.resultOf(binding.node)?.outputs[binding.output];
      return (binding.spec.readsMeta ? made?.digest : made?.content) ?? null;
    }
    default:
      throw new TypeError(`unknown binding ${binding satisfies never}`);
  }
}

/** What a part gave, as the key of the merge lists it. */
export function contentsOf(result: ActionResult): [string, Digest][] {
  return Object.keys(result.outputs)
    .sort()
    .map((name) => [name, result.outputs[name]!.content]);
}

function endingOf(name: string): string {
  return /\.[^./]*$/.exec(name)?.[0] ?? '';
}
