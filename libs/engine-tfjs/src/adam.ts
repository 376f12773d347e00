import * as tf from '@tensorflow/tfjs';

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-7;

/** Everything that Adam remembers: steps done, and the first and second moment of each variable. */
export interface AdamState {
  readonly step: number;
  readonly first: readonly Float32Array[];
  readonly second: readonly Float32Array[];
}

/**
 * Adam (Kingma & Ba, ICLR 2015, algorithm 1). Not TF.js's own: on restoring, that one recomputes its running powers of beta by another
 * route than it kept them, so a resumed training drifts from an uninterrupted one. Here the powers are functions of the step alone.
 */
export class Adam {
  private step = 0;
  private readonly first: tf.Variable[];
  private readonly second: tf.Variable[];

  constructor(
    private readonly variables: readonly tf.Variable[],
    private readonly learningRate: number,
  ) {
    this.first = variables.map(zeros);
    this.second = variables.map(zeros);
  }

  /** One step down `grads`, by variable name as tf.variableGrads gives them; variables without a gradient stay. */
  apply(grads: tf.NamedTensorMap): void {
    this.step++;
    tf.tidy(() => {
      this.variables.forEach((variable, index) => {
        const gradient = grads[variable.name];
        if (gradient) this.update(variable, gradient, this.first[index]!, this.second[index]!);
      });
    });
  }

  private update(variable: tf.Variable, gradient: tf.Tensor, first: tf.Variable, second: tf.Variable): void {
    first.assign(tf.add(tf.mul(first, BETA_1), tf.mul(gradient, 1 - BETA_1)));
    second.assign(tf.add(tf.mul(second, BETA_2), tf.mul(tf.square(gradient), 1 - BETA_2)));
    const mean = tf.div(first, 1 - BETA_1 ** this.step);
    const deviation = tf.add(tf.sqrt(tf.div(second, 1 - BETA_2 ** this.step)), EPSILON);
    variable.assign(tf.sub(variable, tf.mul(tf.div(mean, deviation), this.learningRate)));
  }

  state(): AdamState {
    return { step: this.step, first: this.first.map(copy), second: this.second.map(copy) };
  }

  restore(state: AdamState): void {
    this.step = state.step;
    assignAll(this.first, state.first);
    assignAll(this.second, state.second);
  }

  dispose(): void {
    for (const variable of [...this.first, ...this.second]) variable.dispose();
  }
}

/** Copies values to variables of the same sizes. */
export function assignAll(variables: readonly tf.Variable[], values: readonly Float32Array[]): void {
  variables.forEach((variable, index) => tf.tidy(() => variable.assign(tf.tensor(values[index]!, variable.shape, 'float32'))));
}

/** A copy, because some backends answer with their own memory. */
export function copy(tensor: tf.Tensor): Float32Array {
  return Float32Array.from(tensor.dataSync<'float32'>());
}

function zeros(variable: tf.Variable): tf.Variable {
  return tf.tidy(() => tf.variable(tf.zeros(variable.shape), false));
}
