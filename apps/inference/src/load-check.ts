import type { Signature, TensorSpec } from '#contracts';
import type { HostTensor, OnnxModel } from '#engine-onnx';
import { DomainError } from '#kernel';

/**
 * Proves before any caller can that a model does what its signature says: names and types fit, and one row of missing values (or zeros) runs.
 * The run also warms it up. Throws BAD_MODEL or what the runtime says.
 */
export async function checkModel(model: OnnxModel, signature: Signature): Promise<void> {
  checkSpecs('input', signature.inputs, model.inputs);
  checkSpecs('output', signature.outputs, model.outputs);
  if (model.inputs.length > signature.inputs.length) throw badModel('the model takes inputs that its signature does not name');
  // What a free inner dimension should be, only callers know.
  if (signature.inputs.some((spec) => spec.shape.slice(1).includes(-1))) return;
  const feeds = Object.fromEntries(signature.inputs.map((spec) => [spec.name, blankRow(spec)]));
  const names = signature.outputs.map((spec) => spec.name);
  await model.run(feeds, names);
}

function checkSpecs(what: string, promised: readonly TensorSpec[], actual: readonly TensorSpec[]): void {
  for (const { name, datatype } of promised) {
    const found = actual.find((spec) => spec.name === name);
    if (!found) throw badModel(`the model has no ${what} "${name}", which its signature names`);
    if (found.datatype !== datatype)
      throw badModel(`${what} "${name}" is ${found.datatype} in the model and ${datatype} in its signature`);
  }
}

/** Data of each type for `count` elements: missing where the input knows missing values, else zero. */
function blankRow({ datatype, shape, nullable }: TensorSpec): HostTensor {
  const full = shape.map((dim) => (dim === -1 ? 1 : dim));
  const count = full.reduce((product, dim) => product * dim, 1);
  const number = nullable ? Number.NaN : 0;
  return { datatype, shape: full, data: BLANKS[datatype](count, number) };
}

const BLANKS: Readonly<Record<TensorSpec['datatype'], (count: number, number: number) => HostTensor['data']>> = {
  BOOL: (count) => new Uint8Array(count),
  UINT8: (count) => new Uint8Array(count),
  UINT16: (count) => new Uint16Array(count),
  UINT32: (count) => new Uint32Array(count),
  UINT64: (count) => new BigUint64Array(count),
  INT8: (count) => new Int8Array(count),
  INT16: (count) => new Int16Array(count),
  INT32: (count) => new Int32Array(count),
  INT64: (count) => new BigInt64Array(count),
  FP16: (count) => new Uint16Array(count),
  FP32: (count, number) => new Float32Array(count).fill(number),
  FP64: (count, number) => new Float64Array(count).fill(number),
  BYTES: (count) => Array<string>(count).fill(''),
};

function badModel(message: string): DomainError {
  return new DomainError('BAD_MODEL', message);
}
