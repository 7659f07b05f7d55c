/** Amounts of bytes as people write them: `512MiB`, `2GiB`, `800MB`. */
import { z } from 'zod';

const units: Readonly<Record<string, number>> = {
  '': 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

/** @returns bytes; undefined if the text is no size */
export function parseByteSize(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?([KMGT]i?B)?$/.exec(text) ?? [];
  const factor = units[unit ?? ''];
  return amount === undefined || factor === undefined ? undefined : Math.round(Number(amount) * factor);
}

export const byteSize = z.unknown().transform((value, context) => {
  const bytes = parseByteSize(String(value));
  if (bytes !== undefined) return bytes;
  const fix = 'Write a number of bytes, or one with a unit: 512MiB, 2GiB, 800MB.';
  context.addIssue({ code: 'custom', message: `${JSON.stringify(value)} is no size`, params: { fix } });
  return z.NEVER;
});
