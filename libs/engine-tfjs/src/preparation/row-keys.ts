import type { Cell, Table } from '#contracts';
import { canonicalJson, sha256 } from '#kernel';
import { cellsOf } from './features.js';

/**
 * One key per row: hex SHA-256 of the canonical JSON of [[feature, value], ...] sorted by feature name. Numbers count in JavaScript's
 * shortest form, missing values as null, text after NFC normalisation. The label is left out on purpose: a corrected label must not move
 * its row to another part, and rows with equal features must never be on both sides of the split.
 */
export function rowKeys(table: Table, features: readonly string[]): string[] {
  const columns = [...features].sort().map((name) => ({ name: name.normalize('NFC'), cells: cellsOf(table, name) }));
  return Array.from({ length: table.rows }, (_, row) =>
    sha256(canonicalJson(columns.map(({ name, cells }) => [name, canonicalCell(cells[row])]))),
  );
}

function canonicalCell(cell: Cell | undefined): Cell {
  if (cell === undefined || (typeof cell === 'number' && Number.isNaN(cell))) return null;
  return typeof cell === 'string' ? cell.normalize('NFC') : cell;
}
