import type { ColumnType } from '#contracts';
import { checkColumnNames } from './column-names.js';
import { countOf, quoteName, quotePattern, type Duck } from './duck.js';
import type { Findings } from './findings.js';
import type { CheckLimits } from './check-types.js';
import type { Source, SourceColumn } from './source.js';

const NUMBERS = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\))$/;
/** Dates stay text until a preparation step reads them. */
const TEXTS = /^(VARCHAR|ENUM\(.*\)|UUID|DATE|TIME.*|TIMESTAMP.*)$/;

/** The relation of an uploaded Parquet file, or undefined with error findings when its columns do not make a table. */
export async function parquetSource(
  duck: Duck,
  file: string,
  limits: CheckLimits,
  findings: Findings,
): Promise<Source | undefined> {
  const read = `read_parquet(${quotePattern(file)}, hive_partitioning = false)`;
  const described = await duck.query(`DESCRIBE SELECT * FROM ${read}`);
  const names = described.map((row) => String(row.column_name));
  await checkNames(duck, file, names, limits, findings);
  const columns = described.map((row, index) => columnOf(names[index]!, index, String(row.column_type), findings));
  const [count] = await duck.query(`SELECT count(*) AS rows FROM ${read}`);
  if (countOf(count?.rows) === 0) findings.error('NO_ROWS', 'the file has columns but no rows');
  if (countOf(count?.rows) > limits.maxRows) findings.error('TOO_MANY_ROWS', `the file has more than ${limits.maxRows} rows`);
  if (findings.errorCount > 0) return undefined;
  const from = `(SELECT ${names.map((name, index) => `${quoteName(name)} AS c${index}`).join(', ')} FROM ${read})`;
  await warnOfLoss(duck, from, columns, findings);
  return { names, from, columns };
}

async function checkNames(
  duck: Duck,
  file: string,
  names: readonly string[],
  limits: CheckLimits,
  findings: Findings,
): Promise<void> {
  checkColumnNames(names, limits.maxColumns, findings);
  // DuckDB renames a second column of a name, which only the file's own schema shows.
  const schema = await duck.query(`SELECT DISTINCT name FROM parquet_schema(${quotePattern(file)})`);
  const inFile = new Set(schema.map((row) => row.name));
  for (const name of names)
    if (!inFile.has(name))
      findings.error('DUPLICATE_COLUMN', `two columns have the same name; the second would become "${name}"`, { column: name });
}

function columnOf(name: string, index: number, sqlType: string, findings: Findings): SourceColumn {
  const column = `c${index}`;
  const type: ColumnType = NUMBERS.test(sqlType) ? 'number' : sqlType === 'BOOLEAN' ? 'boolean' : 'text';
  if (type === 'text' && !TEXTS.test(sqlType))
    findings.error(
      'UNSUPPORTED_TYPE',
      `column "${name}" has the type ${sqlType.slice(0, 80)}; a table holds numbers, text and booleans`,
      { column: name },
    );
  if (type === 'boolean') return { name, type, sql: column };
  if (type === 'text') return { name, type, sql: `nullif(CAST(${column} AS VARCHAR), '')` };
  return { name, type, sql: `(CASE WHEN isfinite(CAST(${column} AS DOUBLE)) THEN CAST(${column} AS DOUBLE) END)` };
}

async function warnOfLoss(duck: Duck, from: string, columns: readonly SourceColumn[], findings: Findings): Promise<void> {
  const numbers = columns.map((column, index) => ({ ...column, index })).filter(({ type }) => type === 'number');
  if (numbers.length === 0) return;
  const lost = numbers.map(({ sql, index }) => `count(c${index}) - count(${sql}) AS lost${index}`);
  const [counts] = await duck.query(`SELECT ${lost.join(', ')} FROM ${from}`);
  for (const { name, index } of numbers) {
    const count = countOf(counts![`lost${index}`]);
    if (count > 0)
      findings.warning('NOT_FINITE', `column "${name}" holds NaN or infinity in ${count} rows; they count as missing`, {
        column: name,
      });
  }
}
