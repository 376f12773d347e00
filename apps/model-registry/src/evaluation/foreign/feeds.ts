import type { ForeignEvaluationRequest, Table, TensorSpec } from '#contracts';
import { rowTensor, type HostTensor } from '#engine-onnx';
import { DomainError } from '#kernel';

/** Which columns each input of a model takes. */
export type Feeding = ReadonlyMap<TensorSpec, readonly string[]>;

/**
 * An input that has the name of a column takes that column; a model with one input for all of them takes `features`, else the columns that its own description
 * lists, else all of the table but the label. Throws BAD_MODEL, with what would be right, where that does not come out.
 */
export function feedingOf(inputs: readonly TensorSpec[], table: Table, { data, described }: ForeignEvaluationRequest): Feeding {
  const known = new Set(table.columns.map(({ name }) => name));
  const [only, ...others] = inputs;
  if (!only) throw new DomainError('BAD_MODEL', 'the model takes no input');
  if (inputs.every(({ name }) => known.has(name))) return new Map(inputs.map((spec) => [spec, [spec.name]]));
  if (others.length > 0) {
    const missing = inputs.filter(({ name }) => !known.has(name)).map(({ name }) => `"${name}"`);
    throw new DomainError(
      'BAD_MODEL',
      `the model takes inputs that are no columns of the data set: ${missing.slice(0, 10).join(', ')}`,
    );
  }
  const listed = described.length > 0 && described.every((name) => known.has(name)) ? described : undefined;
  const columns = data.features ?? listed ?? [...known].filter((name) => name !== data.label);
  const width = only.shape.length === 1 ? 1 : (only.shape[1] ?? -1);
  if (only.shape.length > 2 || (width > 0 && width !== columns.length))
    throw new DomainError(
      'BAD_MODEL',
      `the input "${only.name}" has the shape [${only.shape.join(', ')}], and ${columns.length} columns would be fed: name them in \`features\``,
      'features',
    );
  return new Map([[only, columns]]);
}

/** Tensors of some rows. A model with a fixed number of rows gets the last one again until there are as many. */
export function feed(feeding: Feeding, table: Table, rows: readonly number[]): Record<string, HostTensor> {
  return Object.fromEntries(
    [...feeding].map(([spec, columns]) => [spec.name, rowTensor(spec, table, columns, filled(spec, rows))]),
  );
}

function filled({ shape: [fixed] }: TensorSpec, rows: readonly number[]): readonly number[] {
  if (fixed === undefined || fixed <= rows.length) return rows;
  return Array.from({ length: fixed }, (_, at) => rows[Math.min(at, rows.length - 1)]!);
}

/** Rows at a time: as many as the model is fixed to, or 4,096. */
export function batchOf(inputs: readonly TensorSpec[]): number {
  return inputs.map(({ shape }) => shape[0] ?? -1).find((rows) => rows > 0) ?? 4096;
}
