import { DuckDBInstance } from '@duckdb/node-api';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readTable } from './read-parquet.js';

let dir = '';
beforeAll(async () => void (dir = await mkdtemp(join(tmpdir(), 'parquet-'))));
afterAll(() => rm(dir, { recursive: true }));

async function write(name: string, query: string, options = ''): Promise<string> {
  const path = join(dir, name);
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`copy (${query}) to '${path}' (format parquet${options})`);
  connection.closeSync();
  return path;
}

const ROWS = `select * from (values
  (1.5::double, 9007199254740991::bigint, true, 'Ünï', 1::integer),
  (null, null, null, null, 2), ('nan'::double, -3, false, '', 3)) t("Beak (mm)", n, b, s, i)`;

it.each(['snappy', 'uncompressed'])('reads types, nulls and names (%s)', async (codec) => {
  const path = await write(`${codec}.parquet`, ROWS, `, compression ${codec}`);
  const expected = {
    columns: [
      { name: 'Beak (mm)', type: 'number', nullable: true },
      { name: 'n', type: 'number', nullable: true },
      { name: 'b', type: 'boolean', nullable: true },
      { name: 's', type: 'text', nullable: true },
      { name: 'i', type: 'number', nullable: false },
    ],
    rows: 3,
    data: {
      'Beak (mm)': [1.5, null, null],
      n: [9007199254740991, null, -3],
      b: [true, null, false],
      s: ['Ünï', null, ''],
      i: [1, 2, 3],
    },
  };
  expect(await readTable(path)).toEqual(expected);
  expect(await readTable(await readFile(path))).toEqual(expected);
});

it('reads several row groups in order', async () => {
  const path = await write(
    'groups.parquet',
    "select i::double as x, 'v' || (i % 7) as t from range(10000) r(i) order by i",
    ', row_group_size 2048',
  );
  const table = await readTable(path);
  expect(table.rows).toBe(10_000);
  expect(table.data['x']).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
  expect(table.data['t']![9999]).toBe('v3');
});

it('refuses other types, damaged files and missing ones', async () => {
  const list = await write('list.parquet', 'select [1, 2] as many');
  await expect(readTable(list)).rejects.toMatchObject({ code: 'BAD_DATA', message: /"many"/ });
  const date = await write('date.parquet', "select date '2020-01-01' as day");
  await expect(readTable(date)).rejects.toMatchObject({ code: 'BAD_DATA', message: /"day" has the type DATE/ });
  const good = await readFile(await write('good.parquet', ROWS));
  await expect(readTable(good.subarray(0, 100))).rejects.toMatchObject({ code: 'BAD_DATA' });
  await expect(readTable(Buffer.from('PAR1 nonsense PAR1'))).rejects.toMatchObject({ code: 'BAD_DATA' });
  await expect(readTable(join(dir, 'none.parquet'))).rejects.toMatchObject({ code: 'BAD_DATA' });
});
