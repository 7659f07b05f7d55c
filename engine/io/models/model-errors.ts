/** What can be wrong with a model's files. */
import { FlowError } from '../../core/errors.ts';
import { type ModelEntry, type ModelFile, modelName } from '../../core/model-entry.ts';

export interface FileOfModel {
  readonly entry: ModelEntry;
  readonly file: ModelFile;
  /** Path of the entry. */
  readonly document: string;
}

/** @param why a clause */
export function modelNotFound({ entry, file }: FileOfModel, why: string): FlowError {
  const online =
    file.url === undefined ? '' : `Give \`flow models pull ${modelName(entry)}\` with a network, or `;
  const mirrored = 'FLOW_MODELS_MIRROR name a folder or server that has it.';
  return new FlowError({
    code: 'model_not_found',
    blame: 'user',
    message: `Cannot find "${file.name}" of the model ${modelName(entry)}: ${why}.`,
    fix: online === '' ? `Let ${mirrored}` : `${online}let ${mirrored}`,
  });
}

/** @param path where the entry says that the file is */
export function bundledMissing({ entry, file, document }: FileOfModel, path: string): FlowError {
  return new FlowError({
    code: 'model_not_found',
    blame: 'user',
    where: document,
    message: `Cannot find "${file.name}" of the model ${modelName(entry)}: there is no ${path}, where its entry says that it is.`,
    fix: 'Bring the file back, or correct "path" in the entry; a file that is to be fetched has a "url" instead.',
  });
}

/** @param where a URL without its secrets */
export function fetchFailed({ entry, file }: FileOfModel, where: string, why: string): FlowError {
  return new FlowError({
    code: 'model_fetch_failed',
    blame: 'machine',
    where,
    message: `Cannot fetch "${file.name}" of the model ${modelName(entry)}: ${why}.`,
    fix: 'Check the network and give the command again: it goes on with what has come. FLOW_MODELS_MIRROR may name another place.',
  });
}

export interface Mismatch extends FileOfModel {
  /** A path, or a URL without its secrets. */
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  readonly fix: string;
}

export function digestMismatch({ entry, file, where, expected, found, fix }: Mismatch): FlowError {
  return new FlowError({
    code: 'model_digest_mismatch',
    blame: 'user',
    where,
    message: `Cannot use "${file.name}" as a file of the model ${modelName(entry)}: expected ${expected}, found ${found}.`,
    fix,
  });
}

/** @param wanted its digest holds, where it has one @returns undefined if the size does, too */
export function sizeMismatch(wanted: FileOfModel, path: string, foundBytes: number): FlowError | undefined {
  const { sha256, bytes = foundBytes } = wanted.file;
  if (bytes === foundBytes) return undefined;
  const difference = { expected: `${bytes} bytes`, found: `${foundBytes} bytes` };
  const correct = `correct "bytes" in its entry ${wanted.document}`;
  const fix =
    sha256 === undefined
      ? `Bring back the file that belongs there, or ${correct}.`
      : `Its digest is right: ${correct}.`;
  return digestMismatch({ ...wanted, ...difference, where: path, fix });
}

/** A URL as messages show it: passwords and signatures stay out of logs. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
