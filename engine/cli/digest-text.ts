const shownLength = 'b3:'.length + 12;

/** A digest as people read it: 'b3:0123456789ab…'. */
export function digestText(digest: string): string {
  return `${digest.slice(0, shownLength)}…`;
}
