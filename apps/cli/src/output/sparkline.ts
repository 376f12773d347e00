const BARS = '▁▂▃▄▅▆▇█';

/** A curve in one line; at most `width` characters, each the mean of its bucket. Values that are missing are left out. */
export function sparkline(values: readonly (number | null)[], width = 60): string {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  if (known.length === 0) return '';
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const buckets = Math.min(width, known.length);
  return Array.from({ length: buckets }, (_, i) => {
    const part = known.slice(
      Math.floor((i * known.length) / buckets),
      Math.max(Math.floor(((i + 1) * known.length) / buckets), Math.floor((i * known.length) / buckets) + 1),
    );
    const mean = part.reduce((sum, value) => sum + value, 0) / part.length;
    return BARS[high === low ? 0 : Math.round(((mean - low) / (high - low)) * (BARS.length - 1))];
  }).join('');
}
