import { isNumber } from './csv/csv-source.js';
import { linesOfRows } from './csv/records.js';
import type { CsvLayout } from './csv/inspect.js';
import { countOf, type Duck } from './duck.js';
import { quoteValue, type Findings } from './findings.js';
import type { SourceColumn } from './source.js';

/** Warns of columns that stay text because of a few values, naming the first of them and its line in the file. */
export async function warnOfMixed(
  duck: Duck,
  table: string,
  file: string,
  layout: CsvLayout,
  columns: readonly SourceColumn[],
  findings: Findings,
): Promise<void> {
  const offenders = new Map<string, { row: number; value: string; count: number }>();
  for (const [index, column] of columns.entries())
    if (column.mixed) offenders.set(column.name, await firstOffender(duck, table, index));
  const rows = new Set([...offenders.values()].map(({ row }) => row));
  const lines =
    rows.size > 0 ? linesOfRows(file, layout.delimiter.charCodeAt(0), layout.names.length, rows) : new Map<number, number>();
  for (const [column, { row, value, count }] of offenders) {
    const line = lines.get(row);
    const rest = count > 1 ? `${count} values are not, the first` : 'one value is not,';
    const message = `column "${column}" stays text: nearly all its values are numbers, but ${rest} ${quoteValue(value)} on line ${line}; leave a missing value empty`;
    findings.warning('MIXED_TYPES', message, { line, column });
  }
}

async function firstOffender(duck: Duck, table: string, index: number): Promise<{ row: number; value: string; count: number }> {
  const numbered = `(SELECT c${index} AS value, row_number() OVER () - 1 AS position FROM ${table})`;
  const [first] = await duck.query(
    `SELECT min(position) AS position, arg_min(value, position) AS value, count(*) AS n FROM ${numbered} WHERE value IS NOT NULL AND NOT coalesce(${isNumber('value')}, false)`,
  );
  return { row: countOf(first?.position), value: String(first?.value), count: countOf(first?.n) };
}
