/** `flow keys show`: the public key of this machine, and those that the workspace trusts. */
import { printable } from '../../core/errors.ts';
import { jsonLine } from '../json-line.ts';
import { textTable } from '../text-table.ts';
import { findWorkspace } from '../workspace.ts';
import { type FoundSigner, findSigner } from './find-signer.ts';
import type { TrustedKey } from './trusted-keys.ts';

export interface ShowKeysFlags {
  readonly json?: boolean;
}

/** @throws {FlowError} `config_invalid` for a key that cannot be used */
export function showKeysCommand({ json = false }: ShowKeysFlags): void {
  const { trustedKeys } = findWorkspace({});
  const own = findSigner(process.env);
  if (own?.warning !== undefined) process.stderr.write(printable(`${own.warning}\n`));
  if (json) process.stdout.write(jsonLine(keysDocument(own, trustedKeys)));
  else tell(own, trustedKeys);
}

function keysDocument(own: FoundSigner | undefined, trusted: readonly TrustedKey[] | undefined): unknown {
  const isOwn = (key: string): boolean => key === own?.signer.writer;
  return {
    own: own ? { key: own.signer.writer, where: own.where } : null,
    trusted_keys: trusted?.map(({ key, name = null }) => ({ key, name, is_own: isOwn(key) })) ?? null,
  };
}

function tell(own: FoundSigner | undefined, trusted: readonly TrustedKey[] | undefined): void {
  if (!own)
    process.stderr.write(
      'This machine has no key: what it adds to a remote cache is not signed. `flow keys new` makes one.\n',
    );
  if (!trusted)
    process.stderr.write(
      'flow.yaml lists no trusted_keys: the results of all who may write to the remote cache are taken.\n',
    );
  const rows = keyRows(own, trusted ?? []);
  if (rows.length === 0) return;
  const lines = textTable([
    { title: 'KEY', cells: rows.map(({ key }) => key) },
    { title: 'NAME', cells: rows.map(({ name = '' }) => name) },
    { title: 'WHOSE', cells: rows.map(({ whose }) => whose) },
  ]);
  process.stdout.write(printable(`${lines.join('\n')}\n`));
}

interface KeyRow extends TrustedKey {
  readonly whose: string;
}

/** The own key first, whether it is listed or not. */
function keyRows(own: FoundSigner | undefined, trusted: readonly TrustedKey[]): KeyRow[] {
  const writer = own?.signer.writer;
  const listed = trusted.find(({ key }) => key === writer);
  const others = trusted.filter(({ key }) => key !== writer);
  return [
    ...(writer ? [{ ...listed, key: writer, whose: listed ? 'this machine, trusted' : 'this machine' }] : []),
    ...others.map((key) => ({ ...key, whose: 'trusted' })),
  ];
}
