import { ByteWriter, ParquetWriter } from 'hyparquet-writer';

/** A point of a history, as a row of the file. */
export interface HistoryRow {
  readonly key: string;
  readonly step: number;
  readonly timestamp: number;
  readonly value: number;
}

const SCHEMA = [
  { name: 'root', num_children: 5 },
  { name: 'run_id', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'key', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'step', type: 'INT64', repetition_type: 'REQUIRED' },
  { name: 'timestamp', type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', repetition_type: 'REQUIRED' },
  { name: 'value', type: 'DOUBLE', repetition_type: 'REQUIRED' },
] as const;

/** Rows of one row group: what is in memory at a time. */
const GROUP = 50_000;

/**
 * Histories as Parquet, a row group at a time: columns run_id, key, step (INT64), timestamp (milliseconds, UTC) and value (DOUBLE; NaN and infinities as they
 * are). Format: https://parquet.apache.org/docs/file-format/.
 */
export async function* parquetOf(runId: string, pages: AsyncIterable<readonly HistoryRow[]>): AsyncGenerator<Buffer> {
  const writer = new ByteWriter();
  const file = new ParquetWriter({ writer, schema: [...SCHEMA], createdBy: 'tailrace' });
  const taken = () => {
    const bytes = Buffer.from(writer.getBytes());
    writer.index = 0;
    return bytes;
  };
  let rows: HistoryRow[] = [];
  const group = () => {
    const columnData = [
      { name: 'run_id', data: rows.map(() => runId) },
      { name: 'key', data: rows.map((row) => row.key) },
      { name: 'step', data: rows.map((row) => BigInt(row.step)) },
      { name: 'timestamp', data: rows.map((row) => new Date(row.timestamp)) },
      { name: 'value', data: rows.map((row) => row.value) },
    ];
    void file.write({ columnData, rowGroupSize: GROUP });
    rows = [];
    return taken();
  };
  for await (const page of pages) {
    rows = rows.concat(page);
    if (rows.length >= GROUP) yield group();
  }
  if (rows.length > 0) yield group();
  void file.finish();
  yield taken();
}
