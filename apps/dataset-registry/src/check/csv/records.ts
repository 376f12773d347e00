import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { scanRecord, type Scan } from './scan.js';

const CHUNK_BYTES = 4 * 1024 * 1024;
/** Longest record; DuckDB's limit on a line is set above it. */
export const MAX_RECORD_BYTES = 2 * 1024 * 1024;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

export interface CsvRecord {
  /** Line of the file on which the record begins; the header's is 1. */
  readonly line: number;
  readonly scan: Scan;
  readonly bytes: Buffer;
  readonly utf8: boolean;
  /** The record is longer than MAX_RECORD_BYTES; nothing follows it. */
  readonly tooLong: boolean;
}

/**
 * The records of a file one after the other, blank lines included, in constant memory. After a broken quote it goes on at the line after
 * the one where that quote was opened: a quote forgotten in one row must not swallow the rows below it.
 */
export function* readRecords(file: string, delimiter: number): Generator<CsvRecord> {
  let [buffer, line] = [Buffer.alloc(0), 1];
  for (const { chunk, last, first } of readChunks(file)) {
    buffer = Buffer.concat([buffer, first && chunk.subarray(0, 3).equals(BOM) ? chunk.subarray(3) : chunk]);
    const allUtf8 = isUtf8(buffer.subarray(0, last ? buffer.length : buffer.lastIndexOf(10) + 1));
    let start = 0;
    while (start < buffer.length) {
      const scan = boundedScan(buffer, start, delimiter, last);
      if (scan.state === 'more' && buffer.length - start <= MAX_RECORD_BYTES) break;
      const bytes = buffer.subarray(start, scan.end);
      const tooLong = scan.state === 'more';
      yield { line, scan, bytes, utf8: allUtf8 || isUtf8(bytes), tooLong };
      if (tooLong) return;
      const broken = scan.state !== 'ok';
      line += broken ? scan.quote.line + 1 : scan.innerLines + 1;
      start = broken ? lineAfter(buffer, scan.quote.at) : scan.next;
    }
    buffer = buffer.subarray(start);
  }
}

/** A quote that stays open for longer than any record may be is never closed. */
function boundedScan(buffer: Buffer, start: number, delimiter: number, last: boolean): Scan {
  const end = start + MAX_RECORD_BYTES;
  if (end >= buffer.length) return scanRecord(buffer, start, delimiter, last);
  const scan = scanRecord(buffer.subarray(0, end), start, delimiter, false);
  if (scan.state !== 'more') return scan;
  const open = scanRecord(buffer.subarray(0, end), start, delimiter, true).state === 'open';
  return open && lineAfter(buffer, scan.quote.at) < end ? { ...scan, state: 'open' } : scan;
}

function lineAfter(buffer: Buffer, from: number): number {
  for (let index = from; index < buffer.length; index++) {
    if (buffer[index] === 10) return index + 1;
    if (buffer[index] === 13) return index + (buffer[index + 1] === 10 ? 2 : 1);
  }
  return buffer.length;
}

/** Read synchronously: this runs in a process of its own, which has nothing else to do. */
function* readChunks(file: string): Generator<{ chunk: Buffer; first: boolean; last: boolean }> {
  const handle = openSync(file, 'r');
  try {
    let [current, first] = [readChunk(handle), true];
    while (current.length > 0) {
      const next = readChunk(handle);
      yield { chunk: current, first, last: next.length === 0 };
      [current, first] = [next, false];
    }
  } finally {
    closeSync(handle);
  }
}

function readChunk(handle: number): Buffer {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  return chunk.subarray(0, readSync(handle, chunk, 0, CHUNK_BYTES, null));
}

/** Lines of the file on which the data rows of these indexes (0 = first row after the header) begin. */
export function linesOfRows(file: string, delimiter: number, columns: number, rows: ReadonlySet<number>): Map<number, number> {
  const lines = new Map<number, number>();
  let index = -1;
  for (const record of readRecords(file, delimiter)) {
    if (isBlankLine(record, columns)) continue;
    if (rows.has(index)) lines.set(index, record.line);
    if (lines.size === rows.size) break;
    index++;
  }
  return lines;
}

/** An empty line is a missing value where there is one column, and nothing where there are more. */
export function isBlankLine(record: CsvRecord, columns: number): boolean {
  return record.bytes.length === 0 && record.scan.state === 'ok' && columns > 1;
}
