/** The signer of this machine. No error quotes what a key file or the variable holds. */
import { readFileSync, statSync } from 'node:fs';
import { readSigner, type Signer } from '../../../cache/remote/signer.ts';
import { FlowError, fileReason } from '../../core/errors.ts';
import { type Environment, keyPlace, keyVariable } from './key-place.ts';

export interface FoundSigner {
  readonly signer: Signer;
  /** A path, or the name of the variable that holds the key. */
  readonly where: string;
  /** Something that its owner should mend, though the key can be used. */
  readonly warning?: string;
}

/**
 * Undefined where this machine has no key: what it writes is not signed.
 *
 * @throws {FlowError} `config_invalid` for a file that is named and not there, and for one that holds no usable key
 */
export function findSigner(env: Environment): FoundSigner | undefined {
  const place = keyPlace(env);
  if (place.type === 'text') return { signer: toSigner(place.pem, keyVariable), where: keyVariable };
  const { path, isChosen } = place;
  const pem = readKey(path);
  if (pem !== undefined) return { signer: toSigner(pem, path), where: path, ...openness(path) };
  if (!isChosen) return undefined;
  throw unusable(quotable(path) ? path : keyVariable, 'there is no such file');
}

/** A path that is none may be a key that has lost its first and last line. */
function quotable(path: string): boolean {
  return !/[A-Za-z0-9+/_-]{40}/.test(path);
}

/** Some of what the variable may name by mistake, as a device, has no end. */
const mostKeyBytes = 16 * 1024;

function readKey(path: string): string | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) return undefined;
    if (!stats.isFile() || stats.size > mostKeyBytes) throw unusable(path, 'it is no key file');
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof FlowError) throw error;
    throw unusable(path, fileReason(error as NodeJS.ErrnoException));
  }
}

function toSigner(pem: string, where: string): Signer {
  const read = readSigner(pem);
  if ('signer' in read) return read.signer;
  throw unusable(where, read.fault);
}

/**
 * A file that others can read is used all the same: not to sign would keep nobody from a key that is out already, and
 * secrets that are mounted into a container often are readable for a group.
 */
function openness(path: string): Pick<FoundSigner, 'warning'> {
  const mode = statSync(path).mode & 0o777;
  if (process.platform === 'win32' || (mode & 0o077) === 0) return {}; // Windows has no such modes.
  const shownMode = mode.toString(8).padStart(4, '0');
  return {
    warning: `The signing key ${path} can be used by others of this machine (mode ${shownMode}): chmod 600 keeps it to you.`,
  };
}

function unusable(where: string, why: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where,
    message: `Cannot sign with this key: ${why}.`,
    fix: `Let ${keyVariable} name a key file of \`flow keys new\` or hold its text, or unset it.`,
  });
}
