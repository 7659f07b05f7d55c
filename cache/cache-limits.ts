/**
 * How large the cache may become. Three numbers in strict precedence: below `floor` nothing is collected, whatever the
 * other two say; `min_free` collects for other users of the disk also what the ceiling would allow; `ceiling` is the
 * most that the cache takes where neither speaks.
 */
import { z } from 'zod';
import { byteSize, parseByteSize } from '../engine/core/byte-size.ts';
import { ageForm, parseAge } from '../engine/core/parse-age.ts';

const GiB = 2 ** 30;

/** Bytes, or a share of the disk from 0 to 1; where both are given, the smaller. */
interface Amount {
  readonly bytes?: number;
  readonly share?: number;
}

export interface CacheSettings {
  readonly floorBytes: number;
  readonly minFree: Amount;
  readonly ceiling: Amount;
  /** Milliseconds; undefined: nothing is too old. */
  readonly maxAgeMs: number | undefined;
}

/** The settings on a certain disk. */
export interface CacheLimits {
  readonly floorBytes: number;
  readonly minFreeBytes: number;
  readonly ceilingBytes: number;
  readonly maxAgeMs: number | undefined;
}

const amount = z.unknown().transform((value, context): Amount => {
  const text = String(value);
  const [, percent] = /^(\d+(?:\.\d+)?) ?%$/.exec(text) ?? [];
  if (percent !== undefined && Number(percent) <= 100) return { share: Number(percent) / 100 };
  const bytes = parseByteSize(text);
  if (bytes !== undefined) return { bytes };
  const fix = 'Write a size, 50GiB, or a share of the disk, 5%.';
  const message = `${JSON.stringify(value)} is neither a size nor a share`;
  context.addIssue({ code: 'custom', message, params: { fix } });
  return z.NEVER;
});

const age = z.unknown().transform((value, context) => {
  const ageMs = parseAge(String(value));
  if (ageMs !== undefined) return ageMs;
  const message = `${JSON.stringify(value)} is no age`;
  context.addIssue({ code: 'custom', message, params: { fix: ageForm } });
  return z.NEVER;
});

/** `cache` in `flow.yaml`. */
export const cacheSettings = z
  .strictObject({
    // A small workspace's results are never worth collecting: making them again costs more than a GiB does.
    floor: byteSize.optional(),
    min_free: amount.optional(),
    ceiling: amount.optional(),
    max_age: age.optional(),
  })
  .default({})
  .transform(
    ({ floor, min_free, ceiling, max_age }): CacheSettings => ({
      floorBytes: floor ?? GiB,
      // A share keeps small disks usable; of a large one, a share alone would claim more than anybody needs.
      minFree: min_free ?? { share: 0.05, bytes: 10 * GiB },
      ceiling: ceiling ?? { share: 0.2, bytes: 100 * GiB },
      maxAgeMs: max_age,
    }),
  );

/** @param totalBytes of the disk; undefined where that is not known */
export function limitsOn(totalBytes: number | undefined, settings: CacheSettings): CacheLimits {
  const { floorBytes, minFree, ceiling, maxAgeMs } = settings;
  const resolve = ({ bytes = Infinity, share = Infinity }: Amount): number =>
    Math.min(bytes, totalBytes === undefined ? Infinity : share * totalBytes);
  // Without numbers of the disk a share means nothing: no limit, and no space to keep free.
  const minFreeBytes = totalBytes === undefined ? 0 : Math.round(resolve(minFree));
  return { floorBytes, minFreeBytes, ceilingBytes: Math.round(resolve(ceiling)), maxAgeMs };
}
