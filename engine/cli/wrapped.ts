/**
 * A text in lines of at most `width` columns, those after the first indented.
 *
 * @param indent columns in front of every line but the first, which the caller has begun; counted in `width`
 */
export function wrapped(text: string, { indent, width }: { indent: number; width: number }): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!;
    if (line === '') lines[lines.length - 1] = word;
    else if (indent + line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** Columns of the terminal; 80 where standard output is none. */
export function terminalWidth(): number {
  return process.stdout.columns || 80; // Some terminals say 0 before they know.
}
