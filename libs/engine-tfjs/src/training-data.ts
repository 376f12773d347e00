import type { FittedPreparation, Table, TrainingSpec } from '#contracts';
import { canonicalJson, DomainError, sha256 } from '#kernel';
import type { PreparedRows } from './learner.js';
import { applyPreparation, knownLabelRows, labelIndexes } from './preparation/apply.js';
import { fitPreparation } from './preparation/fit.js';
import { splitTable, type Parts } from './preparation/split.js';

export interface TrainingData {
  readonly preparation: FittedPreparation;
  readonly features: readonly string[];
  readonly parts: Parts;
  readonly train: PreparedRows;
  readonly validation: PreparedRows;
  /** Equal for trainings that go through the same steps; how long they may go on (epochs, patience) does not count. */
  readonly fingerprint: string;
}

/** Splits and prepares a table. Throws BAD_SPEC as featureColumns, BAD_DATA as fitPreparation or when a part is empty. */
export function prepareTrainingData(spec: TrainingSpec, table: Table, log: (line: string) => void): TrainingData {
  const { features, parts } = splitTable(spec, table);
  checkParts(parts, table.rows);
  const preparation = fitPreparation(table, parts.train, spec);
  const { rows, unknown } = knownLabelRows(preparation, table, parts.validation);
  if (unknown.length > 0)
    log(
      `${parts.validation.length - rows.length} validation rows are left out: no training row has the class ${unknown.join(', ')}`,
    );
  if (rows.length === 0) throw emptyPart('validation', table.rows);
  const train = prepareRows(preparation, table, parts.train);
  const validation = prepareRows(preparation, table, rows);
  return { preparation, features, parts, train, validation, fingerprint: fingerprintOf(spec, preparation, train, validation) };
}

function prepareRows(preparation: FittedPreparation, table: Table, rows: readonly number[]): PreparedRows {
  return { x: applyPreparation(preparation, table, rows), y: labelIndexes(preparation, table, rows) };
}

function checkParts(parts: Parts, rows: number): void {
  for (const name of ['train', 'validation', 'test'] as const) if (parts[name].length === 0) throw emptyPart(name, rows);
}

function emptyPart(name: string, rows: number): DomainError {
  return new DomainError(
    'BAD_DATA',
    `the ${name} part is empty: ${rows} rows are too few for this split (rows without a label do not count)`,
  );
}

function fingerprintOf(spec: TrainingSpec, preparation: FittedPreparation, ...parts: readonly PreparedRows[]): string {
  const { optimizer, learningRate, batchSize, seed } = spec.training;
  const steps = { model: spec.model, optimizer, learningRate, batchSize, seed, preparation };
  const data = parts.flatMap(({ x, y }) =>
    [x, y].map((array) => sha256(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))),
  );
  return sha256(canonicalJson({ steps, data }));
}
