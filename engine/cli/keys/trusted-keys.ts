/** `trusted_keys` of flow.yaml: whose results this workspace takes from a remote cache. */
import { z } from 'zod';
import { isWriterKey, type WriterKey } from '../../../cache/remote/writer-key.ts';
import { isKeyName, keyNameForm } from './key-name.ts';

export interface TrustedKey {
  readonly key: WriterKey;
  /** For people. */
  readonly name?: string;
}

/** What a key looks like, for whoever has written something else. */
export const keyForm = '"ed25519:" and 43 letters, as `flow keys show` prints it';

/** Its error quotes nothing: somebody may have written a private key. */
const keySchema = z.custom<WriterKey>((value) => typeof value === 'string' && isWriterKey(value), {
  message: 'This is no public key of a writer',
  params: { fix: `Write ${keyForm}.` },
});

const nameSchema = z.string().refine(isKeyName, { message: 'This is no name', params: { fix: keyNameForm } });

/** A list of keys, each alone or with a name. */
export const trustedKeysSchema: z.ZodType<readonly TrustedKey[]> = z.array(
  z.preprocess(
    (value) => (typeof value === 'string' ? { key: value } : value),
    z.strictObject({ key: keySchema, name: nameSchema.exactOptional() }),
  ),
);
