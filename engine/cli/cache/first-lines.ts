const mostShown = 20;

/** The first of many lines, and how many there are besides. */
export function firstLines(lines: readonly string[]): string[] {
  const rest = lines.length - mostShown;
  return rest > 0 ? [...lines.slice(0, mostShown), `and ${rest} more; --json lists them all`] : [...lines];
}
