/** Names of writers: their public keys. Whoever holds the private one is the writer. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** `ed25519:` and 43 letters: the 32 bytes of the public key in base64url. */
export type WriterKey = string & { readonly __brand: 'WriterKey' };

const beginning = 'ed25519:';

/** True for a well-formed key; for texts that come from outside. */
export function isWriterKey(text: string): text is WriterKey {
  if (!/^ed25519:[A-Za-z0-9_-]{43}$/.test(text)) return false;
  // The last letter has two bits that say nothing: one key, one text.
  return Buffer.from(lettersOf(text), 'base64url').toString('base64url') === lettersOf(text);
}

/** @param key a public key of type Ed25519 */
export function writerKeyOf(key: KeyObject): WriterKey {
  return `${beginning}${key.export({ format: 'jwk' }).x}` as WriterKey;
}

/** True if the holder of the private key has signed just this text. */
export function hasSigned(writer: WriterKey, text: string, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: lettersOf(writer) }, format: 'jwk' });
  return verify(null, Buffer.from(text), key, signature);
}

function lettersOf(writer: string): string {
  return writer.slice(beginning.length);
}
