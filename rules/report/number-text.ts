/** A number with the minus sign of typography, not the hyphen. */
export function signedText(value: number, digits: number): string {
  return value.toFixed(digits).replace('-', '−');
}

/** A share as whole percent: '45 %'. */
export function percentText(share: number): string {
  return `${Math.round(100 * share)} %`;
}
