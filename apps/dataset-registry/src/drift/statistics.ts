/** Shares of a smoothed histogram: half a count more in every bin, so that an empty one is no infinity. */
const SMOOTHING = 0.5;

/**
 * Population stability index: sum over bins of (current - reference) * ln(current / reference), of shares; both arrays have a count per bin. 0 for equal
 * shapes; symmetric (Kullback's J divergence, S. Kullback, Information Theory and Statistics, 1959).
 */
export function populationStability(reference: readonly number[], current: readonly number[]): number {
  const shares = (counts: readonly number[]) => {
    const total = counts.reduce((sum, count) => sum + count + SMOOTHING, 0);
    return counts.map((count) => (count + SMOOTHING) / total);
  };
  const [before, now] = [shares(reference), shares(current)];
  return before.reduce((sum, share, bin) => sum + (now[bin]! - share) * Math.log(now[bin]! / share), 0);
}

/** Probability of a two-sample Kolmogorov-Smirnov statistic as large as `d` by chance (asymptotic; Stephens' correction for small samples, 1970). */
export function ksProbability(d: number, n: number, m: number): number {
  const effective = Math.sqrt((n * m) / (n + m));
  const lambda = (effective + 0.12 + 0.11 / effective) * d;
  if (lambda < 0.2) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k++) {
    const term = Math.exp(-2 * k * k * lambda * lambda);
    sum += k % 2 === 1 ? term : -term;
    if (term < 1e-16) break;
  }
  return Math.min(1, Math.max(0, 2 * sum));
}

/** Expected counts below this make the approximation of chi-square bad (W. G. Cochran, 1954). */
const LEAST_EXPECTED = 5;

/**
 * Pearson's chi-square of two rows of counts, a category each. Categories that are too rare for the approximation are taken together. Null when fewer
 * than two categories remain.
 */
export function chiSquare(reference: readonly number[], current: readonly number[]): { statistic: number; p: number } | null {
  const [n, m] = [total(reference), total(current)];
  const pairs = reference.map((count, i) => [count, current[i]!] as const);
  const least = Math.min(n, m) / (n + m);
  const common = pairs.filter(([a, b]) => (a + b) * least >= LEAST_EXPECTED);
  const rare = pairs.filter(([a, b]) => (a + b) * least < LEAST_EXPECTED);
  const rest = rare.reduce<[number, number]>(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
  const cells = rest[0] + rest[1] > 0 ? [...common, rest] : common;
  if (cells.length < 2) return null;
  const statistic = cells.reduce((sum, [a, b]) => {
    const [ea, eb] = [((a + b) * n) / (n + m), ((a + b) * m) / (n + m)];
    return sum + (a - ea) ** 2 / ea + (b - eb) ** 2 / eb;
  }, 0);
  return { statistic, p: upperGamma((cells.length - 1) / 2, statistic / 2) };
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** Regularised upper incomplete gamma function Q(a, x): series for x < a + 1, else Lentz's continued fraction (Numerical Recipes, 3rd ed., 6.2). */
export function upperGamma(a: number, x: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(-x + a * Math.log(x) - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < 10_000 && term > sum * 1e-16; n++) sum += term *= x / (a + n);
    return Math.max(0, 1 - front * sum);
  }
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 10_000; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b || 1e-300);
    c = b + an / c || 1e-300;
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 1e-16) break;
  }
  return front * h;
}

/** ln of the gamma function (C. Lanczos, 1964; coefficients for g = 7, n = 9 by P. Godfrey). */
const LANCZOS = [
  0.999_999_999_999_809_9, 676.520_368_121_885_1, -1259.139_216_722_402_8, 771.323_428_777_653_1, -176.615_029_162_140_6,
  12.507_343_278_686_905, -0.138_571_095_265_720_12, 9.984_369_578_019_572e-6, 1.505_632_735_149_311_6e-7,
];

function logGamma(z: number): number {
  const x = z - 1;
  const sum = LANCZOS.slice(1).reduce((series, coefficient, i) => series + coefficient / (x + i + 1), LANCZOS[0]!);
  const t = x + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (x + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Corrected p of each test (Y. Benjamini and Y. Hochberg, 1995): the least false discovery rate at which it would count. Nulls stay null. */
export function benjaminiHochberg(ps: readonly (number | null)[]): (number | null)[] {
  const ranked = ps.flatMap((p, i) => (p === null ? [] : [{ p, i }])).sort((a, b) => b.p - a.p);
  const corrected: (number | null)[] = ps.map(() => null);
  let least = 1;
  ranked.forEach(({ p, i }, place) => {
    least = Math.min(least, (p * ranked.length) / (ranked.length - place));
    corrected[i] = least;
  });
  return corrected;
}
