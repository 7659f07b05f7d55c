export interface JsonLimits {
  readonly mostLevels: number;
  /** Values of any kind, those within others included. */
  readonly mostValues: number;
}

/**
 * Why a value from outside is not JSON that may be walked without care, as 'it …'; undefined if it is. Whoever recurses
 * into what has passed does not run out of stack, and meets no key with a meaning of its own.
 */
export function faultOfJson(value: unknown, { mostLevels, mostValues }: JsonLimits): string | undefined {
  let left = mostValues;
  const faultOf = (part: unknown, levels: number): string | undefined => {
    left -= 1;
    if (left < 0) return `it has more than ${mostValues} values`;
    if (part === null || typeof part === 'string' || typeof part === 'boolean') return undefined;
    if (typeof part === 'number')
      return Number.isFinite(part) ? undefined : 'it holds a number beyond all bounds';
    if (typeof part !== 'object') return `it holds a value of type ${typeof part}`;
    if (levels === 0) return `it is nested more than ${mostLevels} levels deep`;
    if (!Array.isArray(part) && Object.hasOwn(part, '__proto__')) return 'it has a key "__proto__"';
    for (const inner of Object.values(part)) {
      const fault = faultOf(inner, levels - 1);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
  return faultOf(value, mostLevels);
}
