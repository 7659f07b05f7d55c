/** xxh64 answers 'did it change?' on this machine; it never says what is trusted. */
import xxhash from 'xxhash-wasm';

const loading = xxhash();

/** 16 hex digits. */
export async function xxh64Of(content: Uint8Array | string): Promise<string> {
  const { h64Raw, h64ToString } = await loading;
  if (typeof content === 'string') return h64ToString(content);
  return h64Raw(content).toString(16).padStart(16, '0');
}
