import type { FittedPreparation, Signature } from '#contracts';

/**
 * What callers of a classifier send and get: per feature one raw column, FP64 or BYTES (booleans as 'true' and 'false') of shape [-1, 1];
 * back come the label, BYTES [-1, 1], and the probabilities, FP32 [-1, classes], in the order of `classes`. The outputs are called `label`
 * and `probabilities`; where a feature has that name already, `_out` is appended.
 */
export function signatureOf(prep: FittedPreparation): Signature {
  const taken = new Set(prep.features.map((feature) => feature.column));
  const free = (name: string): string => (taken.has(name) ? free(`${name}_out`) : name);
  return {
    inputs: prep.features.map((feature) => ({
      name: feature.column,
      datatype: feature.kind === 'number' ? 'FP64' : 'BYTES',
      shape: [-1, 1],
      nullable: true,
    })),
    outputs: [
      { name: free('label'), datatype: 'BYTES', shape: [-1, 1] },
      { name: free('probabilities'), datatype: 'FP32', shape: [-1, prep.label.classes.length] },
    ],
    classes: prep.label.classes,
  };
}
