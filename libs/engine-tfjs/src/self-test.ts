import * as tf from '@tensorflow/tfjs';
import { Adam } from './adam.js';

const TOLERANCE = 1e-4;
const X = [0.5, -1, 2, 1.5, 0.25, -0.75];
const W = [0.1, -0.2, 0.3, 0.4, -0.5, 0.6];
const Y = [1, -1, 0.5, 2];
const RATE = 0.05;

/**
 * Compares a matrix product [2,3]x[3,2], the gradient of sum((XW - Y)^2) by W, and one Adam step with values computed in plain JavaScript
 * (tolerance 1e-4). Answers what was wrong, or undefined. Backends that load but compute wrongly exist, so loading is not enough.
 */
export function selfTest(): string | undefined {
  const product = matmul(X, W);
  const gradient = gradientOf(product);
  const actual = compute();
  return (
    mismatch('matrix product', actual.product, product) ??
    mismatch('gradient', actual.gradient, gradient) ??
    mismatch('Adam step', actual.stepped, adamStep(gradient))
  );
}

function compute(): { product: Float32Array; gradient: Float32Array; stepped: Float32Array } {
  const weights = tf.tidy(() => tf.variable(tf.tensor2d(W, [3, 2])));
  const adam = new Adam([weights], RATE);
  try {
    return tf.tidy(() => {
      const x = tf.tensor2d(X, [2, 3]);
      const product = read(tf.matMul(x, weights));
      const loss = () => tf.sum(tf.square(tf.sub(tf.matMul(x, weights), tf.tensor2d(Y, [2, 2])))) as tf.Scalar;
      const { grads } = tf.variableGrads(loss, [weights]);
      const gradient = read(grads[weights.name]!);
      adam.apply(grads);
      return { product, gradient, stepped: read(weights) };
    });
  } finally {
    adam.dispose();
    weights.dispose();
  }
}

function read(tensor: tf.Tensor): Float32Array {
  return tensor.dataSync<'float32'>();
}

function matmul(x: readonly number[], w: readonly number[]): number[] {
  return [0, 1, 2, 3].map((cell) => {
    const [row, column] = [cell >> 1, cell & 1];
    return [0, 1, 2].reduce((sum, k) => sum + x[row * 3 + k]! * w[k * 2 + column]!, 0);
  });
}

/** d/dW sum((XW - Y)^2) = 2 X^T (XW - Y). */
function gradientOf(product: readonly number[]): number[] {
  return W.map((_, cell) => {
    const [k, column] = [cell >> 1, cell & 1];
    return [0, 1].reduce((sum, row) => sum + 2 * X[row * 3 + k]! * (product[row * 2 + column]! - Y[row * 2 + column]!), 0);
  });
}

/** After one step both bias-corrected moments are g and g^2, so Adam moves by rate * g / (|g| + epsilon). */
function adamStep(gradient: readonly number[]): number[] {
  return W.map((weight, index) => weight - (RATE * gradient[index]!) / (Math.abs(gradient[index]!) + 1e-7));
}

function mismatch(what: string, actual: Float32Array, expected: readonly number[]): string | undefined {
  const wrong = expected.findIndex((value, index) => !(Math.abs(actual[index]! - value) <= TOLERANCE));
  return wrong === -1
    ? undefined
    : `${what} is wrong: element ${wrong} is ${actual[wrong]}, expected ${expected[wrong]!.toFixed(6)}`;
}
