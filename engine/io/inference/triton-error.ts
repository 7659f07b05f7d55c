/**
 * What goes wrong between us and an inference server, as errors. The engine tries again by the code alone, so the code
 * is chosen by whether that can help: docs/design/inference.md has the table.
 */
import { FlowError } from '../../core/errors.ts';

/** What was asked of which server, for messages. */
export interface Asked {
  /** After 'Cannot': `run model "x:1"`. */
  readonly act: string;
  /** Its address, without credentials. */
  readonly server: string;
}

/** There is no server, or none that takes requests now. */
export function unavailable({ act, server }: Asked, reason: string, cause?: unknown): FlowError {
  return new FlowError({
    code: 'triton_unavailable',
    blame: 'machine',
    where: server,
    message: `Cannot ${act}: ${reason}.`,
    fix: 'Start the inference server, or correct TRITON_HTTP_URL; then build again.',
    cause,
  });
}

/** @param missed what did not come in time: 'the answer did not begin' */
export function tooLate(asked: Asked, missed: string, limitMs: number): FlowError {
  return late(asked, `${missed} within ${limitMs / 1000} s`);
}

function late({ act, server }: Asked, reason: string): FlowError {
  return new FlowError({
    code: 'triton_timeout',
    blame: 'machine',
    where: server,
    message: `Cannot ${act}: ${reason}.`,
    fix: 'Look at the load of the inference server, or give it more time.',
  });
}

export function notThere({ act, server }: Asked, reason: string): FlowError {
  return new FlowError({
    code: 'triton_model_not_found',
    blame: 'user',
    where: server,
    message: `Cannot ${act}: ${reason}.`,
    fix: 'Put the model and this version into the repository of the inference server, and load it.',
  });
}

export function ioMismatch({ act, server }: Asked, reason: string): FlowError {
  return new FlowError({
    code: 'model_io_mismatch',
    blame: 'user',
    where: server,
    message: `Cannot ${act}: ${reason}.`,
    fix: "Correct the model's entry, or give the server the model that the entry means.",
  });
}

/** An answer that nothing can be read from: what cut or changed it on its way may be gone the next time. */
export function unreadable(asked: Asked, reason: string, cause?: unknown): FlowError {
  return unavailable(asked, `the server's answer cannot be read: ${reason}`, cause);
}

/** What answers is not an inference server, or not at this path. */
export function wrongAddress({ act, server }: Asked, reason: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: server,
    message: `Cannot ${act}: ${reason}.`,
    fix: 'Set TRITON_HTTP_URL to the address of the HTTP port of an inference server.',
  });
}

/** The error of an answer that is none. @param said the server's own words */
export function refusal(asked: Asked, status: number, said: string): FlowError {
  const reason = `the server answered ${status}${said === '' ? '' : `: ${said}`}`;
  switch (status) {
    case 400:
    case 501:
      return ioMismatch(asked, reason);
    case 401:
    case 403:
      return denied(asked, reason);
    case 404:
      return notThere(asked, reason);
    case 408:
    case 504:
      return late(asked, reason);
    case 429:
    case 502:
    case 503:
      return unavailable(asked, reason);
    default:
      return status >= 500 ? broken(asked, reason) : wrongAddress(asked, reason);
  }
}

function denied({ act, server }: Asked, reason: string): FlowError {
  return new FlowError({
    code: 'auth_failed',
    blame: 'user',
    where: server,
    message: `Cannot ${act}: ${reason}.`,
    fix: 'Correct the name and password in TRITON_HTTP_URL.',
  });
}

/** The model broke, over these tensors. A code that is tried again would be so twice, which is too often for that. */
function broken({ act, server }: Asked, reason: string): FlowError {
  return new FlowError({
    code: 'rule_failed',
    blame: 'machine',
    where: server,
    message: `Cannot ${act}: ${reason}.`,
    fix: "Read the inference server's log; then build again.",
  });
}
