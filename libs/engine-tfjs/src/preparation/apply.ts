import type { Cell, FittedPreparation, Table } from '#contracts';
import { DomainError } from '#kernel';
import { cellsOf, textOf } from './features.js';
import { featureWidth } from './fit.js';

type Feature = FittedPreparation['features'][number];

/**
 * Prepared rows, row-major `[rows.length, prep.width]`, in the order of `rows`. Numbers are computed in float64 and rounded once to
 * float32, as the exported ONNX graph does. Throws BAD_DATA when the table lacks a feature or holds another type in it.
 */
export function applyPreparation(prep: FittedPreparation, table: Table, rows: readonly number[]): Float32Array {
  const out = new Float32Array(rows.length * prep.width);
  let offset = 0;
  for (const feature of prep.features) {
    fillFeature(out, offset, feature, prep.width, cellsOf(table, feature.column), rows);
    offset += featureWidth(feature);
  }
  return out;
}

function fillFeature(
  out: Float32Array,
  offset: number,
  feature: Feature,
  width: number,
  cells: readonly Cell[],
  rows: readonly number[],
): void {
  if (feature.kind === 'number') {
    rows.forEach((row, index) => {
      const value = numberOf(cells[row], feature.column);
      out[index * width + offset] = ((Number.isNaN(value) ? feature.impute : value) - feature.mean) / feature.std;
    });
    return;
  }
  const indexes = new Map(feature.categories.map((category, index) => [category, index]));
  rows.forEach((row, index) => {
    const hit = indexes.get(textOf(cells[row]) ?? feature.impute);
    if (hit !== undefined) out[index * width + offset + hit] = 1;
  });
}

function numberOf(cell: Cell | undefined, column: string): number {
  if (cell === null || cell === undefined) return Number.NaN;
  if (typeof cell === 'number') return cell;
  throw new DomainError('BAD_DATA', `feature "${column}" was a number at training time and now holds a ${typeof cell}`, column);
}

/** Index of each row's class in `prep.label.classes`; -1 for a missing label or a class that the training part did not hold. */
export function labelIndexes(prep: FittedPreparation, table: Table, rows: readonly number[]): Int32Array {
  const indexes = new Map(prep.label.classes.map((name, index) => [name, index]));
  const cells = cellsOf(table, prep.label.column);
  return Int32Array.from(rows, (row) => indexes.get(textOf(cells[row]) ?? '') ?? -1);
}

/** Splits `rows` into those whose class the model knows and the classes of the others, so that a report can say what it leaves out. */
export function knownLabelRows(
  prep: FittedPreparation,
  table: Table,
  rows: readonly number[],
): { rows: number[]; unknown: string[] } {
  const indexes = labelIndexes(prep, table, rows);
  const cells = cellsOf(table, prep.label.column);
  const unknown = rows.filter((_, index) => indexes[index] === -1).map((row) => textOf(cells[row]) ?? '(missing)');
  return { rows: rows.filter((_, index) => indexes[index] !== -1), unknown: [...new Set(unknown)].sort() };
}
