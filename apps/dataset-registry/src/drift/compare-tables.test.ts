import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, describe, expect, test } from 'vitest';
import type { Column } from '#contracts';
import { childEntry, runChild } from '#process';
import { compareTables } from './compare-tables.js';

const root = mkdtempSync(join(tmpdir(), 'tailrace-drift-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

async function tableOf(select: string): Promise<string> {
  const path = join(root, `${count++}.parquet`);
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
  connection.closeSync();
  return path;
}

const COLUMNS: Column[] = [
  { name: 'size "x"', type: 'number', nullable: false },
  { name: 'kind', type: 'text', nullable: false },
  { name: 'flag', type: 'boolean', nullable: true },
];
/** Rows in a fixed pseudo-random order; `shift` moves the sizes, `kinds` is how many kinds there are. */
const rows = (from: number, to: number, shift = 0, kinds = 3) =>
  `SELECT (hash(i) % 1000)::DOUBLE / 100 + ${shift} AS "size ""x""", 'k' || (hash(i + 7) % ${kinds}) AS kind, hash(i + 3) % 2 = 0 AS flag FROM range(${from}, ${to}) t(i)`;

const compare = async (reference: string, current: string, columns = COLUMNS) =>
  compareTables({
    against: 'dsv_1',
    reference: await tableOf(reference),
    current: await tableOf(current),
    columns,
    spill: join(root, `spill-${count++}`),
  });

describe('compareTables', () => {
  test('finds no drift in more rows of the same kind, and compares only the added ones', async () => {
    const report = await compare(rows(0, 500), rows(0, 800));
    expect(report).toMatchObject({ mode: 'appended', added: 300, removed: 0, drifted: false });
    expect(report.columns.map(({ reference, current, drifted }) => [reference, current, drifted])).toEqual([
      [500, 300, false],
      [500, 300, false],
      [500, 300, false],
    ]);
  });

  test('finds what shifted, by an effect that matters and not by chance', async () => {
    const report = await compare(rows(0, 500), `${rows(0, 500)} UNION ALL ${rows(500, 700, 4)}`);
    expect(report).toMatchObject({ mode: 'appended', drifted: true, worst: { column: 'size "x"' } });
    const [size, kind] = report.columns;
    expect(size).toMatchObject({ test: 'ks', drifted: true, message: expect.stringMatching(/^drifted: PSI \d/) });
    expect(size!.statistic).toBeGreaterThan(0.3);
    expect(kind).toMatchObject({ test: 'chi_square', drifted: false });
  });

  test('does not call a difference drift that is sure but too small to matter', async () => {
    const report = await compare(rows(0, 60_000), rows(100_000, 160_000, 0.2));
    expect(report).toMatchObject({ mode: 'whole', drifted: false });
    expect(report.columns[0]!.q).toBeLessThan(0.001);
    expect(report.columns[0]!.message).toMatch(/^differs, but too little to matter/);
  });

  test('does not call a large difference drift that few values could show by chance', async () => {
    const report = await compare(rows(0, 60), rows(1000, 1060));
    expect(report.columns.every(({ q }) => q! > 0.05)).toBe(true);
    expect(report.drifted).toBe(false);
  });

  test('finds new categories and other shares', async () => {
    const report = await compare(rows(0, 400), rows(1000, 1400, 0, 6));
    expect(report.columns[1]).toMatchObject({ drifted: true });
    const flags = await compare(rows(0, 400), `SELECT "size ""x""", kind, true AS flag FROM (${rows(1000, 1400)})`);
    expect(flags.columns[2]).toMatchObject({ drifted: true });
  });

  test('says nothing of too few values, of missing ones, or of nothing in common', async () => {
    const few = await compare(rows(0, 500), rows(0, 530));
    expect(few).toMatchObject({ drifted: false, worst: null });
    expect(few.columns[0]).toMatchObject({
      p: null,
      psi: null,
      message: 'too few values to tell: 500 and 30, at least 50 on both sides',
    });
    const missing = await compare(
      rows(0, 500),
      `SELECT CAST(NULL AS DOUBLE) AS "size ""x""", kind, flag FROM (${rows(1000, 1500)})`,
    );
    expect(missing.columns[0]).toMatchObject({ current: 0, drifted: false, psi: null });
    expect(await compare(rows(0, 100), rows(0, 200), [])).toMatchObject({ columns: [], drifted: false });
    const constant = await compare(
      'SELECT 1.0 AS "size ""x""" FROM range(100)',
      'SELECT 1.0 AS "size ""x""" FROM range(200)',
      COLUMNS.slice(0, 1),
    );
    expect(constant.columns[0]).toMatchObject({ statistic: 0, drifted: false });
  });

  test('runs in a process of its own', async () => {
    const input = {
      against: 'dsv_1',
      reference: await tableOf(rows(0, 100)),
      current: await tableOf(rows(0, 200)),
      columns: COLUMNS,
      spill: join(root, 'child'),
    };
    const report = await runChild({ entry: childEntry(import.meta.url, './compare.child.ts'), input, timeoutMs: 30_000 });
    expect(report).toMatchObject({ mode: 'appended', added: 100 });
  });
});
