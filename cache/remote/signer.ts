/** Signs what this machine writes. The private key stays in here: neither printing nor JSON shows it. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type WriterKey, writerKeyOf } from './writer-key.ts';

export class Signer {
  readonly writer: WriterKey;
  readonly #key: KeyObject;

  /** @param key a private key of type Ed25519 */
  constructor(key: KeyObject) {
    this.#key = key;
    this.writer = writerKeyOf(createPublicKey(key));
  }

  /** The signature of a text, in base64. */
  sign(text: string): string {
    return sign(null, Buffer.from(text), this.#key).toString('base64');
  }
}

/** The signer of a key file's text, or why it has none, as 'it …'. The reason quotes nothing of the text. */
export function readSigner(pem: string): { signer: Signer } | { fault: string } {
  const key = privateKeyIn(pem);
  if (!key) return { fault: faultOfText(pem) };
  const type = key.asymmetricKeyType;
  if (type !== 'ed25519') return { fault: `it holds a key of type ${type}, not ed25519` };
  return { signer: new Signer(key) };
}

function privateKeyIn(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    return undefined; // The reason would be OpenSSL's: `faultOfText` has one for people.
  }
}

function faultOfText(pem: string): string {
  if (pem.includes('ENCRYPTED'))
    return 'its private key is encrypted, and nobody can be asked for the password';
  if (pem.includes('PUBLIC KEY')) return 'it holds a public key, not a private one';
  return 'it holds no private key as PEM (PKCS #8)';
}

/** A new private key as PEM (PKCS #8), and the writer that it makes. */
export function newSigningKey(): { readonly pem: string; readonly writer: WriterKey } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    writer: writerKeyOf(publicKey),
  };
}
