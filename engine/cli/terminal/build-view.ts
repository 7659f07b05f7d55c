/** What a terminal shows of a build while it runs, below the lines that stay. One line of text for each fact. */
import { Box, Text, type TextProps } from 'ink';
import { createElement, type ReactElement, type ReactNode } from 'react';
import { sizeText, wholeSecondsText } from '../duration-text.ts';
import { stoppingText } from '../reporter.ts';
import { cutMiddle, oneLine } from '../short-names.ts';
import type { Activity, Progress, RunningAction, RunningRun } from './build-progress.ts';
import type { ResourceUse } from './resource-use.ts';

export interface BuildViewProps {
  readonly progress: Progress;
  readonly resources: ResourceUse;
  /** Label of a run → its short name; empty where there is only one run. */
  readonly names: ReadonlyMap<string, string>;
  readonly columns: number;
  readonly rows: number;
  readonly isStopping: boolean;
}

const widestBar = 40;
const widestName = 32;
const runBar = 10;
const mostActivities = 3;
/** From so many rows on, one stays empty between the view and the lines above it. */
const roomyRows = 16;

/** Takes half of the rows at most: what has happened before stays in sight. */
export function BuildView(props: BuildViewProps): ReactElement {
  const { progress, resources, names, columns, rows, isStopping } = props;
  const above = [
    ...(rows >= roomyRows ? [line(' ')] : []),
    header(progress, columns),
    ...(isStopping ? [line(stoppingText, { color: 'yellow' })] : []),
  ];
  const below = [
    ...progress.activities.slice(0, mostActivities).map((activity) => activityLine(activity, columns)),
    line(workText(progress)),
    line(resourceText(resources), { dimColor: true }),
    ...(progress.failed + progress.retried > 0 ? [troubleLine(progress)] : []),
  ];
  const room = Math.floor(rows / 2) - above.length - below.length;
  const middle =
    names.size > 0
      ? runLines(progress, { names, columns, room })
      : actionLines(progress.running, { columns, room });
  const lines = [...above, ...middle, ...below].slice(0, Math.max(1, rows - 2));
  return createElement(Box, { flexDirection: 'column', width: columns }, ...lines);
}

/** '━━━━━━─────  57 %  120 of 210 actions  1 min 05 s, 48 s left'. */
function header(progress: Progress, columns: number): ReactElement {
  const { share, done, planned, isPlanning, elapsedMs, leftMs } = progress;
  const percent = share === undefined ? 'planning' : `${Math.floor(share * 100)} %`;
  const left = leftMs === undefined ? '' : `, ${wholeSecondsText(leftMs)} left`;
  const more = isPlanning && share !== undefined ? '+' : '';
  const text = `${percent.padStart(5)}  ${done} of ${planned}${more} actions  ${wholeSecondsText(elapsedMs)}${left}`;
  const width = Math.min(widestBar, columns - text.length - 1);
  return width < runBar ? line(text.trimStart()) : line([...bar(share ?? 0, width), ` ${text}`]);
}

// ---- One run: what runs -----------------------------------------------------------------------------------------

function actionLines(
  actions: readonly RunningAction[],
  { columns, room }: { columns: number; room: number },
): ReactElement[] {
  const { shown, rest } = fitting(actions, room);
  const width = Math.min(
    widestName,
    Math.max(8, columns - 20),
    Math.max(3, ...shown.map(({ component }) => component.length)),
  );
  const lines = shown.map(({ component, segment, elapsedMs }) => {
    const name = cutMiddle(component, width).padEnd(width);
    return line(`  ${name}  ${segmentText(segment).padEnd(5)}  ${wholeSecondsText(elapsedMs).padStart(10)}`);
  });
  return [...lines, ...restLine(rest, 'running')];
}

// ---- Several runs: how far each is, and what it does ------------------------------------------------------------

