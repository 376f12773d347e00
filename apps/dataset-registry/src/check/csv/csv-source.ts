import { quotePattern, quoteText, countOf, type Duck, type Row } from '../duck.js';
import type { Findings } from '../findings.js';
import type { Source, SourceColumn } from '../source.js';
import type { CsvLayout } from './inspect.js';
import { MAX_RECORD_BYTES } from './records.js';

/** Aggregates over so many columns are computed in one pass over the file. */
const COLUMNS_PER_PASS = 200;
const MIXED_SHARE = 0.9;
const MIXED_ROWS = 10;

/** DuckDB also takes 1_000, nan and inf for numbers; a data set means something else by them. */
export const isNumber = (sql: string) => `(isfinite(TRY_CAST(${sql} AS DOUBLE)) AND NOT contains(${sql}, '_'))`;
const isBoolean = (sql: string) => `(lower(trim(${sql})) IN ('true', 'false'))`;
/** A whole number that a double may not hold exactly. */
const isLong = (sql: string) => `(length(${sql}) > 15 AND abs(TRY_CAST(${sql} AS HUGEINT)) > 9007199254740992)`;

/** The relation of a file that inspectCsv found sound, all text, with types taken from every row of it. */
export async function csvSource(duck: Duck, file: string, layout: CsvLayout, findings: Findings): Promise<Source> {
  const from = readCsv(file, layout);
  const columns: SourceColumn[] = [];
  for (let start = 0; start < layout.names.length; start += COLUMNS_PER_PASS) {
    const names = layout.names.slice(start, start + COLUMNS_PER_PASS);
    const [counts] = await duck.query(`SELECT ${names.map((_, index) => aggregates(start + index)).join(', ')} FROM ${from}`);
    names.forEach((name, index) => columns.push(typed(name, start + index, counts!, findings)));
  }
  return { names: layout.names, from, columns };
}

function readCsv(file: string, layout: CsvLayout): string {
  const columns = layout.names.map((_, index) => `'c${index}': 'VARCHAR'`).join(', ');
  const options = [
    `columns = {${columns}}`,
    'auto_detect = false',
    'header = true',
    `delim = ${quoteText(layout.delimiter)}`,
    `quote = '"'`,
    `escape = '"'`,
    `nullstr = ''`,
    `comment = ''`,
    `compression = 'none'`,
    'hive_partitioning = false',
    `max_line_size = ${2 * MAX_RECORD_BYTES}`,
    // Strict mode knows one kind of line end. One thread: parallel reading guesses where a row begins, and quoted line ends mislead it.
    `strict_mode = ${!layout.mixedNewlines}`,
    'parallel = false',
  ];
  return `read_csv(${quotePattern(file)}, ${options.join(', ')})`;
}

function aggregates(index: number): string {
  const column = `c${index}`;
  const count = (name: string, condition: string) => `count_if(${condition}) AS ${name}${index}`;
  return [
    `count(${column}) AS present${index}`,
    count('numbers', isNumber(column)),
    count('booleans', isBoolean(column)),
    count('long', isLong(column)),
  ].join(', ');
}

function typed(name: string, index: number, counts: Row, findings: Findings): SourceColumn {
  const of = (what: string) => countOf(counts[`${what}${index}`]);
  const [present, numbers] = [of('present'), of('numbers')];
  if (present === 0) findings.warning('EMPTY_COLUMN', `column "${name}" holds no value at all`, { column: name });
  else if (numbers === present) {
    if (of('long') > 0)
      findings.warning(
        'PRECISION_LOST',
        `column "${name}" holds whole numbers of more than 15 digits, which are kept to 15 to 17 digits`,
        { column: name },
      );
    return { name, type: 'number', sql: `CAST(c${index} AS DOUBLE)` };
  } else if (of('booleans') === present) return { name, type: 'boolean', sql: `CAST(lower(trim(c${index})) AS BOOLEAN)` };
  const mixed = present >= MIXED_ROWS && numbers / present >= MIXED_SHARE;
  return { name, type: 'text', sql: `c${index}`, mixed };
}
