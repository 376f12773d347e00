import * as tf from '@tensorflow/tfjs';
import type { TrainingSpec } from '#contracts';
import { Adam, assignAll, copy, type AdamState } from './adam.js';
import { buildMlp, type Mlp } from './mlp.js';
import { epochOrder } from './shuffle.js';

/** Prepared rows: `x` row-major [rows, width], `y` class indexes [rows]. */
export interface PreparedRows {
  readonly x: Float32Array;
  readonly y: Int32Array;
}

/** `loss` is the mean categorical cross-entropy in nats. */
export type Score = { readonly loss: number; readonly accuracy: number };

export interface LearnerState {
  readonly weights: readonly Float32Array[];
  readonly adam: AdamState;
}

const EVALUATION_BATCH = 4096;
/** The event loop must turn while training runs, or neither an abort nor a heartbeat gets through. */
const MAX_BLOCKING_MS = 25;

/** A network and its optimizer on the active backend; owns its tensors until dispose(). */
export class Learner {
  readonly network: Mlp;
  private readonly adam: Adam;

  constructor(
    private readonly spec: TrainingSpec,
    private readonly width: number,
    private readonly classes: number,
  ) {
    this.network = buildMlp(spec, width, classes);
    this.adam = new Adam(this.network.variables, spec.training.learningRate);
  }

  /** One pass over the rows in mini-batches; the score is that of each batch before its step, as Keras reports it. */
  async epoch(data: PreparedRows, epoch: number, check: () => void): Promise<Score> {
    const order = epochOrder(data.y.length, this.spec.training.seed, epoch);
    const { batchSize } = this.spec.training;
    return this.inBatches(order, batchSize, check, (rows) => this.step(gather(data, rows, this.width)));
  }

  async evaluate(data: PreparedRows, check: () => void): Promise<Score> {
    const order = Uint32Array.from(data.y.keys());
    return this.inBatches(order, EVALUATION_BATCH, check, (rows) => this.forward(gather(data, rows, this.width)));
  }

  private async inBatches(
    order: Uint32Array,
    size: number,
    check: () => void,
    run: (rows: Uint32Array) => Score,
  ): Promise<Score> {
    let [loss, correct, turned] = [0, 0, performance.now()];
    for (let start = 0; start < order.length; start += size) {
      if (performance.now() - turned > MAX_BLOCKING_MS) {
        await new Promise(setImmediate);
        turned = performance.now();
      }
      check();
      const rows = order.subarray(start, start + size);
      const score = run(rows);
      loss += score.loss * rows.length;
      correct += score.accuracy * rows.length;
    }
    return { loss: loss / order.length, accuracy: correct / order.length };
  }

  private step(batch: PreparedRows): Score {
    return tf.tidy(() => {
      const x = tf.tensor2d(batch.x, [batch.y.length, this.width]);
      const target = tf.oneHot(tf.tensor1d(batch.y, 'int32'), this.classes);
      let score: Score = { loss: Number.NaN, accuracy: 0 };
      const { grads } = tf.variableGrads(() => {
        const logits = this.network.logits.apply(x, { training: true }) as tf.Tensor2D;
        score = scoreLogits(logits.dataSync<'float32'>(), batch.y, this.classes);
        return tf.losses.softmaxCrossEntropy(target, logits);
      }, [...this.network.variables]);
      this.adam.apply(grads);
      return score;
    });
  }

  private forward(batch: PreparedRows): Score {
    return tf.tidy(() => {
      const logits = this.network.logits.apply(tf.tensor2d(batch.x, [batch.y.length, this.width])) as tf.Tensor2D;
      return scoreLogits(logits.dataSync<'float32'>(), batch.y, this.classes);
    });
  }

  weights(): Float32Array[] {
    return this.network.variables.map(copy);
  }

  setWeights(weights: readonly Float32Array[]): void {
    assignAll(this.network.variables, weights);
  }

  state(): LearnerState {
    return { weights: this.weights(), adam: this.adam.state() };
  }

  restore(state: LearnerState): void {
    this.setWeights(state.weights);
    this.adam.restore(state.adam);
  }

  dispose(): void {
    this.adam.dispose();
    // The two models share every layer with weights, and a layer is disposed once.
    this.network.model.dispose();
  }
}

function gather(data: PreparedRows, rows: Uint32Array, width: number): PreparedRows {
  const x = new Float32Array(rows.length * width);
  rows.forEach((row, index) => x.set(data.x.subarray(row * width, (row + 1) * width), index * width));
  return { x, y: Int32Array.from(rows, (row) => data.y[row]!) };
}

/** Cross-entropy straight from logits, -z[y] + log(sum(exp(z))), in float64: infinite only when the network has diverged. */
function scoreLogits(logits: Float32Array, y: Int32Array, classes: number): Score {
  let [loss, correct] = [0, 0];
  y.forEach((truth, row) => {
    const z = logits.subarray(row * classes, (row + 1) * classes);
    const top = z.reduce((a, b) => (b > a || Number.isNaN(b) ? b : a));
    loss += top + Math.log(z.reduce((sum, value) => sum + Math.exp(value - top), 0)) - z[truth]!;
    if (z.indexOf(top) === truth) correct++;
  });
  return { loss: loss / y.length, accuracy: correct / y.length };
}
