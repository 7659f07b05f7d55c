/**
 * A lineage as a tree for the eye: what an artifact was made from, or what was made from it.
 *
 * Artifacts that play the same part (the frames of all segments) stand in one line, unless all are wanted.
 */
import type { Lineage, Step, StepOutput } from '../../core/lineage.ts';

export interface TreeNode {
  /** `decode.frames`, or the input's name where no step of the cache has made it. */
  readonly label: string;
  /** Names of the artifacts that this line stands for. */
  readonly artifacts: readonly string[];
  readonly steps: readonly Step[];
  /** True if its own branches are told elsewhere in the tree. */
  readonly isRepeated: boolean;
  readonly branches: readonly TreeNode[];
}

export interface TreeOptions {
  /** Every artifact in a line of its own. */
  readonly isWhole: boolean;
}

/** What the artifact was made from. */
export function upstreamTree(lineage: Lineage, artifact: string, { isWhole }: TreeOptions): TreeNode[] {
  const told = new Set<string>();
  const above = (steps: readonly Step[]): TreeNode[] => {
    const inputs = steps.flatMap((step) => step.inputs);
    const groups = grouped(inputs, ({ name, artifact: one }) => `${name}${isWhole ? ` ${one}` : ''}`);
    return [...groups.values()].flatMap((group) =>
      sources(group[0]!.name, unique(group.map((input) => input.artifact))),
    );
  };
  const sources = (name: string, artifacts: readonly string[]): TreeNode[] => {
    const makers = grouped(
      unique(artifacts.flatMap((one) => lineage.producersOf(one))),
      ({ component, phase }) => `${component} ${phase}`,
    );
    if (makers.size === 0) return [leaf(name, artifacts)];
    return [...makers.values()].map((steps) => {
      const made = artifacts.filter((one) => lineage.producersOf(one).some((step) => steps.includes(step)));
      const outputs = steps[0]!.outputs.filter((output) => made.some((one) => isNamed(output, one)));
      const label = `${labelOf(steps[0]!, outputs)}${haloOf(name)}`;
      return node({ label, artifacts: made, steps, told }, () => above(steps));
    });
  };
  return lineage.producersOf(artifact).length === 0 ? [] : sources('', [artifact]);
}

/** What was made from the artifact. */
export function downstreamTree(lineage: Lineage, artifact: string, { isWhole }: TreeOptions): TreeNode[] {
  const told = new Set<string>();
  const below = (artifacts: readonly string[]): TreeNode[] => {
    const readers = unique(artifacts.flatMap((one) => lineage.consumersOf(one)));
    const groups = grouped(
      readers,
      ({ component, phase, key }) => `${component} ${phase}${isWhole ? ` ${key}` : ''}`,
    );
    return [...groups.values()].map((steps) => {
      const made = unique(steps.flatMap(({ outputs }) => outputs.map(({ digest }) => digest)));
      return node({ label: labelOf(steps[0]!, steps[0]!.outputs), artifacts: made, steps, told }, () =>
        below(made),
      );
    });
  };
  return below([artifact]);
}

function leaf(label: string, artifacts: readonly string[]): TreeNode {
  return { label, artifacts, steps: [], isRepeated: false, branches: [] };
}

/** Branches are grown once: what is met again, also in a circle, only points to them. */
function node(
  { told, ...facts }: Pick<TreeNode, 'label' | 'artifacts' | 'steps'> & { told: Set<string> },
  grow: () => TreeNode[],
): TreeNode {
  const name = JSON.stringify([facts.label, facts.artifacts]);
  if (told.has(name)) return { ...facts, isRepeated: true, branches: [] };
  told.add(name);
  return { ...facts, isRepeated: false, branches: grow() };
}

function labelOf({ component, phase }: Step, outputs: readonly StepOutput[]): string {
  if (phase === 'segment') return 'segment';
  return `${component}.${outputs.map(({ name }) => name).join(', ')}`;
}

/** A step may read the same output of its own segment, and of the one before it. */
function haloOf(input: string): string {
  const [, halo] = input.split('@');
  return halo === undefined ? '' : ` of the segment ${halo}`;
}

function isNamed({ digest, content }: StepOutput, artifact: string): boolean {
  return digest === artifact || content === artifact;
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  return Map.groupBy(items, keyOf);
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}
