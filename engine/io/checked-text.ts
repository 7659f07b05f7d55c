/** Text that tells whether it is whole: for files that are only remembered work, and are worth nothing when damaged. */
import { digestOf } from '../core/digest.ts';

/** The text behind its own digest. */
export function sealText(text: string): string {
  return `${digestOf(text)}\n${text}`;
}

/** The text that was sealed; undefined if so much as a bit of it has changed. */
export function unsealText(sealed: string): string | undefined {
  const end = sealed.indexOf('\n');
  const text = sealed.slice(end + 1);
  return end >= 0 && sealed.slice(0, end) === digestOf(text) ? text : undefined;
}
