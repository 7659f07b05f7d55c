/** Whether others take what this machine sends to a remote cache, and whose results it takes. */
import { counted } from '../duration-text.ts';
import { findSigner } from '../keys/find-signer.ts';
import type { Environment } from '../keys/key-place.ts';
import type { Workspace } from '../workspace.ts';
import type { Finding } from './finding.ts';

type Keys = Pick<Workspace, 'trustedKeys'>;

export interface KeyUse {
  readonly env: Environment;
  /** It sends nothing. */
  readonly isReader: boolean;
}

/** @throws {FlowError} `config_invalid` for a key that cannot be used */
export function signingKey({ trustedKeys }: Keys, { env, isReader }: KeyUse): Finding {
  const name = 'signing key';
  const own = findSigner(env);
  if (own?.warning !== undefined)
    return { name, level: 'warn', found: own.warning, fix: `Run: chmod 600 ${own.where}` };
  const writer = own?.signer.writer;
  const isListed = trustedKeys?.some(({ key }) => key === writer) ?? false;
  if (isListed) return { name, level: 'pass', found: `${writer}, one of trusted_keys` };
  if (writer && !trustedKeys) return { name, level: 'pass', found: writer };
  if (isReader || !trustedKeys) return { name, level: 'info', found: writer ?? `none: ${unsigned}` };
  return writer
    ? {
        name,
        level: 'warn',
        found: `${writer} is none of trusted_keys: where the same are listed, nobody takes what this machine sends`,
        fix: `Run: flow keys trust ${writer}. Or let a trusted machine promote it: flow cache promote.`,
      }
    : {
        name,
        level: 'warn',
        found: `none: ${unsigned}, and where trusted_keys are listed nobody takes it`,
        fix: 'Make one with flow keys new, and have it listed; or build with --remote-read-only.',
      };
}

const unsigned = 'what this machine sends is not signed';

export function trustedKeys({ trustedKeys: keys }: Keys): Finding {
  const found = keys
    ? `${counted(keys.length, 'key')}: only what they or this machine have signed is taken`
    : 'none are listed: the results of all who may write to the bucket are taken';
  return { name: 'trusted keys', level: keys ? 'pass' : 'info', found };
}
