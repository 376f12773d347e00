import { z } from 'zod';
import { ColumnSchema, DRIFT_LIMITS, type Column, type ColumnDrift, type DriftReport } from '#contracts';
import { countOf, numberOf, openDuck, quoteName, quotePattern, type Duck } from '../check/duck.js';
import { benjaminiHochberg, chiSquare, ksProbability, populationStability } from './statistics.js';

export const CompareRequestSchema = z.strictObject({
  against: z.string(),
  /** Parquet tables, as the check writes them. */
  reference: z.string(),
  current: z.string(),
  /** Columns that both have, with one type. */
  columns: z.array(ColumnSchema),
  spill: z.string(),
});
export type CompareRequest = z.infer<typeof CompareRequestSchema>;

const BINS = 10;
/** Categories beyond the most frequent ones are one category. */
const MAX_CATEGORIES = 50;

/** Compares two tables column by column; rows that were appended to the reference are compared with it alone. */
export async function compareTables(request: CompareRequest): Promise<DriftReport> {
  const duck = await openDuck([request.reference, request.current], request.spill);
  try {
    const sides = await openSides(duck, request);
    const measured: Measured[] = [];
    for (const column of request.columns) measured.push(await measure(duck, column));
    const columns = judge(measured);
    const known = columns.filter(({ psi }) => psi !== null).sort((a, b) => b.psi! - a.psi!);
    const worst = known[0] ? { column: known[0].name, psi: known[0].psi! } : null;
    return { against: request.against, ...sides, drifted: columns.some(({ drifted }) => drifted), worst, columns };
  } finally {
    await duck.close();
  }
}

/** Makes the relations `reference` and `present`, with the columns that both tables have. */
async function openSides(
  duck: Duck,
  { reference, current, columns }: CompareRequest,
): Promise<Pick<DriftReport, 'mode' | 'added' | 'removed'>> {
  const list = columns.map(({ name }) => quoteName(name)).join(', ') || '0 AS nothing';
  const from = (path: string) => `SELECT ${list} FROM read_parquet(${quotePattern(path)}, hive_partitioning = false)`;
  await duck.query(`CREATE TEMP TABLE reference AS ${from(reference)}`);
  await duck.query(`CREATE TEMP TABLE whole AS ${from(current)}`);
  await duck.query('CREATE TEMP TABLE added AS SELECT * FROM whole EXCEPT ALL SELECT * FROM reference');
  const [counts] = await duck.query(
    `SELECT (SELECT count(*) FROM added) AS added, (SELECT count(*) FROM (SELECT * FROM reference EXCEPT ALL SELECT * FROM whole)) AS removed`,
  );
  const [added, removed] = [countOf(counts?.added), countOf(counts?.removed)];
  const mode = removed === 0 && added > 0 ? 'appended' : 'whole';
  await duck.query(`CREATE TEMP VIEW present AS SELECT * FROM ${mode === 'appended' ? 'added' : 'whole'}`);
  return { mode, added, removed };
}

type Measured = Omit<ColumnDrift, 'q' | 'drifted' | 'message'>;

async function measure(duck: Duck, column: Column): Promise<Measured> {
  const name = quoteName(column.name);
  const [counts] = await duck.query(
    `SELECT (SELECT count(${name}) FROM reference) AS a, (SELECT count(${name}) FROM present) AS b`,
  );
  const base = { name: column.name, reference: countOf(counts?.a), current: countOf(counts?.b) };
  const test = column.type === 'number' ? 'ks' : 'chi_square';
  if (Math.min(base.reference, base.current) < DRIFT_LIMITS.minSamples)
    return { ...base, test, statistic: null, p: null, psi: null };
  return { ...base, ...(test === 'ks' ? await numbers(duck, name, base) : await categories(duck, name)) };
}

async function numbers(
  duck: Duck,
  name: string,
  { reference, current }: { reference: number; current: number },
): Promise<Pick<Measured, 'test' | 'statistic' | 'p' | 'psi'>> {
  const values = `(SELECT ${name} AS v, 1 AS a, 0 AS b FROM reference WHERE ${name} IS NOT NULL UNION ALL SELECT ${name}, 0, 1 FROM present WHERE ${name} IS NOT NULL)`;
  const [found] = await duck.query(
    `SELECT max(abs(ca / ${reference}.0 - cb / ${current}.0)) AS d FROM (
       SELECT sum(a) OVER (ORDER BY v) AS ca, sum(b) OVER (ORDER BY v) AS cb FROM (SELECT v, sum(a) AS a, sum(b) AS b FROM ${values} GROUP BY v))`,
  );
  const statistic = numberOf(found?.d) ?? 0;
  const steps = Array.from({ length: BINS - 1 }, (_, i) => (i + 1) / BINS).join(', ');
  const bins = await duck.query(
    `WITH edges AS (SELECT list_sort(list_distinct(quantile_cont(${name}, [${steps}]))) AS edge FROM reference)
     SELECT len(list_filter(edge, e -> e < v)) AS bin, sum(a) AS a, sum(b) AS b FROM ${values}, edges GROUP BY bin ORDER BY bin`,
  );
  const psi = populationStability(
    bins.map(({ a }) => countOf(a)),
    bins.map(({ b }) => countOf(b)),
  );
  return { test: 'ks', statistic, p: ksProbability(statistic, reference, current), psi };
}

async function categories(duck: Duck, name: string): Promise<Pick<Measured, 'test' | 'statistic' | 'p' | 'psi'>> {
  const rows = await duck.query(
    `WITH counts AS (SELECT CAST(v AS VARCHAR) AS v, sum(a) AS a, sum(b) AS b FROM (
         SELECT ${name} AS v, 1 AS a, 0 AS b FROM reference WHERE ${name} IS NOT NULL UNION ALL SELECT ${name}, 0, 1 FROM present WHERE ${name} IS NOT NULL) GROUP BY v),
       ranked AS (SELECT *, row_number() OVER (ORDER BY a + b DESC, v) AS place FROM counts)
     SELECT least(place, ${MAX_CATEGORIES}) AS category, sum(a) AS a, sum(b) AS b FROM ranked GROUP BY category ORDER BY category`,
  );
  const [a, b] = [rows.map((row) => countOf(row.a)), rows.map((row) => countOf(row.b))];
  const found = chiSquare(a, b);
  return { test: 'chi_square', statistic: found?.statistic ?? 0, p: found?.p ?? 1, psi: populationStability(a, b) };
}

function judge(measured: readonly Measured[]): ColumnDrift[] {
  const qs = benjaminiHochberg(measured.map(({ p }) => p));
  return measured.map((column, i) => {
    const q = qs[i] ?? null;
    const drifted = column.psi !== null && q !== null && column.psi >= DRIFT_LIMITS.psi && q <= DRIFT_LIMITS.fdr;
    return { ...column, q, drifted, message: messageOf(column, q, drifted) };
  });
}

function messageOf({ psi, reference, current }: Measured, q: number | null, drifted: boolean): string {
  if (psi === null || q === null)
    return `too few values to tell: ${reference} and ${current}, at least ${DRIFT_LIMITS.minSamples} on both sides`;
  const seen = `PSI ${psi.toFixed(3)} (from ${DRIFT_LIMITS.psi} on it matters), corrected p ${q.toPrecision(2)}`;
  if (drifted) return `drifted: ${seen}`;
  return q <= DRIFT_LIMITS.fdr ? `differs, but too little to matter: ${seen}` : `no drift: ${seen}`;
}
