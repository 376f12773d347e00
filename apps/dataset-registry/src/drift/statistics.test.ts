import { describe, expect, test } from 'vitest';
import { benjaminiHochberg, chiSquare, ksProbability, populationStability, upperGamma } from './statistics.js';

describe('statistics of drift', () => {
  // Values of scipy.special.gammaincc, SciPy 1.17.
  test.each([
    [0.5, 1.92073, 0.05],
    [1, 3, 0.0497870684],
    [4.5, 8.4594889, 0.05],
    [50, 62.1710567, 0.05],
    [2, 0.01, 0.9999503321],
  ])('Q(%d, %d) is %d', (a, x, q) => {
    expect(upperGamma(a, x)).toBeCloseTo(q, 5);
  });

  test('a p of Kolmogorov and Smirnov is that of the asymptotic distribution', () => {
    // K(1.3581) = 0.95 (N. Smirnov, 1948); both samples large enough for the correction to vanish.
    expect(ksProbability(1.3581 / Math.sqrt(500_000), 1_000_000, 1_000_000)).toBeCloseTo(0.05, 3);
    // scipy.stats.ks_2samp(method='asymp') says 0.0352 without Stephens' correction.
    expect(ksProbability(0.21, 100, 80)).toBeCloseTo(0.0352, 2);
    expect(ksProbability(0, 100, 100)).toBe(1);
    expect(ksProbability(1, 100, 100)).toBeLessThan(1e-20);
  });

  test('chi-square of a known table, and rare categories taken together', () => {
    // scipy.stats.chi2_contingency([[30, 14], [20, 36]], correction=False), SciPy 1.17.
    const found = chiSquare([30, 14], [20, 36])!;
    expect(found.statistic).toBeCloseTo(10.3896, 3);
    expect(found.p).toBeCloseTo(0.0012672636, 6);
    expect(chiSquare([100], [80])).toBeNull();
    const many = Array.from({ length: 500 }, (_, i) => (i === 0 ? 500 : 1));
    expect(chiSquare(many, many)).toMatchObject({ statistic: 0, p: 1 });
  });

  test('PSI is 0 for equal shapes, symmetric, and finite for an empty bin', () => {
    expect(populationStability([100, 200, 300], [10, 20, 30])).toBeLessThan(0.001);
    expect(populationStability([50, 50], [90, 10])).toBeCloseTo(populationStability([90, 10], [50, 50]), 12);
    // (0.9 - 0.5) ln(0.9 / 0.5) + (0.1 - 0.5) ln(0.1 / 0.5), but for the smoothing.
    expect(populationStability([5000, 5000], [9000, 1000])).toBeCloseTo(0.4 * Math.log(1.8) + -0.4 * Math.log(0.2), 2);
    expect(populationStability([100, 0], [0, 100])).toBeGreaterThan(5);
  });

  test('corrected p are those of the step-up procedure', () => {
    // p.adjust(c(0.01, 0.04, 0.03, 0.005), "BH") in R: 0.02 0.04 0.04 0.02.
    const corrected = benjaminiHochberg([0.01, 0.04, null, 0.03, 0.005]);
    [0.02, 0.04, null, 0.04, 0.02].forEach((q, i) =>
      q === null ? expect(corrected[i]).toBeNull() : expect(corrected[i]).toBeCloseTo(q, 12),
    );
    expect(benjaminiHochberg([null])).toEqual([null]);
  });
});
