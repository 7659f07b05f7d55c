/** `flow doctor`: looks at everything that flow needs, and says how to mend what is wrong. */
import { availableParallelism } from 'node:os';
import { styleText } from 'node:util';
import { counted } from '../duration-text.ts';
import { flowVersion } from '../version.ts';
import { findWorkspace } from '../workspace.ts';
import { type Examined, examine } from './examine.ts';
import type { Check, Level } from './finding.ts';
import { folderChecks } from './folder-checks.ts';
import { machineChecks } from './machine-checks.ts';
import { modelChecks } from './model-checks.ts';
import { packageChecks } from './package-checks.ts';
import { programChecks } from './program-checks.ts';
import { type RemoteDoctorFlags, remoteChecks } from './remote-checks.ts';
import { runBucketChecks } from './run-bucket-checks.ts';
import { workspaceChecks } from './workspace-checks.ts';

export interface DoctorFlags extends RemoteDoctorFlags {
  readonly profile?: string;
  readonly results?: string;
  readonly state?: string;
  readonly cacheDir?: string;
  readonly json?: boolean;
}

/** For each check. */
const timeoutMs = 15_000;

/** @returns the exit status: 1 if something has to be mended */
export async function doctorCommand(flags: DoctorFlags): Promise<number> {
  const checks = [...machineChecks, ...programChecks, ...packageChecks, ...checksOfWorkspace(flags)];
  const findings = await examine(checks, timeoutMs);
  const isWell = findings.every(({ level }) => level !== 'fail');
  const document = { status: isWell ? 'pass' : 'fail', flow_version: flowVersion, findings };
  process.stdout.write(flags.json ? `${JSON.stringify(document)}\n` : findingsText(findings));
  return isWell ? 0 : 1;
}

/** Without its settings nobody knows which folders and which graph: what is wrong with them is all then. */
function checksOfWorkspace(flags: DoctorFlags): Check[] {
  try {
    const workspace = findWorkspace(flags);
    return [
      ...modelChecks(workspace, {
        jobs: workspace.jobs ?? availableParallelism(),
        profile: flags.profile,
      }),
      ...workspaceChecks(workspace, flags.profile),
      ...folderChecks(workspace),
      ...runBucketChecks(workspace),
      ...remoteChecks(workspace, flags),
    ];
  } catch (thrown) {
    return [{ area: 'workspace', name: 'flow.yaml', examine: () => Promise.reject(thrown) }];
  }
}

const colours: Readonly<Record<Level, 'green' | 'cyan' | 'yellow' | 'red'>> = {
  pass: 'green',
  info: 'cyan',
  warn: 'yellow',
  fail: 'red',
};

function findingsText(findings: readonly Examined[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const areas = [...Map.groupBy(findings, ({ area }) => area)];
  const blocks = areas.map(([area, ofArea]) =>
    [area, ...ofArea.flatMap((finding) => findingLines(finding, width))].join('\n'),
  );
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const sum = `${count('fail')} failed, ${counted(count('warn'), 'warning')}, ${count('pass')} passed`;
  return `${[`flow ${flowVersion}`, ...blocks, sum].join('\n\n')}\n`;
}

function findingLines({ level, name, found, fix }: Examined, width: number): string[] {
  const label = styleText(colours[level], level.toUpperCase());
  const indent = ' '.repeat(width + 10);
  const [first = '', ...rest] = found.split('\n');
  return [
    `  ${label}  ${name.padEnd(width)}  ${first}`,
    ...rest.map((line) => indent + line),
    ...(fix === undefined ? [] : [`${indent}Fix: ${fix}`]),
  ];
}
