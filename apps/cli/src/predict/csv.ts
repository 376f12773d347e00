import { EXIT, Failure } from '../exit-codes.js';

/** Records of RFC 4180 text: quoted cells may hold commas, quotes ("" is one) and line ends. An empty line is no record. Throws Failure. */
export function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  const source = text.replace(/^\uFEFF/, '');
  let record: string[] = [];
  while (pattern.lastIndex < source.length || record.length > 0) {
    const match = pattern.exec(source);
    if (!match)
      throw new Failure(
        `the CSV has a stray quote in record ${records.length + 1}; a cell with a quote must be quoted whole`,
        EXIT.usage,
      );
    record.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (match[3] === ',') continue;
    if (record.length > 1 || record[0] !== '') records.push(record);
    record = [];
  }
  return records;
}
