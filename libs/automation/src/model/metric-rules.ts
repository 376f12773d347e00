import type { MetricTest } from './condition.js';

/** How many earlier values of a metric are kept for each run. */
export const WINDOW = 30;
/** A z-score over fewer values says little: one that happens to be alike makes every next one stand out. */
export const LEAST_FOR_ZSCORE = 10;

/**
 * Whether a metric's new value meets a test, given the values before it, oldest first. All are the latest values that `run.metrics_logged` told: at most one
 * a second. As the run metric automations of Weights & Biases (threshold, change between windows, z-score over the last 30).
 */
export function metricHolds(test: MetricTest, now: number, before: readonly number[]): boolean {
  if ('op' in test) return compares(test.op, now, test.value);
  if ('change' in test) {
    const { by, window, direction } = test.change;
    const change = relativeChange(now, before, window);
    if (change === undefined || (direction === 'up' && change < 0) || (direction === 'down' && change > 0)) return false;
    return Math.abs(change) >= by;
  }
  const z = zScore(now, before);
  return z !== undefined && Math.abs(z) >= test.zscore;
}

/** (x - m) / |m|, with m the mean of the `window` values before x; undefined with fewer values, or when m is 0. */
export function relativeChange(now: number, before: readonly number[], window: number): number | undefined {
  if (before.length < window) return undefined;
  const base = mean(before.slice(-window));
  return base === 0 ? undefined : (now - base) / Math.abs(base);
}

/**
 * z = (x - m) / s, with mean m and sample standard deviation s (divisor n - 1) of up to 30 values before x (NIST/SEMATECH e-Handbook, 1.3.5.17). x itself is
 * left out: within its own window no |z| can be over (n - 1) / sqrt(n). undefined with fewer than 10 values, or when they are all alike.
 */
export function zScore(now: number, before: readonly number[]): number | undefined {
  const values = before.slice(-WINDOW);
  if (values.length < LEAST_FOR_ZSCORE) return undefined;
  const m = mean(values);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - m) ** 2, 0) / (values.length - 1));
  return deviation > 0 ? (now - m) / deviation : undefined;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export function compares(op: 'gt' | 'gte' | 'lt' | 'lte', left: number, right: number): boolean {
  switch (op) {
    case 'gt':
      return left > right;
    case 'gte':
      return left >= right;
    case 'lt':
      return left < right;
    case 'lte':
      return left <= right;
  }
}
