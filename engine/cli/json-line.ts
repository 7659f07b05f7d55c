/**
 * A document as one line of JSON. What JSON's numbers cannot say becomes text: NaN, the infinities, and integers beyond 2⁵³.
 */
export function jsonLine(document: unknown): string {
  return `${JSON.stringify(document, (_key, value: unknown) => sayable(value))}\n`;
}

function sayable(value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value !== 'bigint') return value;
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}
