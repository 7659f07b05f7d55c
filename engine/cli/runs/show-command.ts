/** `flow show`: what one run did, and where its results are. */
import { join } from 'node:path';
import { z } from 'zod';
import { printable } from '../../core/errors.ts';
import type { Manifest, ManifestComponent, ManifestOutput } from '../../core/manifest.ts';
import { durationText, sizeText } from '../duration-text.ts';
import { type Screen, standardScreen, styled } from '../screen.ts';
import { shown } from '../shown-path.ts';
import { storedRuns } from '../storage/run-storages.ts';
import { type Column, textTable } from '../text-table.ts';
import { findWorkspace } from '../workspace.ts';
import { wrapped } from '../wrapped.ts';
import { findRun } from './find-run.ts';
import { durationOf } from './list-runs.ts';
import { liveStatus } from './live-status.ts';
import { readManifest } from './read-manifest.ts';
import type { RunPlace } from './run-places.ts';
import { statusStyles } from './status-styles.ts';

export interface ShowFlags {
  readonly results?: string;
  readonly state?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** @throws {FlowError} `config_invalid` if there is no such run, or its manifest cannot be read */
export async function showCommand(word: string, flags: ShowFlags): Promise<void> {
  const workspace = findWorkspace(flags);
  const { runStatesFolder } = workspace;
  using stored = await storedRuns(workspace);
  await stored?.bringManifests();
  const place = await findRun(word, workspace);
  await stored?.bringState(place);
  const url = stored?.urlOf(place);
  const manifest = readManifest(place.manifestPath);
  const stateFolder = join(runStatesFolder, place.name);
  if (flags.json)
    process.stdout.write(`${JSON.stringify(document({ place, url, manifest, stateFolder }))}\n`);
  else {
    const lines = showLines(
      { place, url, manifest, stateFolder, screen: standardScreen() },
      flags.all ?? false,
    );
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

function document({ place, url, manifest, stateFolder }: Omit<Shown, 'screen'>): unknown {
  return {
    live_status: liveStatus(manifest.run.status, stateFolder),
    name: place.name,
    folder: url ?? place.folder,
    report: reportOf(manifest, url ?? place.folder) ?? null,
    ...manifest,
  };
}

interface Shown {
  readonly place: RunPlace;
  /** Where it is, if that is not on this machine. */
  readonly url: string | undefined;
  readonly manifest: Manifest;
  readonly stateFolder: string;
  readonly screen: Screen;
}

function showLines(what: Shown, isWhole: boolean): string[] {
  const { components } = what.manifest;
  return [
    ...headLines(what, isWhole),
    '',
    ...tableLines(what),
    ...section(what, 'error', components.flatMap(errorsOf)),
    ...section(
      what,
      'warning',
      components.flatMap(({ name, warnings }) => warnings.map((warning) => `${name}: ${warning}`)),
    ),
    ...section(what, 'models', components.flatMap(modelsOf)),
    ...(isWhole ? components.flatMap((component) => ['', ...componentLines(what, component)]) : []),
  ];
}

function headLines({ place, url, manifest, stateFolder, screen }: Shown, isWhole: boolean): string[] {
  const { run } = manifest;
  const durationMs = durationOf(run);
  const report = reportOf(manifest, url ?? place.folder);
  const near = (path: string): string => (url === undefined ? shown(path) : path);
  const now = liveStatus(run.status, stateFolder);
  const status = styled(screen, statusStyles[now], now);
  return [
    `${styled(screen, 'bold', printable(run.source.name))}  ${status}${durationMs === undefined ? '' : `  in ${durationText(durationMs)}`}`,
    fact('run', place.name),
    fact('source', sourceText(run.source)),
    fact('made', `${run.created_at} by flow ${run.flow_version}`),
    fact('of', `stage ${run.stage}, profile ${run.profile}, sampling policy ${run.sampling_policy_version}`),
    ...(isWhole ? [fact('config', run.config_hash), fact('video', run.source.digest)] : []),
    ...(run.dataprocessor_version === 'unknown' ? [] : [fact('processor', run.dataprocessor_version)]),
    fact('folder', near(url ?? place.folder)),
    ...(report === undefined ? [] : [fact('report', near(report))]),
  ];
}

function fact(name: string, text: string): string {
  return `  ${name.padEnd(9)}  ${printable(text)}`;
}

/** '6.17 s, 640×480, 30 fps, sound, 503 KiB'. */
function sourceText({
  duration_sec,
  width,
  height,
  fps,
  has_audio,
  size,
}: Manifest['run']['source']): string {
  return [
    duration_sec !== null && durationText(duration_sec * 1000),
    width !== null && height !== null ? `${width}×${height}` : has_audio !== null && 'no picture',
    fps !== null && `${Math.round(fps * 1000) / 1000} fps`,
    has_audio !== null && (has_audio ? 'sound' : 'no sound'),
    sizeText(size),
  ]
    .filter(Boolean)
    .join(', ');
}

function reportOf({ components }: Manifest, folder: string): string | undefined {
  const page = components.flatMap(({ outputs }) => outputs).find(({ path }) => path.endsWith('.html'));
  return page && `${folder}/${page.path}`;
}

const barWidth = 6; // As wide as 'cached'.

function tableLines({ manifest, screen }: Shown): string[] {
  const { components } = manifest;
  const longestMs = Math.max(1, ...components.map(({ duration_ms }) => duration_ms));
  const column = (
    title: string,
    cell: (component: ManifestComponent) => string,
    rest: Partial<Column> = {},
  ): Column => ({
    title,
    cells: components.map((component) => printable(cell(component))),
    ...rest,
  });
  const columns = [
    column('COMPONENT', ({ name }) => name),
    column('STATUS', ({ status }) => status),
    column('TOOK', ({ duration_ms }) => (duration_ms > 0 ? durationText(duration_ms) : ''), {
      isRight: true,
    }),
    column('', ({ duration_ms, cache }) =>
      cache === 'none' ? bar(duration_ms / longestMs) : cacheNames[cache],
    ),
    column('SIZE', ({ outputs }) => sizeOf(outputs), { isRight: true }),
  ];
  const left = textTable(columns);
  const widest = Math.max(...left.map(({ length }) => length));
  const [title = '', ...rows] = left;
  return [
    styled(screen, 'dim', `${title.padEnd(widest)}  OUTPUTS`),
    ...rows.map((row, index) => {
      const { status } = components[index]!;
      const indent = widest + 2;
      const text = wrapped(resultText(components[index]!), { indent, width: screen.columns });
      const line = `${row.padEnd(widest)}  ${text}`.trimEnd();
      return line.replace(` ${status}`, ` ${styled(screen, statusStyles[status], status)}`);
    }),
  ];
}

/** What it gave, or why it gave nothing; an error has more to say, and says it below. */
function resultText({ status, outputs, empty_reason: reason, error }: ManifestComponent): string {
  const names = outputs.map(({ name }) => name).join(', ');
  return printable(reason ?? (status === 'skipped' ? (error ?? '') : names)).replaceAll('\n', ' ');
}

const cacheNames = { local: 'cached', remote: 'remote' } as const;

function bar(share: number): string {
  return share > 0 ? '▇'.repeat(Math.max(1, Math.round(share * barWidth))) : '';
}

function sizeOf(outputs: readonly ManifestOutput[]): string {
  return outputs.length === 0 ? '' : sizeText(outputs.reduce((sum, { bytes }) => sum + bytes, 0));
}

function errorsOf({ name, required, error_code: code, error }: ManifestComponent): string[] {
  return code === undefined ? [] : [`${name}${required ? '' : ' (optional)'}: ${code}: ${error}`];
}

function modelsOf({ name, models_used: models }: ManifestComponent): string[] {
  return models.length === 0 ? [] : [`${name}: ${models.map(modelText).join('; ')}`];
}

/** What the eye needs of a model; `inspect` and the manifest say more. */
const usedModel = z.object({
  name: z.string(),
  version: z.string(),
  engine: z.string(),
  precision: z.string(),
  device: z.string(),
});

function modelText(model: unknown): string {
  const { data } = usedModel.safeParse(model);
  // What another version of flow has written otherwise is shown as it is.
  return data === undefined
    ? JSON.stringify(model)
    : `${data.name} ${data.version}, ${data.engine}, ${data.precision}, ${data.device}`;
}

/** One line for each text under its name, or none. */
function section(
  { screen }: Shown,
  name: 'error' | 'warning' | 'models',
  texts: readonly string[],
): string[] {
  const styles = { error: 'red', warning: 'yellow', models: 'bold' } as const;
  const indent = 9;
  const wrap = (line: string): string => wrapped(printable(line), { indent, width: screen.columns });
  return texts.flatMap((text, index) => {
    const [first = '', ...others] = name === 'error' ? text.split('\n') : [text.replaceAll('\n', ' ')];
    return [
      ...(index === 0 ? [''] : []),
      `${styled(screen, styles[name], name.padEnd(indent - 2))}  ${wrap(first)}`,
      ...others.map((line) => `${' '.repeat(indent)}${wrap(line)}`),
    ];
  });
}

/** Everything that the manifest knows of one component. */
function componentLines({ screen }: Shown, component: ManifestComponent): string[] {
  const { name, processor, required, rule_digest, producer_version, action_key, outputs } = component;
  const { model_signature: signature } = component;
  return [
    `${styled(screen, 'bold', printable(name))}  ${printable(processor)}, ${required ? 'required' : 'optional'}`,
    fact('rule', `${rule_digest}  version ${producer_version}`),
    ...(action_key === null ? [] : [fact('key', action_key)]),
    ...(signature === undefined ? [] : [fact('signature', signature)]),
    ...(component.started_at === null ? [] : [fact('started', component.started_at)]),
    ...(component.device_used === null ? [] : [fact('device', component.device_used)]),
    ...outputs.flatMap((output) => outputLines(output, screen)),
  ];
}

function outputLines({ path, bytes, digest, arrays = {} }: ManifestOutput, { columns }: Screen): string[] {
  const indent = 13;
  const described = Object.entries(arrays).map(
    ([name, { dtype, shape }]) => `${name}\u00a0${dtype}\u00a0[${shape.join(',\u00a0')}]`,
  );
  return [
    fact('output', `${path}  ${sizeText(bytes)}`),
    fact('', digest),
    ...(described.length > 0
      ? [fact('', wrapped(described.join(', '), { indent, width: columns }).replaceAll('\u00a0', ' '))]
      : []),
  ];
}
