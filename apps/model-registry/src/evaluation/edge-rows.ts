import type { Cell, FittedPreparation, Table } from '#contracts';

/**
 * `table` with made-up rows behind its own, where two implementations of a preparation part ways first: every feature missing, categories
 * never seen, and numbers at and far beyond the ends of what the column holds. Only the model's features are filled.
 */
export function withEdgeRows(preparation: FittedPreparation, table: Table): { table: Table; edges: number[] } {
  const columns = preparation.features.map((feature) => ({
    name: feature.column,
    edges: feature.kind === 'number' ? numberEdges(table.data[feature.column]!) : textEdges(feature.categories),
  }));
  const count = Math.max(...columns.map(({ edges }) => edges.length));
  const data = Object.fromEntries(
    columns.map(({ name, edges }) => [
      name,
      [...table.data[name]!, ...Array.from({ length: count }, (_, row) => edges[row] ?? null)],
    ]),
  );
  const rows = table.rows + count;
  const used = table.columns
    .filter((column) => Object.hasOwn(data, column.name))
    .map((column) => ({ ...column, nullable: true }));
  return { table: { columns: used, rows, data }, edges: Array.from({ length: count }, (_, row) => table.rows + row) };
}

/** Per made-up row one cell; a column with fewer is missing in the rest. The first row is missing in every column. */
function numberEdges(cells: readonly Cell[]): Cell[] {
  const numbers = cells.filter((cell): cell is number => typeof cell === 'number');
  const [min, max] = numbers.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  if (min > max) return [null];
  const range = max - min;
  return [null, min, max, 0, min - 10 * range, max + 10 * range, null];
}

function textEdges(categories: readonly string[]): Cell[] {
  const unseen = `${categories.at(-1) ?? ''}\u{1f427} unseen`;
  return [null, unseen, categories[0] ?? null, ' ', categories.at(-1)?.toUpperCase() ?? null, categories.at(-1) ?? null, unseen];
}
