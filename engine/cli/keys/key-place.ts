/** Where the private key of this machine is: in a variable, in the file that it names, or in the usual file. */
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

export const keyVariable = 'FLOW_SIGNING_KEY';

export type KeyPlace =
  | { readonly type: 'text'; readonly pem: string }
  /** `isChosen`: the variable names it, so that it has to be there. */
  | { readonly type: 'file'; readonly path: string; readonly isChosen: boolean };

export function keyPlace(env: Environment): KeyPlace {
  const said = env[keyVariable];
  if (said?.includes('-----BEGIN')) return { type: 'text', pem: said };
  if (said) return { type: 'file', path: said, isChosen: true }; // Set to nothing is as good as not set.
  const folder = env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config');
  return { type: 'file', path: join(folder, 'flow', 'signing-key.pem'), isChosen: false };
}
