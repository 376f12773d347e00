import type { ClassificationReport, Table } from '#contracts';
import { classificationReport, knownLabelRows, labelIndexes, predict, type LoadedModel } from '#engine-tfjs';
import { DomainError } from '#kernel';

/** Scores of the model on `rows`, all of which must have a class that it knows. */
export function reportOn({ model, preparation }: LoadedModel, table: Table, rows: readonly number[]): ClassificationReport {
  return classificationReport(
    labelIndexes(preparation, table, rows),
    predict(model, preparation, table, rows),
    preparation.label.classes,
  );
}

/** Scores on a part of the table, without rows of classes that the training part did not hold. Throws BAD_DATA when none is left. */
export function reportOnPart(
  loaded: LoadedModel,
  table: Table,
  part: 'validation' | 'test',
  rows: readonly number[],
): ClassificationReport {
  const known = knownLabelRows(loaded.preparation, table, rows).rows;
  if (known.length === 0) throw new DomainError('BAD_DATA', `no row of the ${part} part has a class that the model knows`);
  return reportOn(loaded, table, known);
}
