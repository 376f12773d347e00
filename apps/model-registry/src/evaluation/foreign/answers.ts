import { DomainError } from '#kernel';
import type { HostTensor, OnnxModel } from '#engine-onnx';
import type { Table } from '#contracts';
import { batchOf, feed, type Feeding } from './feeds.js';

/** What a model said to each row: a label, or `width` scores, or both. `scores` is row-major. */
export interface Answers {
  readonly labels?: readonly string[];
  readonly scores?: { readonly values: Float64Array; readonly width: number };
}

const WHOLE = /^(BOOL|U?INT(8|16|32|64))$/;

/** Asks the model for all rows, a batch at a time. Throws BAD_MODEL for an answer that is neither a label nor scores of each row. */
export async function ask(model: OnnxModel, feeding: Feeding, table: Table, rows: readonly number[]): Promise<Answers> {
  const size = batchOf(model.inputs);
  const labels: string[] = [];
  const scores: number[] = [];
  for (let start = 0; start < rows.length; start += size) {
    const batch = rows.slice(start, start + size);
    const tensors = Object.values(await model.run(feed(feeding, table, batch)));
    labels.push(...(labelOf(tensors)?.slice(0, batch.length) ?? []));
    const given = scoresOf(tensors, batch.length);
    for (let at = 0; at < (given?.length ?? 0); at++) scores.push(given![at]!);
  }
  const width = scores.length / rows.length;
  const labelled = labels.length === rows.length;
  if (!labelled && !(width >= 1 && Number.isInteger(width)))
    throw new DomainError('BAD_MODEL', 'the model answers neither a label nor scores for each row');
  return {
    ...(labelled ? { labels } : {}),
    ...(Number.isInteger(width) && width >= 1 ? { scores: { values: Float64Array.from(scores), width } } : {}),
  };
}

/** One text or whole number a row. */
function labelOf(tensors: readonly HostTensor[]): string[] | undefined {
  const found = tensors.find(({ datatype, shape }) => (datatype === 'BYTES' || WHOLE.test(datatype)) && isColumn(shape));
  if (found?.datatype === 'BOOL') return Array.from(found.data as Uint8Array, (bit) => String(bit === 1));
  return found && Array.from(found.data as ArrayLike<unknown>, String);
}

/** Numbers of each row, of the first output that has some; what was filled up is cut off. */
function scoresOf(tensors: readonly HostTensor[], rows: number): ArrayLike<number> | undefined {
  const found = tensors.find(
    ({ datatype, shape }) => (datatype === 'FP32' || datatype === 'FP64') && shape.length <= 2 && shape[0]! >= rows,
  );
  return (found?.data as Float64Array | undefined)?.subarray(0, rows * (found!.shape[1] ?? 1));
}

const isColumn = (shape: readonly number[]): boolean => shape.length === 1 || (shape.length === 2 && shape[1] === 1);
