/** Prints what benches measure, as a table: those that the command line names, or all. */

export interface Row {
  readonly what: string;
  readonly figure: string;
  readonly bar: string;
}

export type Benches = Readonly<Record<string, () => Promise<Row[]>>>;

/** @throws {Error} for a name that none of them has */
export async function printBenches(benches: Benches): Promise<void> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !(name in benches));
  if (unknown.length > 0)
    throw new Error(
      `no bench is called ${unknown.join(', ')}; there are: ${Object.keys(benches).join(', ')}`,
    );
  process.stdout.write('| what | measured | bar |\n| --- | --- | --- |\n');
  for (const [name, bench] of Object.entries(benches)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    for (const { what, figure, bar } of await bench())
      process.stdout.write(`| ${what} | ${figure} | ${bar} |\n`);
  }
}
