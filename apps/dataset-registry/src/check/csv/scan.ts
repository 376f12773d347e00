const [LF, CR, SPACE, QUOTE] = [10, 13, 32, 34];

export const NEWLINES = { none: 0, lf: 1, crlf: 2, cr: 4 } as const;

/** One record as it stands in a buffer: `[start, end)` without its line end; `next` is where the following one begins. */
export interface Scan {
  /** 'more': the buffer ends inside the record. 'open': so does the file, in a quoted field. 'quote': text after a closing quote. */
  readonly state: 'ok' | 'more' | 'open' | 'quote';
  readonly end: number;
  readonly next: number;
  readonly fields: number;
  /** Line ends inside quoted fields, and how the record itself ends. */
  readonly innerLines: number;
  readonly newline: number;
  /** Where the last quoted field began: offset, index of the field, line within the record. */
  readonly quote: { readonly at: number; readonly field: number; readonly line: number };
}

const enum At {
  FieldStart,
  Plain,
  Quoted,
  QuoteInQuoted,
  AfterQuoted,
}

/**
 * Finds the end of the record at `start` by RFC 4180, with what DuckDB's reader allows too: spaces around a quoted field, and quotes inside
 * a field that does not begin with one. A state machine by hand: a million rows must not take minutes, and its line numbers are exact.
 */
export function scanRecord(buffer: Buffer, start: number, delimiter: number, last: boolean): Scan {
  let at: At = At.FieldStart;
  const seen = { fields: 1, innerLines: 0, quote: { at: start, field: 0, line: 0 } };
  const done = (state: Scan['state'], end: number, next = end, newline: number = NEWLINES.none): Scan => ({
    state,
    end,
    next,
    newline,
    ...seen,
  });
  for (let index = start; index < buffer.length; index++) {
    const byte = buffer[index]!;
    if (at === At.Quoted) {
      if (byte === QUOTE) at = At.QuoteInQuoted;
      else if (byte === LF || (byte === CR && buffer[index + 1] !== LF)) seen.innerLines++;
    } else if (byte === delimiter) {
      seen.fields++;
      at = At.FieldStart;
    } else if (byte === LF) return done('ok', index, index + 1, NEWLINES.lf);
    else if (byte === CR) {
      if (index + 1 === buffer.length && !last) break;
      const pair = buffer[index + 1] === LF;
      return done('ok', index, index + (pair ? 2 : 1), pair ? NEWLINES.crlf : NEWLINES.cr);
    } else if (byte === QUOTE && at !== At.Plain) {
      if (at === At.AfterQuoted) return done('quote', index);
      if (at === At.FieldStart) seen.quote = { at: index, field: seen.fields - 1, line: seen.innerLines };
      at = At.Quoted;
    } else if (at === At.FieldStart) at = byte === SPACE ? At.FieldStart : At.Plain;
    else if (at !== At.Plain) {
      if (byte !== SPACE) return done('quote', index);
      at = At.AfterQuoted;
    }
  }
  if (!last) return done('more', buffer.length);
  return done(at === At.Quoted ? 'open' : 'ok', buffer.length);
}

/** Contents of the fields of one sound record, without quotes. */
export function fieldsOf(record: Buffer, delimiter: number): Buffer[] {
  const fields: Buffer[] = [];
  let [begin, quoted, inside] = [0, false, false];
  for (let index = 0; index <= record.length; index++) {
    const byte = record[index];
    if (byte === QUOTE && (quoted || isBlank(record.subarray(begin, index)))) [quoted, inside] = [true, !inside];
    else if (index === record.length || (byte === delimiter && !inside)) {
      fields.push(contentOf(record.subarray(begin, index), quoted));
      [begin, quoted] = [index + 1, false];
    }
  }
  return fields;
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === SPACE);
}

/** Latin-1 keeps every byte as it is, valid UTF-8 or not. */
function contentOf(field: Buffer, quoted: boolean): Buffer {
  if (!quoted) return field;
  const text = field.toString('latin1');
  return Buffer.from(text.slice(text.indexOf('"') + 1, text.lastIndexOf('"')).replaceAll('""', '"'), 'latin1');
}
