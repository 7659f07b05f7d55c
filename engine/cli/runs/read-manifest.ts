import { readFileSync } from 'node:fs';
import { FlowError, fileReason } from '../../core/errors.ts';
import { checkDocument } from '../../core/issue.ts';
import { type Manifest, manifestSchema } from '../../core/manifest.ts';
import { shown } from '../shown-path.ts';

/**
 * Reads a manifest.json.
 *
 * @throws {FlowError} `config_invalid` if it is missing, is no JSON, or is not a manifest: with the place inside it
 */
export function readManifest(path: string): Manifest {
  const checked = checkDocument(path, manifestSchema, parse(path, readText(path)));
  if ('value' in checked) return checked.value;
  const { message } = checked.issues[0]!;
  throw unreadable(path, message, 'Build the run again: `flow build` writes its manifest anew.');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = fileReason(cause as NodeJS.ErrnoException);
    throw unreadable(path, `Cannot read this manifest: ${reason}.`, 'Check its name and permissions.', cause);
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const fix = 'Name the manifest.json of a run, or its folder; build the run again if it is damaged.';
    throw unreadable(path, 'Cannot read this manifest: it is not JSON.', fix);
  }
}

function unreadable(path: string, message: string, fix: string, cause?: unknown): FlowError {
  return new FlowError({ code: 'config_invalid', blame: 'user', where: shown(path), message, fix, cause });
}
