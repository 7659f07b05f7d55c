/** `flow plan`, which is `flow build --dry-run`: what a build would run and why, and what that would take. */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../../core/digest.ts';
import { printable } from '../../core/errors.ts';
import { rootCauses } from '../../core/explain.ts';
import type { History } from '../../core/history.ts';
import type { OutputRecord } from '../../core/store.ts';
import type { Foreseen as ForeseenAction } from '../../run/forecast.ts';
import type { BuildFlags } from '../build-flags.ts';
import { counted, durationText, sizeText } from '../duration-text.ts';
import { tellRefused } from '../refusals.ts';
import { shortNames } from '../short-names.ts';
import { bytesToFetch } from './bytes-to-fetch.ts';
import { type Sources, tellCause } from './cause-text.ts';
import { foreseeBuild, type Outlook } from './foresee-build.ts';

interface ComponentPlan {
  readonly component: string;
  readonly required: boolean;
  /** Whose results are here, or in the remote cache. */
  readonly cached: number;
  /** Of the cached ones those that are in the remote cache alone. */
  readonly remote: number;
  readonly to_run: number;
  /** Whose keys are not known until others have run: they may turn out to be cached. */
  readonly may_run: number;
  /** False where the number of its actions is not known until the table of segments is. */
  readonly is_planned: boolean;
  /** Time of the actions that would or may run, by what they took before; null where nothing is known. */
  readonly estimated_ms: number | null;
  /** Files that would be written into the result store. */
  readonly bytes_to_deliver: number;
  readonly why: readonly string[];
}

interface RunPlan {
  readonly run: string;
  readonly components: readonly ComponentPlan[];
  /** Of known results, what a build would bring from the remote cache; 0 where there is none. */
  readonly bytes_to_fetch: number;
}

