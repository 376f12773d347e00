import type { Cell, Table, TensorSpec } from '#contracts';
import { DomainError } from '#kernel';
import { ARRAYS, type HostTensor, type NumericArray } from './host-tensor.js';

/**
 * Cells of `columns` in `rows` as one tensor: [rows, columns], or [rows] for an input of rank 1. A missing value is NaN or ''. Throws BAD_DATA for a column that
 * is not there and for a cell that the type cannot hold, BAD_MODEL for a type that no table feeds (FP16).
 */
export function rowTensor(spec: TensorSpec, table: Table, columns: readonly string[], rows: readonly number[]): HostTensor {
  const cells = columns.map((name) => {
    const column = Object.hasOwn(table.data, name) ? table.data[name] : undefined;
    if (!column) throw new DomainError('BAD_DATA', `the table has no column "${name}"`, name);
    return { name, column };
  });
  const shape = spec.shape.length === 1 ? [rows.length] : [rows.length, columns.length];
  const values = rows.flatMap((row) => cells.map(({ name, column }) => ({ name, cell: column[row] })));
  if (spec.datatype === 'BYTES') return { datatype: 'BYTES', shape, data: values.map(({ cell }) => String(cell ?? '')) };
  if (spec.datatype === 'FP16')
    throw new DomainError('BAD_MODEL', `input "${spec.name}" is FP16; a table feeds whole numbers, FP32, FP64 or text`);
  const data: NumericArray = new ARRAYS[spec.datatype](values.length);
  const isFloat = spec.datatype === 'FP32' || spec.datatype === 'FP64';
  values.forEach(({ name, cell }, at) => {
    const value = isFloat ? numberOf(name, cell) : wholeOf(spec, name, cell);
    // Only 64-bit arrays hold bigints.
    data[at] = (data instanceof BigInt64Array || data instanceof BigUint64Array ? BigInt(value) : value) as never;
  });
  return { datatype: spec.datatype, shape, data };
}

function numberOf(name: string, cell: Cell | undefined): number {
  if (cell === null || cell === undefined) return Number.NaN;
  if (typeof cell === 'string') throw new DomainError('BAD_DATA', `column "${name}" must hold numbers, and holds a string`, name);
  return Number(cell);
}

function wholeOf({ datatype }: TensorSpec, name: string, cell: Cell | undefined): number {
  const value = numberOf(name, cell);
  if (Number.isInteger(value)) return value;
  const found = Number.isNaN(value) ? 'a missing value' : String(value);
  throw new DomainError('BAD_DATA', `column "${name}" holds ${found}, and the model takes it as ${datatype}`, name);
}
