import { DomainError, errorMessage } from '#kernel';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { csvSource } from './csv/csv-source.js';
import { inspectCsv, type CsvLayout } from './csv/inspect.js';
import type { CheckRequest, CheckResult } from './check-types.js';
import { openDuck, quoteName, quoteText, type Duck } from './duck.js';
import { Findings } from './findings.js';
import { warnOfMixed } from './mixed.js';
import { parquetSource } from './parquet-source.js';
import { columnsOf, profileTable, tableRelation } from './profile.js';
import type { Source } from './source.js';

/** What DuckDB says when this machine or this program, not the file, is at fault. */
const OUR_FAULT =
  /Parser Error|Catalog Error|INTERNAL|Out of Memory|No space left|could not allocate|failed to (allocate|offload)|Could not (write|create|truncate)|Permission Error/i;

/**
 * Checks an uploaded file, writes its table as Parquet (DOUBLE, BOOLEAN, VARCHAR; snappy; rows in their order) and describes it. Whatever is
 * wrong with the file is a finding. Throws CHILD_FAILED for faults of this machine, such as a full disk.
 */
export async function checkFile(input: CheckRequest): Promise<CheckResult> {
  const request = { ...input, file: resolve(input.file), out: resolve(input.out) };
  await stat(request.file).catch((error: unknown) => {
    throw new DomainError('CHILD_FAILED', `the uploaded file cannot be read: ${errorMessage(error)}`);
  });
  const findings = new Findings();
  return request.format === 'CSV' ? checkCsv(request, findings) : checkParquet(request, findings);
}

async function checkCsv(request: CheckRequest, findings: Findings): Promise<CheckResult> {
  const { layout, open } = inspectCsv(request.file, request.limits, findings);
  if (!layout || findings.errorCount > 0) return refused(findings, layout?.rows ?? 0, open);
  return withDuck(request, findings, async (duck) => {
    const source = await csvSource(duck, request.file, layout, findings);
    return finish(duck, request, source, findings, layout);
  });
}

function checkParquet(request: CheckRequest, findings: Findings): Promise<CheckResult> {
  return withDuck(request, findings, async (duck) => {
    const source = await parquetSource(duck, request.file, request.limits, findings);
    return source ? finish(duck, request, source, findings) : refused(findings);
  });
}

async function withDuck(
  request: CheckRequest,
  findings: Findings,
  work: (duck: Duck) => Promise<CheckResult>,
): Promise<CheckResult> {
  const duck = await openDuck([request.file, request.out], `${request.out}.spill`);
  try {
    return await work(duck);
  } catch (error) {
    const message = errorMessage(error).split('\n')[0]!.slice(0, 300);
    if (OUR_FAULT.test(message)) throw new DomainError('CHILD_FAILED', `the check failed: ${message}`);
    findings.error('UNREADABLE', `the file cannot be read as ${request.format}: ${message.replaceAll(request.file, 'the file')}`);
    return refused(findings);
  } finally {
    await duck.close();
  }
}

async function finish(
  duck: Duck,
  request: CheckRequest,
  source: Source,
  findings: Findings,
  layout?: CsvLayout,
): Promise<CheckResult> {
  const columns = source.columns.map(({ name, sql }) => `${sql} AS ${quoteName(name)}`).join(', ');
  await duck.query(
    `COPY (SELECT ${columns} FROM ${source.from}) TO ${quoteText(request.out)} (FORMAT parquet, COMPRESSION snappy, USE_TMP_FILE false)`,
  );
  const profile = await profileTable(duck, request.out, source.columns);
  if (layout && profile.rows !== layout.rows) {
    findings.error(
      'UNREADABLE',
      `the rows cannot be told apart: one reading finds ${layout.rows}, another ${profile.rows}; check quotes and line ends`,
    );
    return refused(findings, layout.rows);
  }
  if (layout) await warnOfMixed(duck, tableRelation(request.out, source.names), request.file, layout, source.columns, findings);
  return { columns: columnsOf(profile), profile, findings: findings.list(), rows: profile.rows };
}

function refused(findings: Findings, rows = 0, open = false): CheckResult {
  return { columns: [], profile: { rows, columns: [], duplicateRows: 0 }, findings: findings.list(open), rows };
}
