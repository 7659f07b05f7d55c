export interface Column {
  readonly title: string;
  readonly cells: readonly string[];
  /** Numbers stand at the right of their column. */
  readonly isRight?: boolean;
  /** Where there is no room, columns go: that with the highest rank first. Those without one stay. */
  readonly dropRank?: number;
}

const gap = '  ';

/** Columns side by side, under their titles, without blanks at the ends of lines. */
export function textTable(columns: readonly Column[]): string[] {
  const rows = columns[0]?.cells.length ?? 0;
  const cellsOf = (row: number): string[] =>
    columns.map((column) => padded(column, row < 0 ? column.title : column.cells[row]!));
  return Array.from({ length: rows + 1 }, (_, line) =>
    cellsOf(line - 1)
      .join(gap)
      .trimEnd(),
  );
}

/** How many characters the columns take. */
export function tableWidth(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + widthOf(column) + gap.length, -gap.length);
}

/** The columns for which there is room. @param widest characters */
export function fitting(columns: readonly Column[], widest: number): readonly Column[] {
  const highest = Math.max(0, ...columns.map(({ dropRank = 0 }) => dropRank));
  if (highest === 0 || tableWidth(columns) <= widest) return columns;
  return fitting(
    columns.filter(({ dropRank }) => dropRank !== highest),
    widest,
  );
}

function widthOf({ title, cells }: Column): number {
  return Math.max(title.length, ...cells.map(({ length }) => length));
}

function padded(column: Column, text: string): string {
  const width = widthOf(column);
  return column.isRight ? text.padStart(width) : text.padEnd(width);
}
