/** Values of options, as commander hands them over: text. */
import { InvalidArgumentError } from 'commander';
import { ageForm, parseAge } from '../../core/parse-age.ts';

export function toJobs(text: string): number {
  const jobs = /^\d+$/.test(text) ? Number(text) : 0;
  if (jobs >= 1 && jobs <= 1024) return jobs;
  throw new InvalidArgumentError('Write a whole number from 1 to 1024.');
}

export function toText(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('Write a value, or leave the flag out.');
}

/** @returns milliseconds */
export function toAgeMs(text: string): number {
  const ageMs = parseAge(text);
  if (ageMs !== undefined) return ageMs;
  throw new InvalidArgumentError(ageForm);
}

export function toCount(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (count >= 1) return count;
  throw new InvalidArgumentError('Write a whole number from 1 on.');
}
