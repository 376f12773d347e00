import type { Cell, Column, Table, TrainingSpec } from '#contracts';
import { DomainError } from '#kernel';

/** The columns that a spec reads from a table, found and checked. */
export interface FeatureColumns {
  readonly label: Column;
  readonly features: readonly Column[];
}

/**
 * The label and feature columns of `spec` in `table`; without `spec.features` every column but the label is a feature, in table order.
 * Throws BAD_SPEC (field `label` or `features`) for an unknown column, a column named twice, or the label among the features.
 */
export function featureColumns(spec: TrainingSpec, table: Table): FeatureColumns {
  const label = find(table, spec.label, 'label');
  const names = spec.features ?? table.columns.map((column) => column.name).filter((name) => name !== spec.label);
  if (names.includes(spec.label))
    throw new DomainError('BAD_SPEC', `the label "${spec.label}" is also listed as a feature`, 'features');
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new DomainError('BAD_SPEC', `feature "${twice}" is listed twice`, 'features');
  if (names.length === 0) throw new DomainError('BAD_SPEC', 'the table has no column besides the label', 'features');
  return { label, features: names.map((name) => find(table, name, 'features')) };
}

function find(table: Table, name: string, field: string): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column) return column;
  const known = table.columns.map((candidate) => candidate.name).join(', ');
  throw new DomainError('BAD_SPEC', `unknown column "${name}"; the data set has: ${known}`, field);
}

/** Cells of a column; throws BAD_DATA when the table lacks it. */
export function cellsOf(table: Table, column: string): readonly Cell[] {
  const cells = Object.hasOwn(table.data, column) ? table.data[column] : undefined;
  if (!cells) throw new DomainError('BAD_DATA', `the table has no column "${column}"`, column);
  return cells;
}

/** A cell as a category or class: booleans as true/false, numbers in JavaScript's shortest form; null when missing or ''. */
export function textOf(cell: Cell | undefined): string | null {
  if (cell === null || cell === undefined || cell === '') return null;
  return typeof cell === 'string' ? cell : String(cell);
}
