import { expect, test } from 'vitest';
import { lttb } from './lttb.js';

const series = (values: number[]) => values.map((value, x) => ({ x, value }));

test('a short series stays as it is', () => {
  const points = series([1, 2, 3]);
  expect(lttb(points, 3)).toBe(points);
});

test('ends and spikes survive, the number is kept, x stays in order', () => {
  const points = series(Array.from({ length: 1000 }, (_, i) => (i === 437 ? 50 : i === 600 ? -50 : Math.sin(i / 40))));
  const kept = lttb(points, 40);
  expect(kept).toHaveLength(40);
  expect(kept[0]).toBe(points[0]);
  expect(kept.at(-1)).toBe(points.at(-1));
  expect(kept).toContain(points[437]);
  expect(kept).toContain(points[600]);
  expect(kept.map(({ x }) => x)).toEqual(kept.map(({ x }) => x).toSorted((a, b) => a - b));
});
