import { isUtf8 } from 'node:buffer';
import { checkColumnNames, checkHeader } from '../column-names.js';
import { quoteValue, type Findings } from '../findings.js';
import type { CheckLimits } from '../check-types.js';
import { isBlankLine, MAX_RECORD_BYTES, readRecords, type CsvRecord } from './records.js';
import { fieldsOf } from './scan.js';
import { sniff } from './sniff.js';

/** Beyond so many errors the file is read no further: a wrong delimiter makes every row one. */
const MAX_ERRORS = 1000;

/** What DuckDB must be told to read a sound file as it was checked. */
export interface CsvLayout {
  readonly delimiter: string;
  readonly names: readonly string[];
  readonly rows: number;
  /** Line ends of more than one kind. */
  readonly mixedNewlines: boolean;
}

export interface Inspection {
  /** Absent when there is not even a header. */
  readonly layout?: CsvLayout;
  /** The file was not read to its end. */
  readonly open: boolean;
}

/**
 * Reads a CSV file once and finds every malformed row with its line. DuckDB's own reader stops at the first, or with store_rejects loses
 * line numbers and rows after a broken quote, which is why it only sees files that passed.
 */
export function inspectCsv(file: string, limits: CheckLimits, findings: Findings): Inspection {
  const sniffed = sniff(file);
  if ('refusal' in sniffed) {
    findings.error(sniffed.refusal.code, sniffed.refusal.message);
    return { open: false };
  }
  return new Inspector(sniffed.delimiter, limits, findings).run(file);
}

class Inspector {
  private names: readonly string[] = [];
  private rows = 0;
  private newlines = 0;

  constructor(
    private readonly delimiter: number,
    private readonly limits: CheckLimits,
    private readonly findings: Findings,
  ) {}

  run(file: string): Inspection {
    for (const record of readRecords(file, this.delimiter)) {
      const goOn = this.names.length === 0 ? this.header(record) : this.row(record);
      if (!goOn || this.findings.errorCount >= MAX_ERRORS) return this.result(true);
    }
    if (this.isMixed())
      this.findings.warning('MIXED_LINE_ENDS', 'the lines of the file do not all end in the same way (LF, CRLF or CR)');
    if (this.rows === 0 && this.findings.errorCount === 0) this.findings.error('NO_ROWS', 'the file has a header but no rows');
    return this.result(false);
  }

  private result(open: boolean): Inspection {
    if (this.names.length === 0) return { open };
    const delimiter = String.fromCharCode(this.delimiter);
    return { open, layout: { delimiter, names: this.names, rows: this.rows, mixedNewlines: this.isMixed() } };
  }

  /** More than one bit is set. */
  private isMixed(): boolean {
    return (this.newlines & (this.newlines - 1)) !== 0;
  }

  private header(record: CsvRecord): boolean {
    if (this.isBroken(record)) return false;
    if (record.bytes.length === 0) {
      this.findings.error('NO_HEADER', 'line 1 is empty; the first line must name the columns', { line: 1 });
      return false;
    }
    this.newlines |= record.scan.newline;
    this.names = fieldsOf(record.bytes, this.delimiter).map((field) => field.toString('utf8').trim());
    checkColumnNames(this.names, this.limits.maxColumns, this.findings, 1);
    checkHeader(this.names, this.findings);
    return this.names.length <= this.limits.maxColumns;
  }

  /** Answers whether to go on. */
  private row(record: CsvRecord): boolean {
    if (isBlankLine(record, this.names.length)) return true;
    if (++this.rows > this.limits.maxRows) {
      this.findings.error('TOO_MANY_ROWS', `the file has more than ${this.limits.maxRows} rows`, { line: record.line });
      return false;
    }
    this.newlines |= record.scan.newline;
    if (!this.isBroken(record)) this.checkCount(record);
    return !record.tooLong;
  }

  private checkCount({ scan, line }: CsvRecord): void {
    const [expected, found] = [this.names.length, scan.fields];
    if (found < expected)
      this.findings.error(
        'TOO_FEW_COLUMNS',
        `line ${line} has ${found} columns instead of ${expected}; ${quoteValue(this.names[found]!)} is the first that is missing`,
        {
          line,
          column: this.names[found]!,
        },
      );
    if (found > expected)
      this.findings.error(
        'TOO_MANY_COLUMNS',
        `line ${line} has ${found} columns instead of ${expected}; a field that holds the delimiter must be quoted`,
        { line },
      );
  }

  private isBroken(record: CsvRecord): boolean {
    const problem = this.problemOf(record);
    if (problem) this.findings.error(problem.code, problem.message, { line: problem.line, ...this.columnOf(problem.field) });
    return problem !== undefined;
  }

  private problemOf(record: CsvRecord): { code: string; message: string; line: number; field?: number } | undefined {
    const { scan, line } = record;
    const quoted = { line: line + scan.quote.line, field: scan.quote.field };
    if (record.tooLong)
      return { code: 'ROW_TOO_LONG', line, message: `the row at line ${line} is longer than ${MAX_RECORD_BYTES} bytes` };
    if (scan.state === 'open')
      return { ...quoted, code: 'UNTERMINATED_QUOTE', message: `the quote opened on line ${quoted.line} is never closed` };
    if (scan.state === 'quote')
      return {
        ...quoted,
        code: 'BAD_QUOTE',
        message: `the quoted field on line ${quoted.line} goes on after its closing quote; a quote inside a quoted field is written twice`,
      };
    if (record.utf8 && !record.bytes.includes(0)) return undefined;
    const field = fieldsOf(record.bytes, this.delimiter).findIndex((bytes) => !isUtf8(bytes));
    if (!record.utf8)
      return { code: 'INVALID_UTF8', line, field, message: `line ${line} is not valid UTF-8; save the file as UTF-8` };
    return { code: 'NOT_TEXT', line, message: `line ${line} holds a zero byte, as binary files do` };
  }

  private columnOf(field: number | undefined): { column?: string } {
    const column = field === undefined ? undefined : this.names[field];
    return column ? { column } : {};
  }
}
