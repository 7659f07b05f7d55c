/** `flow keys new`: makes the private key that this machine signs with. */
import { existsSync, linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { newSigningKey } from '../../../cache/remote/signer.ts';
import { FlowError, printable } from '../../core/errors.ts';
import { temporaryBeside } from '../../io/disk.ts';
import { shown } from '../shown-path.ts';
import { keyPlace, keyVariable } from './key-place.ts';
import { keyItem } from './with-trusted-key.ts';

export interface NewKeyFlags {
  readonly name?: string;
  readonly force?: boolean;
}

/** @throws {FlowError} `config_invalid` if there is a key already, or a variable holds one */
export function newKeyCommand({ name, force = false }: NewKeyFlags): void {
  const place = keyPlace(process.env);
  if (place.type === 'text') throw heldByVariable();
  const { path } = place;
  const { pem, writer } = newSigningKey();
  writeKey(path, pem, { force });
  process.stdout.write(`${writer}\n`);
  const item = keyItem({ key: writer, ...(name !== undefined && { name }) });
  process.stderr.write(
    printable(`Made ${shown(path)}. It stays on this machine; the key above is for everybody.
Those who shall take what you add to a remote cache put it into their flow.yaml:

trusted_keys:
  - ${item}
`),
  );
}

/** Whole or not at all, and never readable for others, not even at first. */
function writeKey(path: string, pem: string, { force }: { readonly force: boolean }): void {
  if (existsSync(path) && !force) throw alreadyThere(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = temporaryBeside(path);
  try {
    writeFileSync(temporary, pem, { mode: 0o600, flag: 'wx' });
    if (force) renameSync(temporary, path);
    else linkSync(temporary, path); // Refuses, where another process has been faster.
  } finally {
    rmSync(temporary, { force: true });
  }
}

function alreadyThere(path: string): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: path,
    message: 'Cannot make a key: there is one already.',
    fix: 'Keep it: `flow keys show` prints its public part. With --force it is replaced, and nobody can sign with it any more.',
  });
}

function heldByVariable(): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: keyVariable,
    message: 'Cannot make a key: the variable holds one itself, and a key file would not be looked at.',
    fix: `Unset ${keyVariable}, or let it name a file.`,
  });
}
