import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkFile } from './check.js';
import { openDuck, quotePattern, quoteText } from './duck.js';
import { LIMITS, Sandbox, short } from './testing.js';

let box: Sandbox;

beforeEach(() => {
  box = new Sandbox();
});
afterEach(() => box.remove());

describe('a Parquet file', () => {
  it('is read with dates as text and non-finite numbers as missing', async () => {
    const file = box.path('in.parquet');
    const duck = await openDuck([file], box.path('spill'));
    await duck.query(
      `COPY (SELECT 1::BIGINT AS i, 1.5::FLOAT AS f, true AS b, DATE '2024-02-01' AS d, 'nan'::DOUBLE AS x UNION ALL SELECT NULL, 2, false, NULL, 3) TO ${quoteText(file)} (FORMAT parquet, USE_TMP_FILE false)`,
    );
    await duck.close();
    const result = await checkFile({ file, format: 'PARQUET', out: box.out, limits: LIMITS });
    expect(await box.table()).toEqual({ i: [1, null], f: [1.5, 2], b: [true, false], d: ['2024-02-01', null], x: [null, 3] });
    expect(short(result)).toEqual([['NOT_FINITE', 'x']]);
    copyFileSync(box.out, box.path('again.parquet'));
    expect(short(await box.check(readFileSync(box.path('again.parquet')).subarray(0, 300), { format: 'PARQUET' }))).toEqual([
      ['UNREADABLE'],
    ]);
  });

  it('is refused with a finding when it is broken or nested', async () => {
    expect(short(await box.check('', { format: 'PARQUET' }))).toEqual([['UNREADABLE']]);
    expect(short(await box.check('a,b\n1,2\n', { format: 'PARQUET' }))).toEqual([['UNREADABLE']]);
    const garbled = Buffer.concat([
      Buffer.from('PAR1'),
      Buffer.alloc(500, 0x5a),
      Buffer.from([200, 0, 0, 0]),
      Buffer.from('PAR1'),
    ]);
    expect(short(await box.check(garbled, { format: 'PARQUET' }))).toEqual([['UNREADABLE']]);
    const file = box.path('in.parquet');
    const duck = await openDuck([file], box.path('spill'));
    await duck.query(`COPY (SELECT [1, 2] AS l, 1 AS n) TO ${quoteText(file)} (FORMAT parquet, USE_TMP_FILE false)`);
    await duck.close();
    const result = await checkFile({ file, format: 'PARQUET', out: box.out, limits: LIMITS });
    expect(short(result)).toEqual([['UNSUPPORTED_TYPE', 'l']]);
  });
});

describe('the database of a check', () => {
  it('reaches the given files and nothing else, for good', async () => {
    const file = box.path('a.csv');
    writeFileSync(file, 'a\n1\n');
    writeFileSync(box.path('b.csv'), 'a\n1\n');
    const duck = await openDuck([file], box.path('spill'));
    expect(await duck.query(`SELECT * FROM read_csv(${quotePattern(file)})`)).toEqual([{ a: '1' }]);
    for (const sql of [
      `SELECT * FROM read_csv(${quotePattern(box.path('b.csv'))})`,
      `SELECT * FROM read_csv(${quoteText(box.path('*.csv'))})`,
      `SELECT * FROM read_text('/etc/passwd')`,
      `SELECT * FROM 'https://example.org/x.csv'`,
      `COPY (SELECT 1) TO ${quoteText(box.path('c.csv'))}`,
      'INSTALL httpfs',
      `ATTACH ${quoteText(box.path('x.db'))}`,
      'SET enable_external_access = true',
      `SET temp_directory = '/tmp'`,
      `SET memory_limit = '8GB'`,
    ])
      await expect(duck.query(sql), sql).rejects.toThrow(/disabled|locked|Permission|Cannot|not exist|HTTP/i);
    await duck.close();
    expect(existsSync(box.path('spill'))).toBe(false);
  });

  it('is no fault of the file when the upload or the folder of the table is missing', async () => {
    const missing = { file: box.path('none.csv'), format: 'CSV' as const, out: box.out, limits: LIMITS };
    await expect(checkFile(missing)).rejects.toMatchObject({ code: 'CHILD_FAILED' });
  });
});
