/**
 * What was made from what: the results of actions as a graph of artifacts, to be walked in both directions.
 *
 * Consumers know an artifact by its content, files are known by their digest: each is found by either name.
 */
import type { Digest } from './digest.ts';
import type { ActionResult, OutputRecord } from './store.ts';

export interface ActionRecord {
  readonly key: Digest;
  readonly result: ActionResult;
  readonly ingredients: Readonly<Record<string, unknown>>;
  /** When it was stored; milliseconds since 1970. */
  readonly storedAtMs: number;
}

/** One action, or the cutting of a video into one of its segments. */
export interface Step {
  readonly component: string;
  /** `run`, `merge`; `segment` for a row of a table of segments, which is no action. */
  readonly phase: string;
  /** The action's; of a segment that of the action that made the table. */
  readonly key: Digest;
  readonly rule: string | undefined;
  readonly storedAtMs: number;
  readonly inputs: readonly StepInput[];
  readonly outputs: readonly StepOutput[];
}

export interface StepInput {
  readonly name: string;
  readonly artifact: string;
}

export interface StepOutput {
  readonly name: string;
  readonly digest: string;
  readonly content: string;
  readonly sizeBytes: number | undefined;
  readonly isEphemeral: boolean;
}

export class Lineage {
  readonly #made = new Map<string, Set<Step>>();
  readonly #used = new Map<string, Set<Step>>();

  /** @param segmentsOf the digests of the segments that a table of them holds; none where its bytes are gone */
  constructor(records: Iterable<ActionRecord>, segmentsOf: (table: OutputRecord) => readonly string[]) {
    for (const record of records) {
      this.#add(stepOf(record));
      for (const [name, output] of Object.entries(record.result.outputs)) {
        if (output.format !== 'segments') continue;
        for (const segment of segmentsOf(output)) this.#add(segmentStep(record, name, output, segment));
      }
    }
  }

  /** The steps that made an artifact; several may have made the same. */
  producersOf(artifact: string): Step[] {
    return [...(this.#made.get(artifact) ?? [])];
  }

  /** The steps that have read an artifact, under any of its names. */
  consumersOf(artifact: string): Step[] {
    const names = new Set([artifact, ...this.outputsNamed(artifact).map(({ content }) => content)]);
    return [...new Set([...names].flatMap((name) => [...(this.#used.get(name) ?? [])]))];
  }

  /** What it was called by those that made it. */
  outputsNamed(artifact: string): StepOutput[] {
    const isMeant = ({ digest, content }: StepOutput): boolean => digest === artifact || content === artifact;
    return this.producersOf(artifact).flatMap(({ outputs }) => outputs.filter(isMeant));
  }

  has(artifact: string): boolean {
    return this.#made.has(artifact) || this.#used.has(artifact);
  }

  /** The artifacts whose names begin so, sorted. */
  beginningWith(beginning: string): string[] {
    const names = new Set([...this.#made.keys(), ...this.#used.keys()]);
    return [...names].filter((name) => name.startsWith(beginning)).sort();
  }

  /** Every step on a way to or from the artifact, each once, in the order of the walk. */
  stepsAround(artifact: string): Step[] {
    const upstream = walk(this.producersOf(artifact), (step) =>
      step.inputs.flatMap((input) => this.producersOf(input.artifact)),
    );
    const downstream = walk(this.consumersOf(artifact), (step) =>
      step.outputs.flatMap((output) => this.consumersOf(output.digest)),
    );
    return [...new Set([...upstream, ...downstream])];
  }

  #add(step: Step): void {
    for (const { artifact } of step.inputs) note(this.#used, artifact, step);
    for (const { digest, content } of step.outputs) {
      note(this.#made, digest, step);
      note(this.#made, content, step);
    }
  }
}

function note(index: Map<string, Set<Step>>, name: string, step: Step): void {
  const steps = index.get(name);
  if (steps) steps.add(step);
  else index.set(name, new Set([step]));
}

function walk(starts: readonly Step[], next: (step: Step) => readonly Step[]): Set<Step> {
  const seen = new Set(starts);
  for (const step of seen) for (const one of next(step)) seen.add(one); // A set is walked while it grows.
  return seen;
}

function stepOf({ key, result, ingredients, storedAtMs }: ActionRecord): Step {
  const { component, phase, rule } = ingredients;
  return {
    component: String(component),
    phase: String(phase),
    key,
    rule: typeof rule === 'string' ? rule : undefined,
    storedAtMs,
    inputs: [...listOf(ingredients.inputs).flatMap(inputOf), ...listOf(ingredients.parts).flatMap(partOf)],
    outputs: Object.entries(result.outputs).map(([name, { digest, content, sizeBytes, isEphemeral }]) => ({
      name,
      digest,
      content,
      sizeBytes,
      isEphemeral,
    })),
  };
}

function segmentStep(
  { key, ingredients, storedAtMs }: ActionRecord,
  name: string,
  table: OutputRecord,
  segment: string,
): Step {
  return {
    component: String(ingredients.component),
    phase: 'segment',
    key,
    rule: undefined,
    storedAtMs,
    inputs: [{ name, artifact: table.content }],
    outputs: [
      { name: 'segment', digest: segment, content: segment, sizeBytes: undefined, isEphemeral: true },
    ],
  };
}

/** One of the `inputs` of a key: a name, and a digest, or a list that holds digests. */
function inputOf(value: unknown): StepInput[] {
  const [name, facts] = listOf(value);
  return digestsIn(facts).map((artifact) => ({ name: String(name), artifact }));
}

/** One of the `parts` of a merge's key: where it lies in the video, and its outputs by name. */
function partOf(value: unknown): StepInput[] {
  return listOf(listOf(value).at(-1)).flatMap(inputOf);
}

function digestsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('b3:') ? [value] : [];
  return listOf(value).flatMap(digestsIn);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
