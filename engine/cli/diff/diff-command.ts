/** `flow diff`: in what two runs differ. */
import type { FlowError } from '../../core/errors.ts';
import { errorDocument, errorText } from '../error-text.ts';
import { jsonLine } from '../json-line.ts';
import { findRun } from '../runs/find-run.ts';
import { readManifest } from '../runs/read-manifest.ts';
import { standardScreen } from '../screen.ts';
import { findWorkspace } from '../workspace.ts';
import { compareRuns, type RunSide } from './compare-runs.ts';
import { diffText } from './diff-text.ts';

export interface DiffFlags {
  readonly json?: boolean;
  readonly results?: string;
}

/** @returns the exit status, as that of `diff`: 0 nothing differs, 1 something does, 2 something could not be compared */
export async function diffCommand(words: readonly [string, string], flags: DiffFlags): Promise<number> {
  const { resultsFolder } = findWorkspace(flags);
  const [a, b] = [await sideOf(words[0], resultsFolder), await sideOf(words[1], resultsFolder)];
  const errors: FlowError[] = [];
  const diff = compareRuns(a, b, (error) => errors.push(error));
  process.stdout.write(
    flags.json
      ? jsonLine({ a: a.name, b: b.name, ...diff, errors: errors.map((error) => errorDocument(error)) })
      : diffText(a, b, diff, standardScreen()),
  );
  for (const error of errors) process.stderr.write(`${errorText(error)}\n`);
  return errors.length > 0 ? 2 : diff.is_same ? 0 : 1;
}

async function sideOf(word: string, resultsFolder: string): Promise<RunSide> {
  const { name, folder, manifestPath } = await findRun(word, resultsFolder);
  return { name, folder, manifest: readManifest(manifestPath) };
}
