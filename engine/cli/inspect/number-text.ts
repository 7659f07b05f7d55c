/** A short number: '0.4', '12.346', '1.5e-12', '1234567'; '–' for none. @param digits significant ones of a fraction */
export function numberText(value: number | bigint | null | undefined, digits = 5): string {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'bigint') return numberText(Number(value), digits);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '-∞';
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e9)
    return value
      .toExponential(2)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e');
  return String(Number(value.toPrecision(digits)));
}
