import * as tf from '@tensorflow/tfjs';
import type { ClassificationReport, FittedPreparation, Table } from '#contracts';
import { DomainError } from '#kernel';
import { applyPreparation } from './preparation/apply.js';

const BATCH = 4096;
/** Probabilities are clipped to [1e-7, 1 - 1e-7] before the logarithm, as Keras does: one sure error must not make the loss infinite. */
const CLIP = 1e-7;

/** Probabilities of the rows, row-major [rows.length, classes], on the active backend. Throws BAD_DATA as applyPreparation. */
export function predict(model: tf.LayersModel, prep: FittedPreparation, table: Table, rows: readonly number[]): Float32Array {
  const classes = prep.label.classes.length;
  const out = new Float32Array(rows.length * classes);
  for (let start = 0; start < rows.length; start += BATCH) {
    const batch = rows.slice(start, start + BATCH);
    const x = applyPreparation(prep, table, batch);
    const probabilities = tf.tidy(() =>
      (model.apply(tf.tensor2d(x, [batch.length, prep.width])) as tf.Tensor).dataSync<'float32'>(),
    );
    out.set(probabilities, start * classes);
  }
  return out;
}

/**
 * Scores of predictions against the truth: `truth` holds class indexes, `probabilities` is row-major [truth.length, classes.length]. The
 * predicted class is the first with the highest probability. Precision = hits / predicted, recall = hits / true, F1 = their harmonic mean
 * (0 where a denominator is 0), macro = plain mean over classes, loss = mean of -ln(probability of the true class), clipped at 1e-7.
 * Throws BAD_DATA when there are no rows or a class index is out of range (see knownLabelRows).
 */
export function classificationReport(
  truth: Int32Array,
  probabilities: Float32Array,
  classes: readonly string[],
): ClassificationReport {
  const scores = scoresOfClasses(truth, predictedClasses(probabilities, classes.length), classes);
  return { ...scores, loss: meanLoss(truth, probabilities, classes.length) };
}

/** The scores of a classificationReport that need no probabilities: `predicted` holds a class index for each of `truth`. */
export function scoresOfClasses(
  truth: Int32Array,
  predicted: Int32Array,
  classes: readonly string[],
): Omit<ClassificationReport, 'loss'> {
  const rows = truth.length;
  const unknown = truth.find((index) => index < 0 || index >= classes.length);
  if (rows === 0) throw new DomainError('BAD_DATA', 'there are no rows to judge');
  if (unknown !== undefined) throw new DomainError('BAD_DATA', 'a row has a class that the model does not know');
  const confusion = confusionOf(truth, predicted, classes.length);
  const perClass = classes.map((label, index) => scoreOf(confusion, index, label));
  const macro = (pick: (score: (typeof perClass)[number]) => number) =>
    perClass.reduce((sum, score) => sum + pick(score), 0) / classes.length;
  return {
    rows,
    accuracy: confusion.reduce((sum, row, index) => sum + row[index]!, 0) / rows,
    precisionMacro: macro((score) => score.precision),
    recallMacro: macro((score) => score.recall),
    f1Macro: macro((score) => score.f1),
    perClass,
    classes: [...classes],
    confusion,
  };
}

/** Class index of each row: the first with the highest probability. `probabilities` is row-major [rows, classes]. */
export function predictedClasses(probabilities: Float32Array, classes: number): Int32Array {
  return Int32Array.from({ length: probabilities.length / classes }, (_, row) => {
    const scores = probabilities.subarray(row * classes, (row + 1) * classes);
    return scores.reduce((best, score, candidate) => (score > scores[best]! ? candidate : best), 0);
  });
}

function confusionOf(truth: Int32Array, predicted: Int32Array, classes: number): number[][] {
  const confusion = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  truth.forEach((index, row) => confusion[index]![predicted[row]!]!++);
  return confusion;
}

function scoreOf(confusion: readonly number[][], index: number, label: string): ClassificationReport['perClass'][number] {
  const hits = confusion[index]![index]!;
  const support = confusion[index]!.reduce((sum, count) => sum + count, 0);
  const predicted = confusion.reduce((sum, row) => sum + row[index]!, 0);
  // 2PR/(P+R) = 2 hits / (predicted + true), without its own division by zero.
  return {
    label,
    precision: ratio(hits, predicted),
    recall: ratio(hits, support),
    f1: ratio(2 * hits, predicted + support),
    support,
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** Mean of -ln(probability of the true class), clipped at 1e-7; `probabilities` is row-major [truth.length, classes]. */
export function meanLoss(truth: Int32Array, probabilities: Float32Array, classes: number): number {
  let sum = 0;
  truth.forEach((index, row) => {
    sum -= Math.log(Math.min(1 - CLIP, Math.max(CLIP, probabilities[row * classes + index]!)));
  });
  return sum / truth.length;
}
