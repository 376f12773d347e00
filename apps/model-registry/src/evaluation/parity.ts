import type { EvaluationResult, Signature } from '#contracts';
import { loadOnnx, predictRows, type OnnxModel } from '#engine-onnx';
import { predict } from '#engine-tfjs';
import { canonicalJson, DomainError } from '#kernel';
import { withEdgeRows } from './edge-rows.js';
import type { Evaluated } from './evaluated.js';

/**
 * Greatest difference between the probabilities that the TF.js model gives for prepared rows and the ONNX model for the raw ones, over the
 * validation and test rows and made-up edge rows. Throws BAD_MODEL when the ONNX model cannot answer these rows at all.
 */
export async function parityOf({ loaded, onnx, table, split }: Evaluated): Promise<EvaluationResult['parity']> {
  const { table: extended, edges } = withEdgeRows(loaded.preparation, table);
  const rows = [...split.parts.validation, ...split.parts.test, ...edges];
  const expected = predict(loaded.model, loaded.preparation, extended, rows);
  const model = await loadOnnx(onnx);
  try {
    checkInputs(model, loaded.signature);
    const { probabilities } = await predictRows(model, loaded.signature, extended, rows).catch(asBadModel);
    if (probabilities.length !== expected.length)
      throw new DomainError(
        'BAD_MODEL',
        `model.onnx gives ${probabilities.length} probabilities for ${rows.length} rows, expected ${expected.length}`,
        'model.onnx',
      );
    return { rows: rows.length, maxAbsDiff: maxAbsDiff(expected, probabilities) };
  } finally {
    await model.close();
  }
}

/** The runtime ignores feeds that a model does not ask for, and so would hide that a feature has no effect. */
function checkInputs(model: OnnxModel, signature: Signature): void {
  const describe = (inputs: Signature['inputs']) =>
    canonicalJson(inputs.map(({ name, datatype }) => `${name} ${datatype}`).sort());
  if (describe([...model.inputs]) !== describe(signature.inputs))
    throw new DomainError('BAD_MODEL', 'model.onnx does not take the inputs that signature.json names', 'model.onnx');
}

function asBadModel(error: unknown): never {
  if (error instanceof DomainError && error.code === 'BAD_REQUEST')
    throw new DomainError('BAD_MODEL', `model.onnx does not take the rows of its signature: ${error.message}`, 'model.onnx');
  throw error;
}

/** No number on one side alone counts as 1, the greatest difference that two probabilities can have. */
function maxAbsDiff(a: Float32Array, b: Float32Array): number {
  let greatest = 0;
  a.forEach((value, index) => {
    const difference = Math.abs(value - b[index]!);
    if (Number.isFinite(difference)) greatest = Math.max(greatest, difference);
    else if (!Object.is(value, b[index])) greatest = 1;
  });
  return greatest;
}
