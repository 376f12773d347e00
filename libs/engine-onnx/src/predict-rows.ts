import type { Signature, Table, TensorSpec } from '#contracts';
import { DomainError } from '#kernel';
import type { HostTensor } from './host-tensor.js';
import { rowTensor } from './row-tensor.js';
import type { OnnxModel } from './session.js';

const BATCH = 4096;

/** `labels` one per row; `probabilities` row-major [rows, classes]. */
export interface RowPredictions {
  readonly labels: readonly string[];
  readonly probabilities: Float32Array;
}

/**
 * Feeds raw table rows to a classifier whose inputs are FP64 or BYTES columns [-1, 1] and whose outputs are a BYTES label and FP32
 * probabilities: a missing value is NaN or ''. Throws BAD_DATA when the table lacks an input, BAD_MODEL when the signature is another.
 */
export async function predictRows(
  model: OnnxModel,
  signature: Signature,
  table: Table,
  rows: readonly number[],
): Promise<RowPredictions> {
  const label = outputOf(signature, 'BYTES');
  const scores = outputOf(signature, 'FP32');
  const labels: string[] = [];
  const chunks: Float32Array[] = [];
  for (let start = 0; start < rows.length; start += BATCH) {
    const batch = rows.slice(start, start + BATCH);
    const feeds = Object.fromEntries(signature.inputs.map((spec) => [spec.name, columnTensor(spec, table, batch)]));
    const result = await model.run(feeds, [label, scores]);
    labels.push(...(result[label]!.data as string[]));
    chunks.push(result[scores]!.data as Float32Array);
  }
  return { labels, probabilities: concat(chunks) };
}

function outputOf(signature: Signature, datatype: 'BYTES' | 'FP32'): string {
  const spec = signature.outputs.find((output) => output.datatype === datatype);
  if (!spec)
    throw new DomainError('BAD_MODEL', `the model gives no ${datatype === 'BYTES' ? 'label' : 'probabilities'} (${datatype})`);
  return spec.name;
}

function columnTensor(spec: TensorSpec, table: Table, rows: readonly number[]): HostTensor {
  if (spec.datatype !== 'BYTES' && spec.datatype !== 'FP64')
    throw new DomainError('BAD_MODEL', `input "${spec.name}" is ${spec.datatype}; a table feeds FP64 or BYTES`);
  return rowTensor({ ...spec, shape: [-1, 1] }, table, [spec.name], rows);
}

function concat(chunks: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    out.set(chunk, offset);
    offset += chunk.length;
  }
  return out;
}
