import type { Column, FittedPreparation, Table, TrainingSpec } from '#contracts';
import { DomainError } from '#kernel';
import { cellsOf, featureColumns, textOf } from './features.js';

type Feature = FittedPreparation['features'][number];

/** Bound on the width of a prepared row: beyond it a text column is an identifier, not a category. */
export const MAX_WIDTH = 16_384;

/**
 * Fits the preparation on `rows` of the table (the training part) and on nothing else. Numbers: median or mean for missing values,
 * population standard deviation of the values after imputation (1 where it is 0). Text and booleans: the most frequent category for
 * missing values (ties: the first in sort order), categories sorted by UTF-16 code units. Throws BAD_SPEC as featureColumns; BAD_DATA when
 * fewer than two classes or no value of a feature occur in `rows`, or when a prepared row would be wider than 16384.
 */
export function fitPreparation(table: Table, rows: readonly number[], spec: TrainingSpec): FittedPreparation {
  const columns = featureColumns(spec, table);
  const classes = distinct(table, rows, columns.label.name);
  if (classes.length < 2)
    throw new DomainError(
      'BAD_DATA',
      `label "${spec.label}" has ${classes.length === 1 ? `only one class ("${classes[0]}")` : 'no value'} in the training part; a classifier needs two`,
      'label',
    );
  const features = columns.features.map((column) => fitFeature(table, rows, column, spec));
  const width = features.reduce((sum, feature) => sum + featureWidth(feature), 0);
  if (width > MAX_WIDTH) throw tooWide(features, width);
  return { label: { column: columns.label.name, classes }, features, width };
}

/** Numbers that a feature takes in a prepared row. */
export function featureWidth(feature: Feature): number {
  return feature.kind === 'number' ? 1 : feature.categories.length;
}

function fitFeature(table: Table, rows: readonly number[], column: Column, spec: TrainingSpec): Feature {
  return column.type === 'number' ? fitNumber(table, rows, column.name, spec) : fitText(table, rows, column.name);
}

function fitNumber(table: Table, rows: readonly number[], column: string, spec: TrainingSpec): Feature {
  const cells = cellsOf(table, column);
  const values = rows.map((row) => cells[row]).filter((cell): cell is number => typeof cell === 'number' && !Number.isNaN(cell));
  if (values.length === 0) throw empty(column);
  const impute = spec.preparation.numeric.impute === 'median' ? median(values) : mean(values);
  if (spec.preparation.numeric.scale === 'none') return { column, kind: 'number', impute, mean: 0, std: 1 };
  const full = [...values, ...Array.from({ length: rows.length - values.length }, () => impute)];
  const center = mean(full);
  const std = Math.sqrt(mean(full.map((value) => (value - center) ** 2)));
  if (!Number.isFinite(center) || !Number.isFinite(std))
    throw new DomainError('BAD_DATA', `feature "${column}" holds values too large to scale`, column);
  return { column, kind: 'number', impute, mean: center, std: std > 0 ? std : 1 };
}

function fitText(table: Table, rows: readonly number[], column: string): Feature {
  const counts = new Map<string, number>();
  const cells = cellsOf(table, column);
  for (const row of rows) {
    const text = textOf(cells[row]);
    if (text !== null) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const categories = [...counts.keys()].sort();
  if (categories.length === 0) throw empty(column);
  const impute = categories.reduce((best, category) => (counts.get(category)! > counts.get(best)! ? category : best));
  return { column, kind: 'text', impute, categories };
}

function distinct(table: Table, rows: readonly number[], column: string): string[] {
  const cells = cellsOf(table, column);
  return [...new Set(rows.map((row) => textOf(cells[row])).filter((text) => text !== null))].sort();
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function empty(column: string): DomainError {
  return new DomainError(
    'BAD_DATA',
    `feature "${column}" has no value in the training part; leave it out of the features`,
    column,
  );
}

function tooWide(features: readonly Feature[], width: number): DomainError {
  const widest = features.reduce((a, b) => (featureWidth(b) > featureWidth(a) ? b : a));
  const why = `feature "${widest.column}" alone has ${featureWidth(widest)} categories`;
  return new DomainError('BAD_DATA', `a prepared row would hold ${width} numbers (at most ${MAX_WIDTH}): ${why}`, widest.column);
}
