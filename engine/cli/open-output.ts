/** Opens the file that a flag names for writing. */
import { openSync } from 'node:fs';
import { FlowError, fileReason } from '../core/errors.ts';

/**
 * @param what is written there, as in 'Cannot write events to "x"'
 * @throws {FlowError} `config_invalid` if the file cannot be written
 */
export function openOutput(
  path: string,
  { flag, what, fix }: { readonly flag: string; readonly what: string; readonly fix: string },
): number {
  try {
    return openSync(path, 'w');
  } catch (cause) {
    throw new FlowError({
      code: 'config_invalid',
      blame: 'user',
      where: flag,
      message: `Cannot write ${what} to "${path}": ${fileReason(cause as NodeJS.ErrnoException)}.`,
      fix,
      cause,
    });
  }
}
