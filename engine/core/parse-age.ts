const hourMs = 3_600_000;
const units: Readonly<Record<string, number>> = { h: hourMs, d: 24 * hourMs, w: 7 * 24 * hourMs };

/** What an age looks like, for errors. */
export const ageForm = 'Write a number and a unit: 12h, 30d, 8w.';

/** '12h', '30d', '8w'. @returns milliseconds; undefined if the text is no age */
export function parseAge(text: string): number | undefined {
  const [, count, unit] = /^(\d+)([hdw])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * units[unit!]!;
}
