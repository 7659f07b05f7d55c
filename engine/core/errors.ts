/** The one error that users see: where, what, why, and what to do. docs/errors.md lists the codes; a test holds the two together. */

const permanentCodes = [
  'config_invalid',
  'graph_invalid',
  'input_not_found',
  'input_unreadable',
  'decode_failed',
  'unsupported_media',
  'model_not_found',
  'model_digest_mismatch',
  'model_io_mismatch',
  'triton_model_not_found',
  'dependency_failed',
  'dependency_missing',
  'rule_failed',
  'nondeterministic',
  'output_invalid',
  'auth_failed',
] as const;

const transientCodes = [
  'triton_unavailable',
  'triton_timeout',
  'remote_unavailable',
  'gpu_oom',
  'rule_timeout',
  'worker_lost',
  'model_fetch_failed',
] as const;

const machineCodes = ['disk_full', 'out_of_memory', 'cancelled', 'internal'] as const;

export const errorCodes = [...permanentCodes, ...transientCodes, ...machineCodes] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Whom an error blames: who has to do something about it. */
export type Blame = 'user' | 'rule' | 'machine';

export interface FlowErrorParts {
  readonly code: ErrorCode;
  readonly blame: Blame;
  /** Opens with 'Cannot' and the act; quotes the value received. */
  readonly message: string;
  /** `file:line:column`, a file, a flag, or a node. */
  readonly where?: string | undefined;
  /** Lines of the source with the place marked. */
  readonly excerpt?: string | undefined;
  /** What to do, one sentence. */
  readonly fix: string;
  readonly cause?: unknown;
}

export class FlowError extends Error {
  readonly code: ErrorCode;
  readonly blame: Blame;
  readonly where: string | undefined;
  readonly excerpt: string | undefined;
  readonly fix: string;

  constructor(parts: FlowErrorParts) {
    super(parts.message, parts.cause === undefined ? {} : { cause: parts.cause });
    this.name = 'FlowError';
    this.code = parts.code;
    this.blame = parts.blame;
    this.where = parts.where;
    this.excerpt = parts.excerpt;
    this.fix = parts.fix;
  }

  /** A rule's bundle has a copy of this class of its own: what that throws is a `FlowError` all the same. */
  static override [Symbol.hasInstance](value: unknown): value is FlowError {
    const { name, code, fix } = (value ?? {}) as Partial<FlowError>;
    return name === 'FlowError' && typeof fix === 'string' && errorCodes.includes(code as ErrorCode);
  }
}

/** True where trying again may help. */
export function isTransient(code: ErrorCode): boolean {
  return (transientCodes as readonly string[]).includes(code);
}

/** True for errors of a graph, profile, flag or target: exit status 2. */
export function isUsage(code: ErrorCode): boolean {
  return code === 'config_invalid' || code === 'graph_invalid';
}

/** The text shown to a person: place and code, message, excerpt, causes, mend. */
export function formatError(error: FlowError): string {
  const head = `${error.where ? `${error.where}: ` : ''}${error.code}`;
  return printable([head, ...indent(errorBody(toRecord(error)))].join('\n'));
}

/** What an error says but for its place and code: message, excerpt, causes, mend; a line for each. */
export function errorBody({ message, excerpt, causes: reasons, fix }: ErrorRecord): string {
  return [
    message,
    ...(excerpt === undefined ? [] : [excerpt]),
    ...reasons.map((reason) => `Why: ${reason}`),
    `Fix: ${fix}`,
  ].join('\n');
}

/** A text that cannot move the cursor or colour the terminal, whatever a file's name holds. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what has to go
  return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]/g, (character) => `\\x${hexOf(character)}`);
}

function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, '0');
}

function causes(error: Error): string[] {
  const reasons: string[] = [];
  for (let cause = error.cause; cause instanceof Error && reasons.length < 5; cause = cause.cause) {
    if (!error.message.includes(cause.message) && !isTold(cause, error)) reasons.push(cause.message);
  }
  return reasons;
}

/** True for an error of the file system whose kind the message names already. */
function isTold(
  cause: NodeJS.ErrnoException,
  { code, message }: FlowError | (Error & { code?: string }),
): boolean {
  return code === 'input_not_found' || (cause.code !== undefined && message.includes(cause.code));
}

function indent(text: string): string[] {
  return text.split('\n').map((line) => `  ${line}`);
}

/** Any thrown value as a `FlowError`; a bug in the engine becomes `internal`. */
export function toFlowError(thrown: unknown): FlowError {
  if (thrown instanceof FlowError) return thrown;
  const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(cause);
  if (code !== undefined && code in fileReasons) return fileRefused(cause);
  return new FlowError({
    code: 'internal',
    blame: 'machine',
    message: `Cannot go on: ${cause.message}`,
    fix: 'This is a bug in flow. Run again with --verbose and report the stack.',
    cause,
  });
}

const fileReasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  EIO: 'the disk reports an error',
  ENOENT: 'there is no such place',
  ENOTDIR: 'a part of this path is a file',
  EISDIR: 'it is a folder',
  EEXIST: 'a file is in the way',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its links go in a circle',
  ERR_FS_EISDIR: 'it is a folder',
};

/** Why the file system refused, in words and by its code: 'permission denied (EACCES)'. */
export function fileReason(cause: NodeJS.ErrnoException): string {
  const code = cause.code ?? cause.message;
  return code in fileReasons ? `${fileReasons[code]} (${code})` : code;
}

function fileRefused(cause: NodeJS.ErrnoException): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: cause.path,
    message: `Cannot use this place: ${fileReason(cause)}.`,
    fix: 'Correct its permissions or its name, or name another place.',
    cause,
  });
}

function diskFull(cause: Error): FlowError {
  return new FlowError({
    code: 'disk_full',
    blame: 'machine',
    message: `Cannot write: the disk is full (${cause.message}).`,
    fix: 'Free some space, then build again: finished work is kept.',
    cause,
  });
}

export function cancelled(): FlowError {
  return new FlowError({
    code: 'cancelled',
    blame: 'user',
    message: 'Cannot finish: the build was interrupted.',
    fix: 'Build again: finished work is kept.',
  });
}

/** An error as plain data: it crosses a thread, or goes into a journal. */
export interface ErrorRecord extends Omit<FlowErrorParts, 'cause'> {
  readonly causes: readonly string[];
  readonly stack?: string | undefined;
}

export function toRecord(error: FlowError): ErrorRecord {
  const { code, blame, message, where, excerpt, fix, stack } = error;
  return { code, blame, message, where, excerpt, fix, causes: causes(error), stack };
}

export function fromRecord(record: ErrorRecord): FlowError {
  const cause = [...record.causes]
    .reverse()
    .reduce<Error | undefined>((inner, message) => new Error(message, inner && { cause: inner }), undefined);
  const error = new FlowError({ ...record, cause });
  if (record.stack) error.stack = record.stack;
  return error;
}
