/** What must hold of a run's manifest as a whole. */

import type { Digest } from '../../../core/digest.ts';
import { isId, runIdOf } from '../../../core/identity.ts';
import type { Manifest } from '../../../core/manifest.ts';
import { type Check, type Fault, unless } from './check.ts';
import type { FolderEntry } from './list-folder.ts';

export interface RunSubject {
  /** The names of the run's folder and of the two above it. */
  readonly folders: { readonly platform: string; readonly video: string; readonly run: string };
  readonly manifest: Manifest;
  /** Everything in the run's folder. */
  readonly entries: readonly FolderEntry[];
}

const manifestPath = 'manifest.json';

export const runChecks: readonly Check<RunSubject>[] = [
  {
    id: 'run.ids',
    sentence: 'Platform, video and run have ids of the right form.',
    faultsOf: ({ manifest }) => idsOf(manifest).flatMap(([name, id]) => faultOfId(name, id)),
  },
  {
    id: 'run.folders',
    sentence: 'The folders are named for the ids.',
    faultsOf: ({ manifest, folders }) =>
      idsOf(manifest).flatMap(([name, id]) => {
        const found = folders[name.slice(0, -'_id'.length) as keyof typeof folders];
        return unless(found === id, {
          path: manifestPath,
          expected: `a folder named for ${name}: "${id}"`,
          found: `"${found}"`,
        });
      }),
  },
  {
    id: 'run.run_id',
    sentence: 'A run id that flow has made is that of video, stage, configuration and sampling policy.',
    faultsOf: faultsOfRunId,
  },
  {
    id: 'run.status',
    sentence: 'The status of a run follows from its components.',
    faultsOf: faultsOfStatus,
  },
  {
    id: 'run.times',
    sentence: 'Times are instants in UTC, and a run has ended unless it is running.',
    faultsOf: faultsOfTimes,
  },
  {
    id: 'run.source',
    sentence: 'The source is named without a path.',
    faultsOf: ({ manifest: { run } }) =>
      unless(!/[/\\]/.test(run.source.name), {
        path: `${manifestPath}#run.source.name`,
        expected: 'a name without folders',
        found: `"${run.source.name}"`,
      }),
  },
  {
    id: 'run.components',
    sentence: 'Every component is listed once, and so is every output of it.',
    faultsOf: ({ manifest: { components } }) => [
      ...twice(
        components.map(({ name }) => name),
        'component',
      ),
      ...twice(
        components.flatMap(({ outputs }) => outputs.map(({ path }) => path)),
        'path',
      ),
    ],
  },
  {
    id: 'folder.entries',
    sentence: 'The folder holds files and folders alone; no link leads out of it.',
    faultsOf: ({ entries }) =>
      entries.flatMap(({ path, type }) =>
        unless(type === 'file' || type === 'folder', {
          path,
          expected: 'a file or a folder of the run',
          found: type === 'foreign' ? 'a link that leads elsewhere' : 'neither a file nor a folder',
        }),
      ),
  },
  {
    id: 'folder.listed',
    sentence: 'Every file of the folder is in the manifest.',
    faultsOf: faultsOfUnlisted,
  },
];

function idsOf({ run }: Manifest): ['platform_id' | 'video_id' | 'run_id', string][] {
  return [
    ['platform_id', run.platform_id],
    ['video_id', run.video_id],
    ['run_id', run.run_id],
  ];
}

function faultOfId(name: string, id: string): Fault[] {
  return unless(isId(id), {
    path: `${manifestPath}#run.${name}`,
    expected: '1 to 128 letters, digits, ".", "_" and "-", other than "." and ".."',
    found: `"${id}"`,
  });
}

function faultsOfRunId({ manifest: { run } }: RunSubject): Fault[] | undefined {
  if (!/^r-[0-9a-f]{16}$/.test(run.run_id)) return undefined; // The caller's own.
  const expected = runIdOf({
    video: run.source.digest as Digest, // The manifest's schema holds it to the pattern of digests.
    stage: run.stage,
    configHash: run.config_hash as Digest,
    samplingPolicyVersion: run.sampling_policy_version,
  });
  return unless(run.run_id === expected, { path: `${manifestPath}#run.run_id`, expected, found: run.run_id });
}

function faultsOfStatus({ manifest: { run, components } }: RunSubject): Fault[] | undefined {
  if (run.status === 'running' || run.status === 'cancelled') return undefined; // They say nothing of what there is.
  const failed = components.filter(({ status }) => status === 'error');
  const required = failed.filter((component) => component.required);
  const lost = components.filter(({ status, required: isRequired }) => status === 'skipped' && !isRequired);
  const fault = (expected: string, guilty: typeof components): Fault => ({
    path: `${manifestPath}#run.status`,
    expected,
    found: `"${run.status}", and ${guilty.length === 0 ? 'no such component' : guilty.map(({ name, status }) => `${name}: ${status}`).join(', ')}`,
  });
  switch (run.status) {
    case 'success':
      return unless(failed.length === 0, fault('no component with status error', failed));
    case 'error':
      return unless(required.length > 0, fault('a required component with status error', []));
    case 'partial':
      if (required.length > 0) return [fault('no required component with status error', required)];
      return unless(
        failed.length + lost.length > 0,
        fault('an optional component that failed or was skipped', []),
      );
    default:
      throw new TypeError(`unknown status ${run.status satisfies never}`);
  }
}

function faultsOfTimes({ manifest: { run, components } }: RunSubject): Fault[] {
  const times: [string, string | null][] = [
    ['run.created_at', run.created_at],
    ['run.finished_at', run.finished_at],
    ...components.flatMap(({ name, started_at, finished_at }): [string, string | null][] => [
      [`${name}.started_at`, started_at],
      [`${name}.finished_at`, finished_at],
    ]),
  ];
  const isRunning = run.status === 'running';
  return [
    ...times.flatMap(([name, time]) =>
      unless(time === null || isInstant(time), {
        path: `${manifestPath}#${name}`,
        expected: 'an instant such as 2026-01-31T12:00:00.000Z',
        found: `"${time}"`,
      }),
    ),
    ...unless((run.finished_at === null) === isRunning, {
      path: `${manifestPath}#run.finished_at`,
      expected: isRunning
        ? 'null, for the run is running'
        : `an instant, for the run is over ("${run.status}")`,
      found: String(run.finished_at),
    }),
  ];
}

function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(text) && !Number.isNaN(Date.parse(text));
}

function twice(names: readonly string[], what: string): Fault[] {
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...repeated].map((name) => ({
    path: manifestPath,
    expected: `one ${what} "${name}"`,
    found: `${names.filter((other) => other === name).length} of them`,
  }));
}

function faultsOfUnlisted({ manifest: { run, components }, entries }: RunSubject): Fault[] | undefined {
  if (run.status !== 'success' && run.status !== 'partial') return undefined; // What an earlier build gave may be there.
  const listed = new Set(components.flatMap(({ outputs }) => outputs.map(({ path }) => path)));
  return entries
    .filter(({ path, type }) => type === 'file' && path !== manifestPath && !listed.has(path))
    .map(({ path }) => ({
      path,
      expected: 'an output of the manifest',
      found: 'a file that it does not name',
    }));
}
