/** What differs between two keys, ingredient by ingredient: the same list that the key is the digest of. */
import { canonicalJson } from './canonical-json.ts';

export type Ingredients = Readonly<Record<string, unknown>>;

/** One thing that a key is made of. */
export interface Fact {
  /** Where it stands among the ingredients: `['params', 'threshold']`, `['inputs', 'frames']`, `['rule']`. */
  readonly field: readonly string[];
  readonly value: unknown;
}

/** A fact that is not what it was. `undefined` stands for one that is not there. */
export interface Change {
  readonly field: readonly string[];
  readonly from: unknown;
  readonly to: unknown;
}

/** Ingredients whose values are taken apart; every other one is a single fact. */
const compound = new Set(['params', 'sampling', 'models', 'inputs', 'parts', 'env']);

/** Follows from others: what it says of the models, `models` says of each. */
const derived = new Set(['model_signature']);

/** The ingredients of a key as a list of facts; two keys are equal if and only if their lists are. */
function factsOf(ingredients: Ingredients): Fact[] {
  return Object.entries(ingredients).flatMap(([name, value]) => {
    if (derived.has(name)) return [];
    return compound.has(name) ? factsIn([name], value) : [{ field: [name], value }];
  });
}

/** In the order of the later key's facts; what is gone comes last. */
export function changedFacts(before: Ingredients, after: Ingredients): Change[] {
  const old = byField(factsOf(before));
  const now = byField(factsOf(after));
  const changes: Change[] = [];
  for (const [name, { field, value: to }] of now) {
    const from = old.get(name)?.value;
    if (!old.has(name) || canonicalJson(from) !== canonicalJson(to)) changes.push({ field, from, to });
  }
  for (const [name, { field, value: from }] of old)
    if (!now.has(name)) changes.push({ field, from, to: undefined });
  return changes;
}

function byField(facts: readonly Fact[]): Map<string, Fact> {
  return new Map(facts.map((fact) => [JSON.stringify(fact.field), fact]));
}

/** Objects key by key, lists of named values name by name, parts one by one. An empty one is a fact, too. */
function factsIn(field: readonly string[], value: unknown): Fact[] {
  const entries = entriesOf(field, value);
  if (!entries || entries.length === 0) return [{ field, value }];
  return entries.flatMap(([name, inner]) => factsIn([...field, name], inner));
}

function entriesOf(field: readonly string[], value: unknown): [string, unknown][] | undefined {
  if (field[0] === 'parts') return field.length === 1 ? indexed(value) : undefined;
  if (field[0] === 'inputs') return isNamedList(value) ? value : undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value);
}

function indexed(value: unknown): [string, unknown][] | undefined {
  return Array.isArray(value) ? value.map((part, index) => [String(index), part]) : undefined;
}

/** Inputs, and the files of a glob: pairs of a name and a digest. A pair alone is a value: a file's ending and its digest. */
function isNamedList(value: unknown): value is [string, unknown][] {
  return (
    Array.isArray(value) &&
    value.every((pair) => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string')
  );
}
