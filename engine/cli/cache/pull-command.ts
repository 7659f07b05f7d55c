/** `flow cache pull`: brings everything of runs into the local cache, so that it is there without a network. */

import type { RemoteCache } from '../../../cache/remote/remote-cache.ts';
import { blobsOf } from '../../core/blobs-of.ts';
import { eachOf } from '../../core/each-of.ts';
import { printable } from '../../core/errors.ts';
import type { OutputRecord } from '../../core/store.ts';
import type { BuildFlags } from '../build-flags.ts';
import { counted, sizeText } from '../duration-text.ts';
import { type Foreseen, foreseeBuild, type Outlook, type Sight } from '../explain/foresee-build.ts';
import { jsonLine } from '../json-line.ts';
import { tellRefused } from '../refusals.ts';
import { needRemote } from '../remote/need-remote.ts';
import { lostRemote } from '../remote/remote-errors.ts';
import type { Workbench } from '../workbench.ts';
import type { Workspace } from '../workspace.ts';
import { byteProgress } from './byte-progress.ts';

interface Pulled {
  readonly url: string;
  /** Results that were not here. */
  readonly results: number;
  readonly blobs: number;
  readonly bytes: number;
  /** What the bucket lacks, or what is there and is not believed. */
  readonly missing: readonly Missing[];
}

interface Missing {
  readonly run: string;
  readonly component: string;
  /** Actions without a result; others may be behind those. */
  readonly results: number;
  /** Outputs without their bytes. */
  readonly blobs: number;
}

const atOnce = 8;

/** @returns the exit status: 1 if something is missing @throws {FlowError} `config_invalid`, as `lostRemote` */
export function pullCommand(words: readonly string[], flags: BuildFlags): Promise<number> {
  return foreseeBuild(words, flags, (foreseen) => pull(foreseen, flags), {
    sightOf: (workbench, workspace) => remember(workbench, workspace, flags),
  });
}

/** What is found in the bucket enters the local cache at once. */
async function remember(workbench: Workbench, workspace: Workspace, flags: BuildFlags): Promise<Sight> {
  const remote = await needRemote({ workspace, workbench, flags: { ...flags, remoteReadOnly: true } });
  workbench.shared = remote;
  const { actions, blobs } = workbench;
  return {
    actions,
    blobs,
    shared: {
      find: async (key, run) => {
        const known = await remote.find(key, run);
        if (known) actions.put(key, known.result, known.ingredients, known.seal);
        return known;
      },
    },
  };
}

async function pull({ workbench, prepared, outlooks }: Foreseen, { json }: BuildFlags): Promise<number> {
  const remote = workbench.shared!; // `remember` has opened it.
  const lacking = await bringAll(outlooks, workbench, remote);
  if (remote.lost !== undefined) throw lostRemote(remote.url, remote.lost); // Nobody knows what it lacks.
  remote.conclude();
  const missing = outlooks.flatMap((outlook) => missingOf(outlook, lacking));
  const { blobsBrought: blobs, bytesBrought: bytes } = remote.counts;
  const results = outlooks
    .flatMap(({ forecast }) => forecast.actions)
    .filter(({ isRemote }) => isRemote).length;
  const pulled: Pulled = { url: remote.url, results, blobs, bytes, missing };
  tellRefused(prepared.assembled);
  if (json) process.stdout.write(jsonLine(pulled));
  else if (outlooks.length > 0) process.stdout.write(printable(`${textOf(pulled, outlooks).join('\n')}\n`));
  return missing.length + prepared.assembled.refused.length > 0 ? 1 : 0;
}

/** @returns the outputs whose bytes are not to be had */
async function bringAll(
  outlooks: readonly Outlook[],
  { files }: Workbench,
  remote: RemoteCache,
): Promise<ReadonlySet<string>> {
  const wanted = new Map<string, OutputRecord>();
  for (const { forecast } of outlooks)
    for (const { result } of forecast.actions)
      for (const output of result ? blobsOf(result) : [])
        if (!(await files.has(output.digest))) wanted.set(output.digest, output);
  const totalBytes = [...wanted.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  using progress = byteProgress({ name: counted(wanted.size, 'blob'), totalBytes, act: 'fetching' });
  const lacking = new Set<string>();
  await eachOf(wanted.values(), atOnce, async ({ digest, sizeBytes }) => {
    if (!(await remote.bring(digest, sizeBytes))) lacking.add(digest);
    progress.advance(sizeBytes);
  });
  return lacking;
}

function missingOf({ spec, forecast }: Outlook, lacking: ReadonlySet<string>): Missing[] {
  const byComponent = Map.groupBy(forecast.actions, ({ node }) => node.component.name);
  return spec.components.flatMap(({ name: component }) => {
    const actions = byComponent.get(component) ?? [];
    const results = actions.filter(({ result }) => !result).length;
    const outputs = actions.flatMap(({ result }) => (result ? blobsOf(result) : []));
    const blobs = outputs.filter(({ digest }) => lacking.has(digest)).length;
    const isOpen = actions.length === 0 && !forecast.isComplete; // Nobody knows yet how many actions it has.
    return results + blobs > 0 || isOpen ? [{ run: spec.scope.label, component, results, blobs }] : [];
  });
}

function textOf({ url, results, blobs, bytes, missing }: Pulled, outlooks: readonly Outlook[]): string[] {
  const size = blobs > 0 ? `, ${counted(blobs, 'blob')} of ${sizeText(bytes)}` : '';
  const byRun = Map.groupBy(missing, ({ run }) => run);
  return [
    `${url}: ${counted(results, 'result')} fetched${size}`,
    missing.length === 0 ? `Everything of ${runsText(outlooks)} is here.` : `${url} lacks:`,
    ...outlooks.flatMap(({ spec, forecast }) => {
      const isUnknown = forecast.actions.every(({ result }) => !result);
      const lacks = byRun.get(spec.scope.label) ?? [];
      return isUnknown && lacks.length > 0 ? [`  ${runText(spec)}: everything`] : lacks.map(lackLine);
    }),
  ];
}

/** Of what is a target: what is none was told by itself. */
function runsText([first, ...others]: readonly Outlook[]): string {
  return others.length === 0 && first ? runText(first.spec) : `these ${others.length + 1} runs`;
}

function runText({ scope }: Outlook['spec']): string {
  return scope.label || 'the workspace';
}

function lackLine({ run, component, results, blobs }: Missing): string {
  const parts = [
    results > 0 && counted(results, 'result'),
    blobs > 0 && `the bytes of ${counted(blobs, 'output')}`,
  ];
  return `  ${run}//${component}: ${parts.filter(Boolean).join(', ') || 'everything'}`;
}