/** @returns the exit status */
export async function planCommand(words: readonly string[], flags: BuildFlags): Promise<number> {
  return foreseeBuild(words, flags, async ({ session, workbench, prepared, outlooks }) => {
    const { history, jobs } = workbench;
    const isHere = (digest: Digest): boolean => existsSync(workbench.files.pathOf(digest));
    const plans = outlooks.map((outlook) => ({
      ...planOf(outlook, session, history),
      bytes_to_fetch: workbench.shared ? bytesToFetch(outlook.forecast, toDeliver(outlook), isHere) : 0,
    }));
    tellRefused(prepared.assembled);
    const estimatedMs = estimateOf(plans, jobs);
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ runs: plans, estimated_ms: estimatedMs, jobs })}\n`
        : printable(`${planText(plans, estimatedMs).join('\n')}\n`),
    );
    return prepared.assembled.refused.length > 0 ? 1 : 0;
  });
}

function planOf(outlook: Outlook, sources: Sources, history: History): Omit<RunPlan, 'bytes_to_fetch'> {
  const { spec, forecast } = outlook;
  const byComponent = Map.groupBy(forecast.actions, ({ node }) => node.component.name);
  return {
    run: spec.scope.label,
    components: spec.components.map(({ name, isRequired }) => {
      const actions = byComponent.get(name) ?? [];
      const missing = actions.filter(({ result }) => !result);
      return {
        component: name,
        required: isRequired,
        cached: actions.length - missing.length,
        remote: actions.filter(({ isRemote }) => isRemote).length,
        to_run: missing.filter(({ key }) => key).length,
        may_run: missing.filter(({ key }) => !key).length,
        is_planned: forecast.isComplete || actions.length > 0,
        estimated_ms: expectedMs(missing, history),
        bytes_to_deliver: sizeOf(toDeliver(outlook, name)),
        why: reasons(outlook, missing, sources),
      };
    }),
  };
}

function expectedMs(missing: readonly ForeseenAction[], history: History): number | null {
  const times = missing.map(({ node }) => history.expectedMs(node.component.name, node.phase));
  return times.every((ms) => ms !== undefined) ? times.reduce((sum, ms) => sum + ms, 0) : null;
}

/** The lasting outputs that are known, and not in their place with the right size; of one component, or of all. */
function toDeliver({ spec, forecast }: Outlook, only?: string): OutputRecord[] {
  const results = new Map(forecast.actions.map(({ node, result }) => [node, result]));
  return [...forecast.finals]
    .filter(([name]) => only === undefined || name === only)
    .flatMap(([name, nodes]) => nodes.map((node) => ({ name, outputs: results.get(node)?.outputs ?? {} })))
    .flatMap(({ name, outputs }) =>
      Object.entries(outputs).map(([output, record]) => {
        const path = join(spec.folder, name, `${output}.${record.extension}`);
        return { record, path };
      }),
    )
    .filter(({ record }) => !record.isEphemeral)
    .filter(({ record, path }) => statSync(path, { throwIfNoEntry: false })?.size !== record.sizeBytes)
    .map(({ record }) => record);
}

function sizeOf(outputs: readonly OutputRecord[]): number {
  return outputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** The causes at the root of what would run, each once. */
function reasons({ explainer }: Outlook, missing: readonly ForeseenAction[], sources: Sources): string[] {
  const texts = missing
    .filter(({ key }) => key)
    .map(({ node }) => explainer.explain(node))
    .flatMap(({ reason, causes }) => {
      if (reason === 'first') return ['never built here'];
      if (reason === 'lost') return ['its result is gone'];
      return rootCauses(causes).map((cause) => {
        const { text, where } = tellCause(cause, sources);
        return where === undefined ? text : `${text} (${where})`;
      });
    });
  return [...new Set(texts)];
}

/** Actions run side by side, but no faster than the longest of them. */
function estimateOf(plans: readonly RunPlan[], jobs: number): number | null {
  const components = plans.flatMap((plan) => plan.components);
  if (components.some(({ estimated_ms, is_planned }) => estimated_ms === null || !is_planned)) return null;
  return components.reduce((sum, { estimated_ms }) => sum + estimated_ms!, 0) / jobs;
}

function planText(plans: readonly RunPlan[], estimatedMs: number | null): string[] {
  const names = shortNames(plans.map(({ run }) => run));
  const all = plans.flatMap(({ components }) => components);
  const [toRun, mayRun, cached, remote] = [
    sumOf(all, 'to_run'),
    sumOf(all, 'may_run'),
    sumOf(all, 'cached'),
    sumOf(all, 'remote'),
  ];
  const [bytes, fetchedBytes] = [
    sumOf(all, 'bytes_to_deliver'),
    plans.reduce((sum, plan) => sum + plan.bytes_to_fetch, 0),
  ];
  const apart = remote > 0 ? ` (${remote} of them remote)` : '';
  const isOpen = all.some(({ is_planned }) => !is_planned);
  const lines = plans.flatMap((plan) => runText(plan, plans.length > 1 ? names.get(plan.run)! : ''));
  const takes = estimatedMs === null ? 'time not known yet' : `about ${durationText(estimatedMs)}`;
  const what =
    toRun + mayRun === 0 && !isOpen
      ? `nothing would run: ${counted(cached, 'action')} cached${apart}`
      : `${counted(toRun, 'action')} would run${mayRun > 0 ? `, ${mayRun} more may` : ''}, ${cached} cached${apart}; ${takes}`;
  const open = isOpen ? ' (and what follows from the table of segments, which has to be made first)' : '';
  const toFetch = fetchedBytes > 0 ? `; ${sizeText(fetchedBytes)} to fetch` : '';
  return [...lines, `${what}${open}${toFetch}${bytes > 0 ? `; ${sizeText(bytes)} of results to write` : ''}`];
}

type Counted = 'to_run' | 'may_run' | 'cached' | 'remote' | 'bytes_to_deliver';

function sumOf(components: readonly ComponentPlan[], field: Counted): number {
  return components.reduce((sum, component) => sum + component[field], 0);
}

function runText({ components }: RunPlan, name: string): string[] {
  const width = Math.max(...components.map(({ component }) => component.length));
  const lines = components.map((plan) => {
    const { component, estimated_ms: ms, why } = plan;
    const time = ms !== null && ms > 0 ? `  ~${durationText(ms)}` : '';
    return `${component.padEnd(width)}  ${countsText(plan)}${time}${why.length > 0 ? `  ${whyText(why)}` : ''}`;
  });
  return name === '' ? lines : [name, ...lines.map((line) => `  ${line}`)];
}

function countsText({ cached, to_run, may_run, is_planned }: ComponentPlan): string {
  if (!is_planned) return 'after the table of segments';
  const parts = [
    to_run > 0 && `${to_run} to run`,
    may_run > 0 && `${may_run} may run`,
    cached > 0 && `${cached} cached`,
  ];
  return parts.filter(Boolean).join(', ') || 'nothing asks for it';
}

const mostReasons = 2;

function whyText(why: readonly string[]): string {
  const more = why.length > mostReasons ? `; and ${why.length - mostReasons} more` : '';
  return `${why.slice(0, mostReasons).join('; ')}${more}`;
}
