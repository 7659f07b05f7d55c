import canonicalize from 'canonicalize';

/**
 * A value as canonical JSON (RFC 8785): one text for one value, whatever the order of its keys.
 *
 * @throws {TypeError} for what JSON cannot hold: NaN, infinity, undefined at the top
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('undefined has no JSON form');
  return text;
}
