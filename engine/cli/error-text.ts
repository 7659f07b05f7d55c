/** Errors as the command line tells them: to people, and to programs that read its JSON. */
import { type ErrorCode, type FlowError, formatError, toFlowError, toRecord } from '../core/errors.ts';

/** The error for people, its paths as they are seen from the current folder. */
export function errorText(error: FlowError): string {
  return nearPaths(formatError(error));
}

/** An error in the JSON of `--json`. */
export interface ErrorDocument {
  readonly code: ErrorCode;
  readonly blame: string;
  readonly message: string;
  readonly fix: string;
  readonly where?: string;
  readonly excerpt?: string;
  readonly causes: readonly string[];
  /** The run that it stopped, as in `runs`, and the component; absent where it concerns the whole command. */
  readonly target?: string;
  readonly component?: string;
}

export function errorDocument(
  error: FlowError,
  of: Pick<ErrorDocument, 'target' | 'component'> = {},
): ErrorDocument {
  const { code, blame, message, fix, where, excerpt, causes } = toRecord(error);
  return {
    ...of,
    code,
    blame,
    message: nearPaths(message),
    fix: nearPaths(fix),
    ...(where !== undefined && { where: nearPaths(where) }),
    ...(excerpt !== undefined && { excerpt }),
    causes: causes.map(nearPaths),
  };
}

/** Everything that was thrown, one by one. */
export function errorsIn(thrown: unknown): FlowError[] {
  return thrown instanceof AggregateError ? thrown.errors.flatMap(errorsIn) : [toFlowError(thrown)];
}

function nearPaths(text: string): string {
  const here = process.cwd();
  return here === '/' ? text : text.replaceAll(`${here}/`, '').replaceAll('file://', '');
}
