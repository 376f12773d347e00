import { EXIT, Failure } from '../exit-codes.js';
import type { Cell, Row } from './rows.js';

/** Answer of `GET /v2/models/<name>`, as far as it is needed here. */
export interface ModelMetadata {
  readonly name: string;
  readonly inputs: readonly { readonly name: string; readonly datatype: string; readonly shape: readonly number[] }[];
}

interface Built {
  readonly request: { readonly inputs: { name: string; datatype: string; shape: number[]; data: Cell[] }[] };
  /** Columns of the rows that the model does not take. */
  readonly unused: string[];
}

/** The Open Inference Protocol request for rows: one tensor a column. Throws Failure for a column that no row has, or a cell of another type. */
export function inferRequest(metadata: ModelMetadata, rows: readonly Row[]): Built {
  const present = new Set(rows.flatMap((row) => Object.keys(row)));
  const missing = metadata.inputs.filter((input) => !present.has(input.name)).map((input) => JSON.stringify(input.name));
  if (missing.length > 0)
    throw new Failure(
      `${metadata.name} needs the column${missing.length > 1 ? 's' : ''} ${missing.join(', ')}; the data have ${[...present].join(', ')}`,
      EXIT.usage,
    );
  const known = new Set(metadata.inputs.map((input) => input.name));
  const inputs = metadata.inputs.map(({ name, datatype, shape }) => ({
    name,
    datatype,
    shape: [rows.length, ...shape.slice(1).map((size) => Math.abs(size))],
    data: rows.map((row, index) => cellOf(row[name] ?? null, datatype, `row ${index + 1}, column ${JSON.stringify(name)}`)),
  }));
  return { request: { inputs }, unused: [...present].filter((name) => !known.has(name)) };
}

function cellOf(cell: Cell, datatype: string, where: string): Cell {
  if (cell === null) return null;
  if (datatype === 'BYTES') return String(cell);
  if (datatype === 'BOOL') {
    if (cell === true || /^true$/i.test(String(cell))) return true;
    if (cell === false || /^false$/i.test(String(cell))) return false;
    throw new Failure(`${where}: ${JSON.stringify(cell)} must be true or false`, EXIT.usage);
  }
  const value = typeof cell === 'string' && cell.trim() !== '' ? Number(cell) : cell;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new Failure(`${where}: ${JSON.stringify(cell)} must be a number (${datatype})`, EXIT.usage);
}
