import { asyncBufferFromFile, parquetMetadata, parquetReadObjects } from 'hyparquet';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parquetOf, type HistoryRow } from './parquet.js';

async function* pagesOf(rows: readonly HistoryRow[], size: number): AsyncGenerator<readonly HistoryRow[]> {
  for (let at = 0; at < rows.length; at += size) yield rows.slice(at, at + size);
}

async function written(rows: readonly HistoryRow[], size = 1000): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of parquetOf('run_1', pagesOf(rows, size))) parts.push(part);
  return Buffer.concat(parts);
}

test('reads back as it was, in row groups', async () => {
  const rows = Array.from({ length: 120_000 }, (_, i) => ({
    key: i % 2 ? 'a' : 'ö/b',
    step: i,
    timestamp: 1_700_000_000_000 + i,
    value: i / 3,
  }));
  const dir = await mkdtemp(join(tmpdir(), 'tailrace-parquet-'));
  const path = join(dir, 'x.parquet');
  const bytes = await written(rows);
  await writeFile(path, bytes);
  const file = await asyncBufferFromFile(path);
  const read = await parquetReadObjects({ file });
  await rm(dir, { recursive: true });
  expect(
    parquetMetadata(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer).row_groups.length,
  ).toBeGreaterThan(1);
  expect(read).toHaveLength(rows.length);
  for (const i of [0, 1, 49_999, 50_000, 119_999])
    expect(read[i]).toEqual({
      run_id: 'run_1',
      key: rows[i]!.key,
      step: BigInt(i),
      timestamp: new Date(1_700_000_000_000 + i),
      value: rows[i]!.value,
    });
});

test('no points are an empty table; NaN and infinities are themselves', async () => {
  const bytes = await written([]);
  expect(bytes.subarray(0, 4).toString() + bytes.subarray(-4).toString()).toBe('PAR1PAR1');
  const special = await written(
    [Number.NaN, Infinity, -Infinity].map((value, step) => ({ key: 'a', step, timestamp: 0, value })),
  );
  const file = special.buffer.slice(special.byteOffset, special.byteOffset + special.length) as ArrayBuffer;
  expect((await parquetReadObjects({ file })).map(({ value }) => value)).toEqual([Number.NaN, Infinity, -Infinity]);
});
