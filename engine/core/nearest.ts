import { distance } from 'fastest-levenshtein';

/** The candidate that was probably meant, if one is near enough to be worth naming. */
export function nearest(wanted: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  // A letter at least has to be right: else every short name would be near to every other.
  let bestDistance = Math.min(Math.max(2, Math.floor(wanted.length / 3)), wanted.length - 1) + 1;
  for (const candidate of candidates) {
    const edits = distance(wanted.toLowerCase(), candidate.toLowerCase());
    if (edits < bestDistance) [best, bestDistance] = [candidate, edits];
  }
  return best;
}

/** 'Write "x".' where one candidate is near, else the list of them. */
export function suggestion(wanted: string, candidates: readonly string[]): string {
  const near = nearest(wanted, candidates);
  if (near !== undefined) return `Write "${near}".`;
  if (candidates.length === 0) return 'Remove it.';
  const shown = candidates.slice(0, 12).join(', ');
  return `Use one of: ${shown}${candidates.length > 12 ? `, and ${candidates.length - 12} more` : ''}.`;
}
