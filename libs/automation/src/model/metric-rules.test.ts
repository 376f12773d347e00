import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { metricHolds, relativeChange, zScore } from './metric-rules.js';

describe('change', () => {
  test('is a fraction of the mean of the window before', () => {
    expect(relativeChange(3, [1, 2, 3, 4, 5], 2)).toBeCloseTo((3 - 4.5) / 4.5);
    expect(relativeChange(-1, [-2, -2], 2)).toBe(0.5);
    expect(relativeChange(1, [1], 2)).toBeUndefined();
    expect(relativeChange(1, [-1, 1], 2)).toBeUndefined();
  });

  test('has a direction', () => {
    const change = (direction: 'any' | 'up' | 'down') => ({ metric: 'm', change: { by: 0.1, window: 1, direction } });
    const of = (now: number) => (['any', 'up', 'down'] as const).map((direction) => metricHolds(change(direction), now, [1]));
    expect(of(1.2)).toEqual([true, true, false]);
    expect(of(0.8)).toEqual([true, false, true]);
    expect(of(1.05)).toEqual([false, false, false]);
  });
});

describe('z-score', () => {
  test('counts sample deviations from the mean of what came before', () => {
    const before = [2, 4, 4, 4, 5, 5, 7, 9, 2, 8];
    const deviation = Math.sqrt(before.reduce((sum, x) => sum + (x - 5) ** 2, 0) / 9);
    expect(zScore(11, before)).toBeCloseTo(6 / deviation);
    expect(metricHolds({ metric: 'm', zscore: 2 }, 11, before)).toBe(true);
    expect(metricHolds({ metric: 'm', zscore: 2 }, -1, before)).toBe(true);
    expect(metricHolds({ metric: 'm', zscore: 2 }, 6, before)).toBe(false);
  });

  test('is unknown with few values, and with values that are all alike', () => {
    expect(zScore(9, [1, 2, 3])).toBeUndefined();
    expect(
      zScore(
        9,
        Array.from({ length: 30 }, () => 1),
      ),
    ).toBeUndefined();
  });

  test('looks at no more than the last 30, and does not change with shift and scale', () => {
    const numbers = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 30, maxLength: 60 });
    fc.assert(
      fc.property(numbers, fc.integer({ min: -100, max: 100 }), (before, now) => {
        const z = zScore(now, before);
        expect(zScore(now, before.slice(-30))).toBe(z);
        if (z !== undefined)
          expect(
            zScore(
              now * 2 + 7,
              before.map((x) => x * 2 + 7),
            ),
          ).toBeCloseTo(z, 6);
      }),
    );
  });
});

test('a threshold compares the value alone', () => {
  expect(metricHolds({ metric: 'm', op: 'gte', value: 1 }, 1, [])).toBe(true);
  expect(metricHolds({ metric: 'm', op: 'lt', value: 1 }, 1, [])).toBe(false);
});
