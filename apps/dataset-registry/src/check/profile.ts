import type { Column, ColumnProfile, DatasetProfile } from '#contracts';
import { countOf, numberOf, quoteName, quotePattern, type Duck } from './duck.js';
import type { SourceColumn } from './source.js';

const TOP_VALUES = 20;
const TOP_CHARS = 200;
/** Squares of greater numbers leave the range of a double, so they are scaled first. */
const LARGE = 1e150;
const MAX_LOADED_COLUMNS = 100;
const MAX_LOADED_CELLS = 2_000_000;

/** The written table as a relation with the columns c0, c1, … */
export function tableRelation(out: string, names: readonly string[]): string {
  const columns = names.map((name, index) => `${quoteName(name)} AS c${index}`).join(', ');
  return `(SELECT ${columns} FROM read_parquet(${quotePattern(out)}, hive_partitioning = false))`;
}

/** Exact statistics of the table at `out`, column by column: a pass over a Parquet column reads that column alone. */
export async function profileTable(duck: Duck, out: string, columns: readonly SourceColumn[]): Promise<DatasetProfile> {
  const whole = tableRelation(
    out,
    columns.map(({ name }) => name),
  );
  const [counts] = await duck.query(
    `SELECT (SELECT count(*) FROM ${whole}) AS n, (SELECT count(*) FROM (SELECT DISTINCT * FROM ${whole})) AS d`,
  );
  const rows = countOf(counts?.n);
  const profiles: ColumnProfile[] = [];
  const width = Math.max(1, Math.min(MAX_LOADED_COLUMNS, Math.floor(MAX_LOADED_CELLS / Math.max(rows, 1))));
  for (let start = 0; start < columns.length; start += width)
    profiles.push(...(await profileColumns(duck, out, columns.slice(start, start + width), rows)));
  return { rows, columns: profiles, duplicateRows: rows - countOf(counts?.d) };
}

/** Opening a Parquet file of two thousand columns takes longer than any query on one of them, so small columns are loaded by the hundred. */
async function profileColumns(duck: Duck, out: string, columns: readonly SourceColumn[], rows: number): Promise<ColumnProfile[]> {
  const names = columns.map(({ name }) => name);
  const loaded = columns.length > 1;
  if (loaded) await duck.query(`CREATE OR REPLACE TEMP TABLE part AS FROM ${tableRelation(out, names)}`);
  const from = loaded ? 'part' : tableRelation(out, names);
  const profiles: ColumnProfile[] = [];
  for (const [index, column] of columns.entries()) {
    const relation = `(SELECT c${index} AS c FROM ${from})`;
    profiles.push(await (column.type === 'number' ? numbers(duck, relation, column, rows) : texts(duck, relation, column, rows)));
  }
  return profiles;
}

export function columnsOf(profile: DatasetProfile): Column[] {
  return profile.columns.map(({ name, type, missing }) => ({ name, type, nullable: missing > 0 }));
}

async function numbers(duck: Duck, from: string, column: SourceColumn, rows: number): Promise<ColumnProfile> {
  const [found] = await duck.query(
    `SELECT count(c) AS n, count(DISTINCT c) AS d, min(c) AS low, max(c) AS high, median(c) AS middle FROM ${from}`,
  );
  const [min, max] = [numberOf(found?.low), numberOf(found?.high)];
  const greatest = Math.max(Math.abs(min ?? 0), Math.abs(max ?? 0));
  const unit = greatest > LARGE ? greatest : 1;
  const [scaled] = await duck.query(
    `SELECT avg(c / ${unit}::DOUBLE) AS mean, stddev_pop(c / ${unit}::DOUBLE) AS std FROM ${from}`,
  );
  return {
    name: column.name,
    type: column.type,
    missing: rows - countOf(found?.n),
    distinct: countOf(found?.d),
    min,
    max,
    mean: times(numberOf(scaled?.mean), unit),
    std: times(numberOf(scaled?.std), unit),
    median: numberOf(found?.middle),
  };
}

function times(value: number | null, unit: number): number | null {
  return value === null ? null : numberOf(value * unit);
}

async function texts(duck: Duck, from: string, column: SourceColumn, rows: number): Promise<ColumnProfile> {
  const groups = `(SELECT CAST(c AS VARCHAR) AS value, count(*) AS n FROM ${from} WHERE c IS NOT NULL GROUP BY c)`;
  const [found] = await duck.query(`SELECT coalesce(sum(n), 0) AS n, count(*) AS d FROM ${groups}`);
  const top = await duck.query(
    `SELECT left(value, ${TOP_CHARS}) AS value, n FROM ${groups} g ORDER BY n DESC, g.value LIMIT ${TOP_VALUES}`,
  );
  return {
    name: column.name,
    type: column.type,
    missing: rows - countOf(found?.n),
    distinct: countOf(found?.d),
    top: top.map((row) => ({ value: String(row.value), count: countOf(row.n) })),
  };
}
