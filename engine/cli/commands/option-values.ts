/** Values of options, as commander hands them over: text. */
import { InvalidArgumentError } from 'commander';

export function toJobs(text: string): number {
  const jobs = /^\d+$/.test(text) ? Number(text) : 0;
  if (jobs >= 1 && jobs <= 1024) return jobs;
  throw new InvalidArgumentError('Write a whole number from 1 to 1024.');
}

export function toText(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('Write a value, or leave the flag out.');
}
