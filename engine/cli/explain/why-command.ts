/** `flow why`: why a component ran, was taken from the cache, or would run. */
import { existsSync } from 'node:fs';
import { printable } from '../../core/errors.ts';
import type { Explanation } from '../../core/explain.ts';
import { type ActionNode, producersOf } from '../../core/plan.ts';
import type { RunSpec } from '../../run/run-progress.ts';
import type { BuildFlags } from '../build-flags.ts';
import { tellRefused } from '../refusals.ts';
import { readManifest } from '../runs/read-manifest.ts';
import type { Targets } from '../targets.ts';
import type { Sources } from './cause-text.ts';
import { countText, explanationDocument, explanationText } from './explanation-text.ts';
import { type Foreseen, foreseeBuild, type Outlook } from './foresee-build.ts';
import { inWholeRuns } from './in-whole-runs.ts';

/** What is said of one component of one run. */
interface Answer {
  readonly run: string;
  readonly component: string;
  /** What went wrong when the run was last built. */
  readonly failure: string | undefined;
  readonly explanations: readonly Explanation[];
  /** Actions that have to run before the ones that wait. */
  readonly first: readonly Explanation[];
}

/** @returns the exit status */
export async function whyCommand(words: readonly string[], flags: BuildFlags): Promise<number> {
  const tell = async ({ named, session, prepared, outlooks }: Foreseen): Promise<number> => {
    const sources: Sources = session;
    const answers = outlooks.flatMap((outlook) => answersOf(outlook, wantedIn(outlook, named)));
    tellRefused(prepared.assembled);
    process.stdout.write(
      flags.json
        ? `${JSON.stringify(answers.map((answer) => document(answer, sources)))}\n`
        : answers
            .flatMap((answer) => text(answer, sources))
            .map((line) => `${printable(line)}\n`)
            .join(''),
    );
    return prepared.assembled.refused.length > 0 ? 1 : 0;
  };
  return foreseeBuild(words, flags, tell, {
    lookAt: (named, session) => inWholeRuns(named, session, flags.stage),
  });
}

/** The components that the words name, or all of the run. */
function wantedIn({ spec }: Outlook, named: Targets): readonly string[] {
  const all = spec.components.map(({ name }) => name);
  const names = spec.record
    ? named.videos.filter(({ path }) => path === spec.scope.origin).map(({ component }) => component ?? '...')
    : named.components.map(({ name }) => name);
  return names.includes('...') ? all : all.filter((name) => names.includes(name));
}

function answersOf({ spec, forecast, explainer }: Outlook, wanted: readonly string[]): Answer[] {
  const known = new Map(forecast.actions.map((action) => [action.node, action]));
  return wanted.map((component) => {
    const own = forecast.actions.filter(({ node }) => node.component.name === component);
    const nodes = own.map(({ node }) => node);
    const waiting = nodes.filter((node) => known.get(node)?.key === undefined);
    const first = nodes.length === 0 ? forecast.actions.map(({ node }) => node) : waiting;
    return {
      run: spec.scope.label,
      component,
      failure: failureOf(spec, component),
      explanations: nodes.map((node) => explainer.explain(node)),
      first: toRunFirst(first, (node) => known.get(node)).map((node) => explainer.explain(node)),
    };
  });
}

/** As the manifest has it: a failure leaves no key behind. */
function failureOf({ record }: RunSpec, component: string): string | undefined {
  if (!record || !existsSync(record.manifestPath)) return undefined;
  const told = readManifest(record.manifestPath).components.find(({ name }) => name === component);
  if (told?.status === 'skipped') return `was skipped: ${told.error}`;
  return told?.status === 'error' ? `failed: ${told.error_code}: ${told.error}` : undefined;
}

/** Upstream of actions that wait: those whose keys are known, and that have no results. */
function toRunFirst(
  waiting: readonly ActionNode[],
  known: (node: ActionNode) => { key: unknown; result: unknown } | undefined,
): ActionNode[] {
  const found = new Set<ActionNode>();
  const seen = new Set<ActionNode>();
  const visit = (node: ActionNode): void => {
    if (seen.has(node)) return;
    seen.add(node);
    const { key, result } = known(node) ?? {};
    if (key !== undefined && result === undefined) found.add(node);
    else if (key === undefined) for (const producer of producersOf(node)) visit(producer);
  };
  for (const node of waiting) visit(node);
  return [...found];
}

function text({ run, component, failure, explanations, first }: Answer, sources: Sources): string[] {
  const name = `${run}${run.endsWith(`//${component}`) ? '' : `//${component}`}`;
  const lines =
    explanations.length > 0
      ? [`${name}: ${countText(explanations)}`]
      : [`${name}: waits for the table of segments`];
  if (failure !== undefined) lines.push(`  in the last build it ${failure.split('\n')[0]}`);
  lines.push(...explanationText(explanations, sources));
  for (const [other, theirs] of Map.groupBy(first, ({ node }) => node.component.name))
    lines.push(`  first: ${other}`, ...explanationText(theirs, sources).map((line) => `  ${line}`));
  return lines;
}

function document({ run, component, failure, explanations, first }: Answer, sources: Sources): unknown {
  return {
    run,
    component,
    ...(failure !== undefined && { failure }),
    actions: explanations.map((one) => explanationDocument(one, sources)),
    first: first.map((one) => explanationDocument(one, sources)),
  };
}
