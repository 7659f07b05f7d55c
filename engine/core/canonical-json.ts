import canonicalize from 'canonicalize';

/**
 * A value as canonical JSON (RFC 8785): one text for one value, whatever the order of its keys.
 *
 * A key of an object whose value is undefined counts as absent.
 * @throws {TypeError} for what JSON cannot hold: NaN, infinity, a Map, a Set, a class of one's own, undefined at the top
 */
export function canonicalJson(value: unknown): string {
  refuseForeign(value);
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('undefined has no JSON form');
  return text;
}

/** The library writes what it does not know as `{}`: two values would have one text. */
function refuseForeign(value: unknown): void {
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') {
    throw new TypeError(`a ${typeof value} has no JSON form`);
  }
  if (typeof value !== 'object' || value === null) return;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`a ${value.constructor?.name ?? 'foreign object'} has no JSON form`);
  }
  for (const member of Object.values(value)) refuseForeign(member);
}
