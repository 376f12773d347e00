/** A point of a series: `x` is what it is drawn over. */
export interface XY {
  readonly x: number;
  readonly value: number;
}

/**
 * Largest-Triangle-Three-Buckets: keeps `most` points of a series so that a line through them looks like the whole (Sveinn Steinarsson, "Downsampling
 * Time Series for Visual Representation", 2013, algorithm 4.2). First and last point stay; the series must be in order of x. `most` is 3 or more.
 */
export function lttb<T extends XY>(points: readonly T[], most: number): readonly T[] {
  if (points.length <= most) return points;
  const kept = [points[0]!];
  const width = (points.length - 2) / (most - 2);
  for (let bucket = 0, at = 0; bucket < most - 2; bucket++) {
    const from = Math.floor(bucket * width) + 1;
    const to = Math.floor((bucket + 1) * width) + 1;
    const next = mean(points, to, Math.min(Math.floor((bucket + 2) * width) + 1, points.length));
    let best = from;
    let largest = -1;
    for (let i = from; i < to; i++) {
      const area = Math.abs(
        (points[at]!.x - next.x) * (points[i]!.value - points[at]!.value) -
          (points[at]!.x - points[i]!.x) * (next.value - points[at]!.value),
      );
      if (area > largest) [largest, best] = [area, i];
    }
    kept.push(points[best]!);
    at = best;
  }
  kept.push(points.at(-1)!);
  return kept;
}

function mean(points: readonly XY[], from: number, to: number): XY {
  let [x, value] = [0, 0];
  for (let i = from; i < to; i++) {
    x += points[i]!.x;
    value += points[i]!.value;
  }
  const n = Math.max(to - from, 1);
  return { x: x / n, value: value / n };
}
