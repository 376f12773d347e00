import type { Table, TrainingSpec } from '#contracts';
import { sha256 } from '#kernel';
import { cellsOf, featureColumns, textOf } from './features.js';
import { rowKeys } from './row-keys.js';

/** Row indexes of each part, rising. */
export interface Parts {
  readonly train: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

/**
 * Assigns rows to parts by their key alone: the first 52 bits of SHA-256 of `<seed>:<key>`, as a fraction of 1, against the cumulative
 * part sizes. A row that was once in test is in test in every later version of the data set. Rows that `skip` names go in no part.
 */
export function splitRows(
  keys: readonly string[],
  split: TrainingSpec['split'],
  skip: (row: number) => boolean = () => false,
): Parts {
  const parts = { train: [] as number[], validation: [] as number[], test: [] as number[] };
  keys.forEach((key, row) => {
    if (!skip(row)) parts[partOf(key, split)].push(row);
  });
  return parts;
}

function partOf(key: string, split: TrainingSpec['split']): keyof Parts {
  const position = Number.parseInt(sha256(`${split.seed}:${key}`).slice(0, 13), 16) / 2 ** 52;
  if (position < split.train) return 'train';
  return position < split.train + split.validation ? 'validation' : 'test';
}

/** A table as a spec divides it; `keys` are those of rowKeys over `features`. Rows without a label are in no part. */
export interface SplitTable {
  readonly features: readonly string[];
  readonly keys: readonly string[];
  readonly parts: Parts;
}

/** featureColumns, rowKeys and splitRows in one step: training and evaluation must divide a table the same way. Throws BAD_SPEC. */
export function splitTable(spec: TrainingSpec, table: Table): SplitTable {
  const features = featureColumns(spec, table).features.map((column) => column.name);
  const keys = rowKeys(table, features);
  const labels = cellsOf(table, spec.label);
  return { features, keys, parts: splitRows(keys, spec.split, (row) => textOf(labels[row]) === null) };
}
