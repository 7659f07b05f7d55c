/** `flow keys trust`: one more writer whose results this workspace takes. */
import { readFileSync, realpathSync } from 'node:fs';
import { isWriterKey, type WriterKey } from '../../../cache/remote/writer-key.ts';
import { FlowError, printable } from '../../core/errors.ts';
import { RealDisk, writeAtomically } from '../../io/disk.ts';
import { shown } from '../shown-path.ts';
import { findWorkspace } from '../workspace.ts';
import { keyForm, type TrustedKey } from './trusted-keys.ts';
import { keyItem, withTrustedKey } from './with-trusted-key.ts';

export interface TrustKeyFlags {
  readonly name?: string;
}

/** @throws {FlowError} `config_invalid` for a text that is no key, and where flow.yaml cannot be extended */
export async function trustKeyCommand(text: string, { name }: TrustKeyFlags): Promise<void> {
  const added: TrustedKey = { key: toWriterKey(text), ...(name !== undefined && { name }) };
  const { settingsFile, trustedKeys } = findWorkspace({});
  if (settingsFile === undefined) throw noSettings();
  const known = trustedKeys?.find(({ key }) => key === added.key);
  if (known) {
    const as = known.name === undefined ? '' : ` as "${known.name}"`;
    return say(`${shown(settingsFile)} trusts this key already${as}. Nothing was changed.`);
  }
  await addTo(realpathSync(settingsFile), added); // A link stays a link.
  say(`Added to trusted_keys in ${shown(settingsFile)}: ${keyItem(added)}`);
  if (!trustedKeys)
    say('They are the first: from now on only results that they or this machine have signed are taken.');
}

async function addTo(file: string, added: TrustedKey): Promise<void> {
  const extended = withTrustedKey(readFileSync(file, 'utf8'), added);
  if (extended === undefined) throw cannotExtend(file, added);
  await writeAtomically(new RealDisk(), file, extended);
}

function say(text: string): void {
  process.stdout.write(`${printable(text)}\n`);
}

function toWriterKey(text: string): WriterKey {
  const key = text.trim();
  if (isWriterKey(key)) return key;
  throw new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: `Cannot trust ${quoted(key)}: it is no public key of a writer.`,
    fix: `Give ${keyForm} on the writer's machine.`,
  });
}

/** Whoever has mixed up the two keys shall not find the private one in a log. */
function quoted(text: string): string {
  const isHarmless = text.length < 40 || (text.startsWith('ed25519:') && text.length < 60);
  return isHarmless ? `"${text}"` : 'this text';
}

function noSettings(): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    message: 'Cannot trust a key: there is no flow.yaml here or above to note it in.',
    fix: 'Go to a workspace, or make one with `flow init`.',
  });
}

function cannotExtend(file: string, added: TrustedKey): FlowError {
  return new FlowError({
    code: 'config_invalid',
    blame: 'user',
    where: shown(file),
    message: 'Cannot add the key: the file is laid out in a way that flow cannot extend by a line.',
    fix: `Add this to its trusted_keys: - ${keyItem(added)}`,
  });
}
