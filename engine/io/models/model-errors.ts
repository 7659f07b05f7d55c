/** What can be wrong with a model's files. */
import { FlowError } from '../../core/errors.ts';
import { type ModelEntry, type ModelFile, modelName } from '../../core/model-entry.ts';

export interface FileOfModel {
  readonly entry: ModelEntry;
  readonly file: ModelFile;
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

/** A URL as messages show it: passwords and signatures stay out of logs. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
