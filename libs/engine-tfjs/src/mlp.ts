import * as tf from '@tensorflow/tfjs';
import type { TrainingSpec } from '#contracts';

/** `model` ends in softmax and is what is saved; `logits` shares its layers and stops before the softmax, for a stable loss. */
export interface Mlp {
  readonly model: tf.LayersModel;
  readonly logits: tf.LayersModel;
  readonly variables: readonly tf.Variable[];
  readonly parameters: number;
}

/** A multilayer perceptron [N, width] -> [N, classes]. Weights are Glorot uniform, seeded per layer, so equal specs start equal. */
export function buildMlp(spec: TrainingSpec, width: number, classes: number): Mlp {
  const { layers } = spec.model;
  const input = tf.input({ shape: [width], name: 'features' });
  let hidden = input;
  layers.forEach((layer, index) => {
    hidden = connect(hidden, layer.units, layer.activation, `hidden_${index + 1}`, spec.training.seed + index);
  });
  const logits = connect(hidden, classes, 'linear', 'logits', spec.training.seed + layers.length);
  const probabilities = tf.layers.activation({ activation: 'softmax', name: 'probabilities' }).apply(logits) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: probabilities, name: 'mlp' });
  return {
    model,
    logits: tf.model({ inputs: input, outputs: logits, name: 'mlp_logits' }),
    // The layer API types the result of read() as a tensor; for a trainable weight it is the variable itself, as fit() also assumes.
    variables: model.trainableWeights.map((weight) => weight.read() as tf.Variable),
    parameters: model.countParams(),
  };
}

function connect(
  input: tf.SymbolicTensor,
  units: number,
  activation: TrainingSpec['model']['layers'][number]['activation'] | 'linear',
  name: string,
  seed: number,
): tf.SymbolicTensor {
  const kernelInitializer = tf.initializers.glorotUniform({ seed });
  return tf.layers.dense({ units, activation, name, kernelInitializer }).apply(input) as tf.SymbolicTensor;
}
