import { EXIT, Failure } from '../exit-codes.js';
import { parseCsv } from './csv.js';

export type Cell = string | number | boolean | null;
export type Row = Readonly<Record<string, Cell>>;

/** Rows of a JSON array of objects (or one object), or of CSV with a header. An empty cell is null. Throws Failure. */
export function parseRows(content: string): Row[] {
  const rows = /^\s*[[{]/.test(content) ? jsonRows(content) : csvRows(content);
  if (rows.length === 0) throw new Failure('there are no rows; send CSV with a header, or a JSON array of objects', EXIT.usage);
  return rows;
}

function jsonRows(content: string): Row[] {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new Failure(`the rows are not JSON: ${(error as Error).message}`, EXIT.usage);
  }
  const rows = Array.isArray(value) ? value : [value];
  rows.forEach((row: unknown, index) => {
    if (!isRow(row)) throw new Failure(`row ${index + 1} must be an object of strings, numbers, booleans and nulls`, EXIT.usage);
  });
  return rows as Row[];
}

function isRow(row: unknown): row is Row {
  return (
    typeof row === 'object' &&
    row !== null &&
    !Array.isArray(row) &&
    Object.values(row).every((cell) => cell === null || typeof cell !== 'object')
  );
}

function csvRows(content: string): Row[] {
  const [head, ...records] = parseCsv(content);
  return records.map((record, index) => {
    if (record.length !== head!.length)
      throw new Failure(`record ${index + 2} of the CSV has ${record.length} cells, the header ${head!.length}`, EXIT.usage);
    return Object.fromEntries(head!.map((name, column) => [name, record[column] === '' ? null : record[column]!]));
  });
}
