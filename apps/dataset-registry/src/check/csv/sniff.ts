import { closeSync, openSync, readSync } from 'node:fs';
import { scanRecord } from './scan.js';

const SAMPLE_BYTES = 256 * 1024;
const SAMPLE_RECORDS = 500;
const DELIMITERS = [',', ';', '\t', '|'] as const;
const MAGIC: readonly (readonly [string, string])[] = [
  ['50415231', 'a Parquet file'],
  ['504b0304', 'a ZIP archive or an Excel workbook'],
  ['d0cf11e0', 'an old Excel workbook'],
  ['1f8b', 'compressed by gzip'],
  ['28b52ffd', 'compressed by zstd'],
  ['fffe', 'text in UTF-16; save it as UTF-8'],
  ['feff', 'text in UTF-16; save it as UTF-8'],
];

/** What the beginning of a file says: why it is no CSV text at all, or the delimiter of its fields. */
export type Sniffed = { readonly refusal: { readonly code: string; readonly message: string } } | { readonly delimiter: number };

export function sniff(file: string): Sniffed {
  const { sample, whole } = head(file);
  if (sample.length === 0) return { refusal: { code: 'EMPTY_FILE', message: 'the file is empty' } };
  const refusal = notText(sample);
  return refusal ? { refusal: { code: 'NOT_TEXT', message: refusal } } : { delimiter: sniffDelimiter(sample, whole) };
}

function head(file: string): { sample: Buffer; whole: boolean } {
  const handle = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(SAMPLE_BYTES);
    const length = readSync(handle, buffer, 0, SAMPLE_BYTES, 0);
    return { sample: buffer.subarray(0, length), whole: length < SAMPLE_BYTES };
  } finally {
    closeSync(handle);
  }
}

function notText(sample: Buffer): string | undefined {
  const start = sample.subarray(0, 4).toString('hex');
  const magic = MAGIC.find(([bytes]) => start.startsWith(bytes));
  if (magic) return `the file is not CSV text: it is ${magic[1]}`;
  if (sample.includes(0)) return 'the file is not CSV text: it holds zero bytes, as binary files do';
  return undefined;
}

/** The delimiter with which most rows have as many fields as the header; of equals, the one that gives more fields. */
export function sniffDelimiter(sample: Buffer, whole: boolean): number {
  let best = { delimiter: DELIMITERS[0].charCodeAt(0), share: 0, fields: 1 };
  for (const candidate of DELIMITERS) {
    const delimiter = candidate.charCodeAt(0);
    const { share, fields } = fit(sample, whole, delimiter);
    if (fields > 1 && (share > best.share || (share === best.share && fields > best.fields))) best = { delimiter, share, fields };
  }
  return best.delimiter;
}

function fit(sample: Buffer, whole: boolean, delimiter: number): { share: number; fields: number } {
  const counts: number[] = [];
  for (let start = 0; start < sample.length && counts.length < SAMPLE_RECORDS;) {
    const scan = scanRecord(sample, start, delimiter, whole);
    if (scan.state !== 'ok') break;
    if (scan.end > start) counts.push(scan.fields);
    start = scan.next;
  }
  const fields = counts[0] ?? 1;
  return { fields, share: counts.filter((count) => count === fields).length / Math.max(counts.length, 1) };
}
