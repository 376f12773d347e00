import { describe, expect, it } from 'vitest';
import type { Bootstrap } from '#contracts';
import { pairedBootstrap, type PairedPredictions } from './paired-bootstrap.js';

const BY_ACCURACY: Bootstrap = { score: 'accuracy', resamples: 4000, seed: 7, confidence: 0.95 };

/** `n` rows of two classes in turn; the models are wrong on the rows that the tests say. */
function predictions(
  n: number,
  candidateWrong: (row: number) => boolean,
  championWrong: (row: number) => boolean,
): PairedPredictions {
  const truth = Int32Array.from({ length: n }, (_, row) => row % 2);
  const said = (wrong: (row: number) => boolean) => truth.map((label, row) => (wrong(row) ? 1 - label : label));
  return { truth, candidate: said(candidateWrong), champion: said(championWrong), classes: 2 };
}

describe('pairedBootstrap', () => {
  it('has the width that the variance of a paired difference of shares says', () => {
    // 40 rows only the candidate gets right, 20 only the champion: sd of the mean of the differences +1, 0, -1 over n rows.
    const n = 1000;
    const input = predictions(
      n,
      (row) => row >= 40 && row < 60,
      (row) => row < 40,
    );
    const { observed, lower, upper } = pairedBootstrap(input, BY_ACCURACY);
    expect(observed).toBeCloseTo(0.02, 10);
    const sd = Math.sqrt((60 / n - observed ** 2) / n);
    expect(Math.abs(lower - (observed - 1.96 * sd))).toBeLessThan(0.1 * sd * 1.96);
    expect(Math.abs(upper - (observed + 1.96 * sd))).toBeLessThan(0.1 * sd * 1.96);
  });

  it('is a function of its input: the same seed gives the same interval, another seed nearly the same', () => {
    const input = predictions(
      300,
      (row) => row % 11 === 0,
      (row) => row % 7 === 0,
    );
    const f1: Bootstrap = { ...BY_ACCURACY, score: 'f1_macro', resamples: 2000 };
    expect(pairedBootstrap(input, f1)).toEqual(pairedBootstrap(input, f1));
    const other = pairedBootstrap(input, { ...f1, seed: 8 });
    expect(other.lower).not.toBe(pairedBootstrap(input, f1).lower);
    expect(Math.abs(other.lower - pairedBootstrap(input, f1).lower)).toBeLessThan(0.01);
  });

  it('finds no difference between two that say the same, however often they err', () => {
    const same = (row: number) => row % 3 === 0;
    expect(pairedBootstrap(predictions(200, same, same), { ...BY_ACCURACY, score: 'f1_macro' })).toMatchObject({
      observed: 0,
      lower: 0,
      upper: 0,
    });
  });

  it('scores by macro F1 as a report does', () => {
    // Class 0: 3 hits, 1 taken for class 1. Class 1: 2 hits. F1 = 6/7 and 4/5.
    const truth = Int32Array.from([0, 0, 0, 0, 1, 1]);
    const candidate = Int32Array.from([0, 0, 0, 1, 1, 1]);
    const champion = Int32Array.from([0, 0, 0, 0, 0, 0]);
    const { observed } = pairedBootstrap({ truth, candidate, champion, classes: 2 }, { ...BY_ACCURACY, score: 'f1_macro' });
    expect(observed).toBeCloseTo((6 / 7 + 4 / 5) / 2 - 8 / 10 / 2, 12);
  });
});
