/** BLAKE3-256 digests: the names of artifacts, rules and actions. */
import { Blake3Hasher, blake3 } from '@napi-rs/blake-hash';
import { canonicalJson } from './canonical-json.ts';

/** `b3:` and 64 hex digits. */
export type Digest = string & { readonly __brand: 'Digest' };

const pattern = /^b3:[0-9a-f]{64}$/;

/** The digest of bytes, or of a text's UTF-8. */
export function digestOf(content: Uint8Array | string): Digest {
  // The binding takes any Uint8Array at run time, over shared memory too; its types say Buffer.
  return `b3:${blake3(content as Buffer).toString('hex')}` as Digest;
}

/** The digest of a JSON value in its canonical form (RFC 8785). */
export function digestJson(value: unknown): Digest {
  return digestOf(canonicalJson(value));
}

/** True for a well-formed digest; for names that come from outside. */
export function isDigest(text: string): text is Digest {
  return pattern.test(text);
}

/** The 64 hex digits of a digest. */
export function hexOf(digest: Digest): string {
  return digest.slice(3);
}

/** Hashes content that comes in pieces. */
export class StreamDigest {
  readonly #hasher = new Blake3Hasher();

  update(bytes: Uint8Array): void {
    this.#hasher.update(bytes as Buffer); // As in `digestOf`.
  }

  finish(): Digest {
    return `b3:${this.#hasher.digest('hex')}` as Digest;
  }
}

/** The digest of content that comes in pieces. */
export async function digestOfPieces(pieces: AsyncIterable<Uint8Array>): Promise<Digest> {
  const hasher = new StreamDigest();
  for await (const piece of pieces) hasher.update(piece);
  return hasher.finish();
}
