/** `flow runs`: the runs of a results folder, newest first. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { FlowError, printable } from '../../core/errors.ts';
import { durationText, sizeText } from '../duration-text.ts';
import { errorDocument } from '../error-text.ts';
import { type Screen, standardScreen, styled } from '../screen.ts';
import { cutMiddle } from '../short-names.ts';
import { shown } from '../shown-path.ts';
import { storedRuns } from '../storage/run-storages.ts';
import { type Column, fitting, textTable } from '../text-table.ts';
import { ageText } from './age-text.ts';
import { type DamagedRun, type ListedRun, listRuns } from './list-runs.ts';
import type { LiveStatus } from './live-status.ts';
import { runFoldersOf } from './run-folders.ts';
import { statusStyles } from './status-styles.ts';

export interface RunsFlags {
  readonly results?: string;
  readonly platform?: string;
  readonly video?: string;
  readonly state?: string;
  readonly status?: LiveStatus;
  readonly json?: boolean;
}

/** @throws {FlowError} `config_invalid` if the results folder that a flag names is not there */
export async function runsCommand(flags: RunsFlags): Promise<void> {
  const folders = await runFoldersOf(flags);
  const { resultsFolder, resultsUrl } = folders;
  using stored = await storedRuns(folders);
  await stored?.bringManifests();
  await stored?.bringStatesOfRunning();
  const isFolder = resultsUrl === undefined;
  if (isFolder && flags.results !== undefined && !existsSync(resultsFolder)) throw noFolder(flags.results);
  const all = await listRuns(folders);
  const runs = all.filter((one) => isWanted(one, flags));
  if (flags.json) process.stdout.write(`${JSON.stringify({ runs: runs.map(document) })}\n`);
  else if (runs.length === 0)
    process.stderr.write(`There are no such runs in ${resultsUrl ?? shown(resultsFolder)}.\n`);
  else process.stdout.write(`${runLines(runs, standardScreen()).join('\n')}\n`);
}

function noFolder(folder: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: '--results',
    message: `Cannot list the runs of "${folder}": there is no such folder.`,
    fix: 'Name the folder that `flow build` wrote to.',
  });
}

/** Of a damaged run only its folders' names are known. */
function isWanted(one: ListedRun | DamagedRun, { platform, video, status }: RunsFlags): boolean {
  const [platformId, videoId = ''] = one.place.name.split('/');
  const names = 'run' in one ? [videoId, one.run.source.name] : [videoId];
  return (
    (platform === undefined || platform === platformId) &&
    (video === undefined || names.some((name) => name.startsWith(basename(video)))) &&
    (status === undefined || ('run' in one && one.status === status))
  );
}

function document(one: ListedRun | DamagedRun): unknown {
  const { name, manifestPath } = one.place;
  if ('error' in one) return { name, manifest: manifestPath, error: errorDocument(one.error) };
  const { run, status, components, durationMs = null, sizeBytes } = one;
  const { platform_id, video_id, run_id, stage, profile, created_at, finished_at, source } = run;
  const ids = { platform_id, video_id, run_id, stage, profile };
  return {
    ...{ name, ...ids, status, components, created_at, finished_at },
    ...{ duration_ms: durationMs, bytes: sizeBytes, source, manifest: manifestPath },
  };
}

const widestVideo = 22;

function runLines(all: readonly (ListedRun | DamagedRun)[], screen: Screen): string[] {
  const runs = all.filter((one) => 'run' in one);
  const damaged = all.filter((one) => 'error' in one);
  const [title = '', ...lines] = textTable(fitting(columnsOf(runs), screen.columns));
  const table = lines.map((line, index) => coloured(line, runs[index]!, screen));
  return [
    ...(runs.length > 0 ? [styled(screen, 'dim', title), ...table] : []),
    ...damaged.map(damagedLine(screen)),
  ];
}

function columnsOf(runs: readonly ListedRun[]): Column[] {
  const nowMs = Date.now();
  const shortIds = shortened(runs.map(({ run }) => run.run_id));
  const column = (title: string, cell: (one: ListedRun) => string, rest: Partial<Column> = {}): Column => ({
    title,
    cells: runs.map(cell),
    ...rest,
  });
  return [
    column('VIDEO', ({ run }) => cutMiddle(printable(run.video_id), widestVideo)),
    column('RUN', ({ run }) => shortIds.get(run.run_id)!),
    column('STATUS', ({ status }) => status),
    column('OK', sharesText, { isRight: true }),
    column('WHEN', ({ createdAt }) => ageText(createdAt, nowMs), { isRight: true }),
    column('TOOK', ({ durationMs }) => (durationMs === undefined ? '' : durationText(durationMs)), {
      isRight: true,
      dropRank: 1,
    }),
    column('SIZE', ({ sizeBytes }) => sizeText(sizeBytes), { isRight: true, dropRank: 2 }),
    column('STAGE', ({ run }) => printable(run.stage), { dropRank: 3 }),
    column('PROFILE', ({ run }) => printable(run.profile), { dropRank: 4 }),
  ];
}

/** '7/8': of all components those that gave a result. What a run that went well has skipped, nothing asked for. */
function sharesText({ status, components }: ListedRun): string {
  const { success, empty, error, skipped } = components;
  return `${success + empty}/${success + empty + error + (status === 'success' ? 0 : skipped)}`;
}

/** As much of the beginning of each id as tells them apart, at least ten letters. */
function shortened(ids: readonly string[]): Map<string, string> {
  const distinct = [...new Set(ids)];
  let length = 10;
  while (new Set(distinct.map((id) => id.slice(0, length))).size < distinct.length) length += 1;
  return new Map(distinct.map((id) => [id, id.slice(0, length)]));
}

/** The status in its colour: the first place where it stands alone behind the ids. */
function coloured(line: string, { status }: ListedRun, screen: Screen): string {
  return line.replace(` ${status} `, ` ${styled(screen, statusStyles[status], status)} `);
}

function damagedLine(screen: Screen): (run: DamagedRun) => string {
  return ({ place, error }) =>
    printable(`${place.name}  `) + styled(screen, 'red', 'unreadable') + printable(`  ${error.message}`);
}
