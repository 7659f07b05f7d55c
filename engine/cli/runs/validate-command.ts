/** `flow validate`: holds runs against their contracts, with evidence. */
import { join } from 'node:path';
import { printable } from '../../core/errors.ts';
import { RealDisk } from '../../io/disk.ts';
import { readRunState } from '../../run/read-run-state.ts';
import { counted } from '../duration-text.ts';
import { standardScreen, styled } from '../screen.ts';
import { storedRuns } from '../storage/run-storages.ts';
import { findWorkspace } from '../workspace.ts';
import { terminalWidth, wrapped } from '../wrapped.ts';
import { type Audit, auditRun } from './audit/audit-run.ts';
import type { Fault, Verdict } from './audit/check.ts';
import { findRuns } from './find-runs.ts';
import type { RunPlace } from './run-places.ts';

export interface ValidateFlags {
  readonly results?: string;
  readonly state?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** @returns the exit status: 1 if a check of a run fails */
export async function validateCommand(words: readonly string[], flags: ValidateFlags): Promise<number> {
  const workspace = findWorkspace(flags);
  const { runStatesFolder } = workspace;
  using stored = await storedRuns(workspace);
  await stored?.bringManifests();
  const places = await findRuns(words, workspace);
  const disk = new RealDisk();
  const audits: Audit[] = [];
  for (const place of places) {
    using snapshot = await stored?.snapshot(place);
    await stored?.bringState(place);
    const state = await readRunState(disk, join(runStatesFolder, place.name));
    const url = stored?.urlOf(place);
    if (url !== undefined && !snapshot) tellUnpublished(place);
    const audit = { ...auditRun(snapshot?.place ?? place, state?.document), folder: url ?? place.folder };
    audits.push(audit);
    if (!flags.json) process.stdout.write(auditText(audit, { isWhole: flags.all ?? false }));
  }
  const failed = audits.filter(({ status }) => status === 'FAIL').length;
  if (flags.json) process.stdout.write(`${JSON.stringify(document(audits))}\n`);
  else if (audits.length > 1)
    process.stdout.write(
      `\n${counted(audits.length, 'run')}: ${audits.length - failed} PASS, ${failed} FAIL\n`,
    );
  return failed > 0 ? 1 : 0;
}

function tellUnpublished({ name }: RunPlace): void {
  process.stderr.write(
    printable(
      `${name} is not published yet, or not all of it: what is looked at is its copy on this machine\n`,
    ),
  );
}

function document(audits: readonly Audit[]): unknown {
  return {
    status: audits.some(({ status }) => status === 'FAIL') ? 'FAIL' : 'PASS',
    runs: audits.map(({ run, folder, status, verdicts }) => ({
      run,
      folder,
      status,
      passed: withStatus(verdicts, 'PASS').length,
      failed: withStatus(verdicts, 'FAIL').length,
      skipped: withStatus(verdicts, 'SKIP').length,
      checks: verdicts,
    })),
  };
}

function withStatus(verdicts: readonly Verdict[], status: Verdict['status']): Verdict[] {
  return verdicts.filter((verdict) => verdict.status === status);
}

const mostFaults = 5;

/** Of what passes only the number, unless all is wanted. */
function auditText({ run, status, verdicts }: Audit, { isWhole }: { isWhole: boolean }): string {
  const counts = (['FAIL', 'PASS', 'SKIP'] as const).flatMap((one) => {
    const { length } = withStatus(verdicts, one);
    return length > 0 ? [`${length} ${countNames[one]}`] : [];
  });
  const told = isWhole ? verdicts : withStatus(verdicts, 'FAIL');
  const idWidth = Math.max(0, ...told.map(({ id }) => id.length));
  const lines = [
    `${label(status)}  ${printable(run)}  ${styled(standardScreen(), 'dim', counts.join(', '))}`,
    ...told.flatMap((verdict) => verdictLines(verdict, { idWidth, isWhole })),
  ];
  return `${lines.join('\n')}\n`;
}

const countNames = { FAIL: 'failed', PASS: 'passed', SKIP: 'skipped' } as const;

function verdictLines(
  { id, sentence, status, faults }: Verdict,
  { idWidth, isWhole }: { idWidth: number; isWhole: boolean },
): string[] {
  const shown = isWhole ? faults : faults.slice(0, mostFaults);
  const hidden = faults.length - shown.length;
  const indent = 2 + 4 + 2 + idWidth + 2;
  return [
    `  ${label(status)}  ${id.padEnd(idWidth)}  ${wrapped(sentence, { indent, width: terminalWidth() })}`,
    ...shown.flatMap(faultLines),
    ...(hidden > 0 ? [`    … and ${hidden} more: --all`] : []),
  ];
}

function faultLines({ path, expected, found }: Fault): string[] {
  return [`    ${path}`, `    expected ${expected}`, `    found    ${found}`].map(printable);
}

function label(status: Verdict['status']): string {
  const colours = { PASS: 'green', FAIL: 'red', SKIP: 'dim' } as const;
  return styled(standardScreen(), colours[status], status);
}
