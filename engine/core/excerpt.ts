const longest = 120;

/**
 * A line of a source with marks under a part of it; of a very long line the neighbourhood of that part.
 *
 * @param line its number, for people
 * @param at where the part begins; characters from the start of the line
 * @param length characters of the part; one at least is marked
 */
export function excerpt(
  line: number,
  source: string,
  { at, length }: { at: number; length: number },
): string {
  const from = source.length <= longest ? 0 : Math.max(0, at - longest / 2);
  const part = source.slice(from, from + longest).replaceAll('\t', ' ');
  const gutter = `${line} | `;
  const width = Math.max(1, Math.min(length, part.length - (at - from)));
  return `${gutter}${part}\n${' '.repeat(gutter.length + at - from)}${'~'.repeat(width)}`;
}