function runLines(
  { activeRuns, runs }: Progress,
  { names, columns, room }: { names: ReadonlyMap<string, string>; columns: number; room: number },
): ReactElement[] {
  const { shown, rest } = fitting(activeRuns, room - 1);
  const nameOf = ({ run }: RunningRun): string => names.get(run) ?? 'workspace';
  const width = Math.min(
    widestName,
    Math.max(8, Math.floor(columns / 3)),
    Math.max(3, ...shown.map((run) => nameOf(run).length)),
  );
  const counts = Math.max(0, ...shown.map((run) => countText(run).length));
  const lines = shown.map((run) => {
    return line([
      `  ${cutMiddle(nameOf(run), width).padEnd(width)}  `,
      ...bar(run.planned > 0 ? run.done / run.planned : 0, runBar),
      `  ${countText(run).padStart(counts)}  ${actionsText(run.actions)}`,
    ]);
  });
  const states = [
    `${runs.running} running`,
    runs.success > 0 && `${runs.success} done`,
    runs.partial > 0 && `${runs.partial} partial`,
    runs.error > 0 && `${runs.error} failed`,
    runs.cancelled > 0 && `${runs.cancelled} cancelled`,
    runs.waiting > 0 && `${runs.waiting} waiting`,
  ];
  return [line(`runs: ${joined(states)}`), ...lines, ...restLine(rest, 'active')];
}

/** 'decode ×3 2 s, tempo_extractor 12 s': each component once, with the time of its oldest action. */
function actionsText(actions: readonly RunningAction[]): string {
  const byComponent = Map.groupBy(actions, ({ component }) => component);
  const texts = [...byComponent].map(([component, [oldest, ...others]]) => {
    const which = others.length > 0 ? `×${others.length + 1}` : segmentText(oldest!.segment);
    return [component, which, wholeSecondsText(oldest!.elapsedMs)].filter(Boolean).join(' ');
  });
  return texts.join(', ');
}

function countText({ done, planned }: RunningRun): string {
  return `${done}/${planned}`;
}

// ---- The lines below --------------------------------------------------------------------------------------------

function workText({ running, jobs, queued, ran, cached, framesPerSecond }: Progress): string {
  const { local, remote, bytes } = cached;
  const places = remote > 0 ? `${local} local, ${remote} remote, ${sizeText(bytes)}` : sizeText(bytes);
  return joined([
    `${running.length} running on ${jobs === 1 ? '1 core' : `${jobs} cores`}`,
    queued > 0 && `${queued} queued`,
    `${ran} ran`,
    local + remote > 0 && `${local + remote} cached (${places})`,
    framesPerSecond !== undefined && `${Math.round(framesPerSecond)} frames/s`,
  ]);
}

function resourceText({ cores, busyCores, residentBytes, heapBytes }: ResourceUse): string {
  return joined([
    `machine: ${busyCores.toFixed(1)} of ${cores} cores busy`,
    `flow: ${sizeText(residentBytes)} of memory`,
    `heap ${sizeText(heapBytes)}`,
  ]);
}

function activityLine({ activity, name, doneBytes, totalBytes }: Activity, columns: number): ReactElement {
  const share = totalBytes > 0 ? doneBytes / totalBytes : 0;
  const verb = { hash: 'hashing', download: 'downloading', upload: 'uploading', collect: 'collecting' }[
    activity
  ];
  const text = `  ${verb} ${cutMiddle(oneLine(name), Math.max(8, columns - 50))}  ${sizeText(doneBytes)} of ${sizeText(totalBytes)}`;
  return line(['  ', ...bar(share, runBar), text]);
}

function troubleLine({ failed, retried }: Progress): ReactElement {
  const text = joined([failed > 0 && `${failed} failed`, retried > 0 && `${retried} retried`]);
  return line(text, { color: failed > 0 ? 'red' : 'yellow' });
}

// ---- Small things -----------------------------------------------------------------------------------------------

/** One more line than there is room for takes the place of what it would tell of. */
function fitting<Item>(items: readonly Item[], room: number): { shown: readonly Item[]; rest: number } {
  const isFitting = items.length <= room;
  const shown = isFitting ? items : items.slice(0, Math.max(0, room - 1));
  return { shown, rest: items.length - shown.length };
}

function restLine(count: number, what: string): ReactElement[] {
  return count > 0 ? [line(`  … and ${count} more ${what}`, { dimColor: true })] : [];
}

function segmentText(segment: number | undefined): string {
  return segment === undefined ? '' : `#${segment}`;
}

function joined(parts: readonly (string | false)[]): string {
  return parts.filter((part) => part !== false).join(' · ');
}

function bar(share: number, width: number): ReactElement[] {
  const filled = Math.round(Math.min(1, share) * width);
  return [
    createElement(Text, { key: 'done', color: 'green' }, '━'.repeat(filled)),
    createElement(Text, { key: 'left', dimColor: true }, '─'.repeat(width - filled)),
  ];
}

function line(content: ReactNode, style: Pick<TextProps, 'color' | 'dimColor'> = {}): ReactElement {
  return createElement(Text, { ...style, wrap: 'truncate-end' }, content);
}
