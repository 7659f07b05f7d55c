/** What a workspace believes of a remote cache, and how it vouches for what it adds. */
import type { Signer } from '../../../cache/remote/signer.ts';
import { Trust } from '../../../cache/remote/trust.ts';
import type { Workspace } from '../workspace.ts';
import { findSigner } from './find-signer.ts';
import type { Environment } from './key-place.ts';

export interface OpenedTrust {
  readonly trust: Trust;
  readonly signer: Signer | undefined;
}

/**
 * @param warn told if the key of this machine is open to others
 * @throws {FlowError} `config_invalid` for a key that cannot be used
 */
export function openTrust(
  { trustedKeys }: Pick<Workspace, 'trustedKeys'>,
  { env, warn }: { readonly env: Environment; readonly warn: (message: string) => void },
): OpenedTrust {
  const found = findSigner(env);
  if (found?.warning !== undefined) warn(found.warning);
  const trust = new Trust({ trusted: trustedKeys?.map(({ key }) => key), own: found?.signer.writer });
  return { trust, signer: found?.signer };
}
