import type { Cell, Column, Table } from '#contracts';
import { DomainError, errorMessage } from '#kernel';
import {
  asyncBufferFromFile,
  parquetMetadataAsync,
  parquetRead,
  type AsyncBuffer,
  type FileMetaData,
  type SchemaElement,
} from 'hyparquet';

/**
 * Reads a Parquet file of flat columns (DOUBLE, FLOAT, INT32, INT64, BOOLEAN, UTF-8 text; uncompressed or snappy) to a table in memory.
 * 64-bit integers become JavaScript numbers (exact up to 2^53), NaN becomes null. A column is nullable when a value is missing in it.
 * Throws BAD_DATA for a damaged file or a column of another type.
 */
export async function readTable(source: Uint8Array | string): Promise<Table> {
  try {
    const file = typeof source === 'string' ? await asyncBufferFromFile(source) : bufferOf(source);
    return await readColumns(file, await parquetMetadataAsync(file));
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw new DomainError('BAD_DATA', `not a readable Parquet file: ${errorMessage(error).slice(0, 200)}`);
  }
}

function bufferOf(bytes: Uint8Array): AsyncBuffer {
  return { byteLength: bytes.byteLength, slice: (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer };
}

async function readColumns(file: AsyncBuffer, metadata: FileMetaData): Promise<Table> {
  const elements = metadata.schema.slice(1);
  const types = new Map(elements.map((element) => [element.name, typeOf(element)]));
  const rows = Number(metadata.num_rows);
  const data = Object.fromEntries(elements.map((element) => [element.name, Array.from({ length: rows }, (): Cell => null)]));
  await parquetRead({
    file,
    metadata,
    onChunk: ({ columnName, columnData, rowStart }) => {
      const cells = data[columnName]!;
      for (let index = 0; index < columnData.length; index++) cells[rowStart + index] = cellOf(columnData[index]);
    },
  });
  const columns = elements.map(({ name }) => ({ name, type: types.get(name)!, nullable: data[name]!.includes(null) }));
  return { columns, rows, data };
}

function typeOf(element: SchemaElement): Column['type'] {
  if (element.num_children || element.repetition_type === 'REPEATED') throw unsupported(element, 'nested');
  const plain = element.converted_type === undefined && element.logical_type === undefined;
  if (element.type === 'BOOLEAN') return 'boolean';
  if (element.type === 'DOUBLE' || element.type === 'FLOAT') return 'number';
  if ((element.type === 'INT32' || element.type === 'INT64') && (plain || isInteger(element))) return 'number';
  if (element.type === 'BYTE_ARRAY' && (plain || element.converted_type === 'UTF8' || element.logical_type?.type === 'STRING'))
    return 'text';
  throw unsupported(element, element.logical_type?.type ?? element.converted_type ?? element.type ?? 'unknown');
}

function isInteger(element: SchemaElement): boolean {
  return element.logical_type?.type === 'INTEGER' || /^U?INT_(8|16|32|64)$/.test(element.converted_type ?? '');
}

function unsupported(element: SchemaElement, type: string): DomainError {
  return new DomainError(
    'BAD_DATA',
    `column "${element.name}" has the type ${type}; a table holds numbers, text and booleans`,
    element.name,
  );
}

function cellOf(value: unknown): Cell {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isNaN(value) ? null : value;
  return typeof value === 'string' || typeof value === 'boolean' ? value : null;
}
