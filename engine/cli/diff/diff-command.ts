/** `flow diff`: in what two runs differ. */
import type { FlowError } from '../../core/errors.ts';
import { errorDocument, errorText } from '../error-text.ts';
import { jsonLine } from '../json-line.ts';
import { findRun } from '../runs/find-run.ts';
import { readManifest } from '../runs/read-manifest.ts';
import { standardScreen } from '../screen.ts';
import { storedRuns } from '../storage/run-storages.ts';
import { findWorkspace } from '../workspace.ts';
import { compareRuns, type RunSide } from './compare-runs.ts';
import { diffText } from './diff-text.ts';

export interface DiffFlags {
  readonly json?: boolean;
  readonly results?: string;
}

/** @returns the exit status, as that of `diff`: 0 nothing differs, 1 something does, 2 something could not be compared */
export async function diffCommand(words: readonly [string, string], flags: DiffFlags): Promise<number> {
  const workspace = findWorkspace(flags);
  using stored = await storedRuns(workspace);
  await stored?.bringManifests();
  const sideOf = async (word: string): Promise<RunSide> => {
    const place = await findRun(word, workspace);
    await stored?.bringWhole(place);
    return { name: place.name, folder: place.folder, manifest: readManifest(place.manifestPath) };
  };
  const [a, b] = [await sideOf(words[0]), await sideOf(words[1])];
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
