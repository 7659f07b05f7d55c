/** The audit of a run: every contract that can be seen from its folder. */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { checkDocument } from '../../../core/issue.ts';
import { type Manifest, manifestSchema } from '../../../core/manifest.ts';
import { readNpz } from '../../../core/npz.ts';
import type { RunStateDocument } from '../../../core/run-state.ts';
import type { RunPlace } from '../run-places.ts';
import { arrayChecks } from './array-checks.ts';
import { type Check, CheckList, type Fault, type Verdict } from './check.ts';
import { componentChecks } from './component-checks.ts';
import {
  type FileSubject,
  fileChecks,
  isAtItsPlace,
  type OutputSubject,
  outputChecks,
} from './file-checks.ts';
import { type FolderEntry, listFolder } from './list-folder.ts';
import { npzChecks } from './npz-checks.ts';
import { readLayout } from './npz-layout.ts';
import { runChecks } from './run-checks.ts';
import { stateChecks } from './state-checks.ts';

export interface Audit {
  /** `platform/video/run`. */
  readonly run: string;
  readonly folder: string;
  readonly status: 'PASS' | 'FAIL';
  /** In an order of their own, the same for each run. */
  readonly verdicts: readonly Verdict[];
}

/** Examines a run, one file at a time. @param state what is known of its state; undefined where it has none */
export function auditRun(
  { name, folder, manifestPath }: RunPlace,
  state: RunStateDocument | undefined,
): Audit {
  const verdicts = new RunAudit(folder, state).examine(manifestPath);
  const status = verdicts.some((verdict) => verdict.status === 'FAIL') ? 'FAIL' : 'PASS';
  return { run: name, folder, status, verdicts };
}

class RunAudit {
  readonly #folder: string;
  readonly #stateDocument: RunStateDocument | undefined;
  readonly #document = new CheckList(documentChecks);
  readonly #run = new CheckList(runChecks);
  readonly #state = new CheckList(stateChecks);
  readonly #components = new CheckList(componentChecks);
  readonly #outputs = new CheckList(outputChecks);
  readonly #files = new CheckList(fileChecks);
  readonly #npz = new CheckList(npzChecks);
  readonly #arrays = new CheckList(arrayChecks);

  constructor(folder: string, state: RunStateDocument | undefined) {
    this.#folder = folder;
    this.#stateDocument = state;
  }

  examine(manifestPath: string): Verdict[] {
    const read = readDocument(manifestPath);
    this.#document.examine(read);
    if ('manifest' in read) this.#examineRun(read.manifest);
    const lists = [
      this.#document,
      this.#run,
      this.#state,
      this.#components,
      this.#outputs,
      this.#files,
      this.#npz,
      this.#arrays,
    ];
    return lists.flatMap(({ verdicts }) => verdicts);
  }

  #examineRun(manifest: Manifest): void {
    const entries = listFolder(this.#folder);
    const { run, components } = manifest;
    this.#run.examine({ manifest, entries, folders: foldersOf(this.#folder) });
    this.#state.examine({ manifest, state: this.#stateDocument });
    for (const component of components) {
      this.#components.examine(component);
      for (const output of component.outputs) this.#examineOutput({ run, component, output }, entries);
    }
  }

  #examineOutput(named: Omit<OutputSubject, 'bytes'>, entries: readonly FolderEntry[]): void {
    const isThere = entries.some(({ path, type }) => path === named.output.path && type === 'file');
    // What does not lie in the folder is not opened, wherever its path may lead.
    const bytes =
      isThere && isAtItsPlace(named) ? readFileSync(join(this.#folder, named.output.path)) : undefined;
    this.#outputs.examine({ ...named, bytes });
    if (!bytes) return;
    const file = { ...named, bytes };
    this.#files.examine(file);
    if (named.output.kind === 'npz') this.#examineNpz(file);
  }

  #examineNpz(file: FileSubject): void {
    const layout = orTypeError(() => readLayout(file.bytes));
    const arrays = orTypeError(() => readNpz(file.bytes));
    this.#npz.examine({ ...file, layout, arrays });
    if (arrays instanceof TypeError) return;
    const { meta, ...others } = arrays;
    this.#arrays.examine({ ...file, meta, arrays: others });
  }
}

type Document = { readonly manifest: Manifest } | { readonly faults: readonly Fault[] };

const documentChecks: readonly Check<Document>[] = [
  {
    id: 'manifest.schema',
    sentence: 'The manifest is JSON, with all the fields of its schema and no others.',
    faultsOf: (read) => ('faults' in read ? read.faults : []),
  },
];

function readDocument(path: string): Document {
  const file = basename(path);
  try {
    const checked = checkDocument(file, manifestSchema, JSON.parse(readFileSync(path, 'utf8')));
    if ('value' in checked) return { manifest: checked.value };
    const faults = checked.issues.map((issue) => ({
      path: [file, issue.path.join('.')].filter(Boolean).join('#'),
      expected: 'a manifest of schema version 1',
      found: issue.message,
    }));
    return { faults };
  } catch (error) {
    const { message } = error as Error; // Of the file system, or of JSON.parse.
    return { faults: [{ path: file, expected: 'a JSON document', found: message }] };
  }
}

function foldersOf(folder: string): { platform: string; video: string; run: string } {
  const above = dirname(folder);
  return { platform: basename(dirname(above)), video: basename(above), run: basename(folder) };
}

/** What broken bytes make a reader throw, as a value. */
function orTypeError<T>(read: () => T): T | TypeError {
  try {
    return read();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return new TypeError(error.message);
    throw error;
  }
}
