import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS, Sandbox, short } from './testing.js';

let box: Sandbox;

beforeEach(() => {
  box = new Sandbox();
});
afterEach(() => box.remove());

describe('a malformed CSV file', () => {
  it('gives every bad row with its line, column and reason', async () => {
    const text = Buffer.from(
      'a,b,c\n1,2,3\n4,5\n6,7,8,9\n"x\ny",1,2\n"q" z,1,2\n1,\u00ff,3\n1,"two\nlines",\n1\n9,"unterminated,3\n7,8\n1,2,3\n',
      'latin1',
    );
    const result = await box.check(text);
    expect(short(result)).toEqual([
      ['TOO_FEW_COLUMNS', 3, 'c'],
      ['TOO_MANY_COLUMNS', 4],
      ['BAD_QUOTE', 7, 'a'],
      ['INVALID_UTF8', 8, 'b'],
      ['TOO_FEW_COLUMNS', 11, 'b'],
      ['UNTERMINATED_QUOTE', 12, 'b'],
      ['TOO_FEW_COLUMNS', 13, 'c'],
    ]);
    expect(result.findings.map(({ message }) => message).slice(0, 3)).toEqual([
      'line 3 has 2 columns instead of 3; "c" is the first that is missing',
      'line 4 has 4 columns instead of 3; a field that holds the delimiter must be quoted',
      'the quoted field on line 7 goes on after its closing quote; a quote inside a quoted field is written twice',
    ]);
    expect(result).toMatchObject({ columns: [], rows: 11, profile: { rows: 11, columns: [] } });
    expect(existsSync(box.out)).toBe(false);
  });

  it('lists twenty errors and counts the rest', async () => {
    const result = await box.check(`a,b\n${'1\n'.repeat(30)}2,3\n`);
    expect(result.findings.length).toBe(21);
    expect(result.findings.at(-1)).toMatchObject({ code: 'MORE_ERRORS', message: 'and 10 more errors', severity: 'error' });
    expect((await box.check(`a,b\n1,2\n${'1\n'.repeat(5000)}`)).findings.at(-1)?.message).toBe('and at least 980 more errors');
  });

  it.each([
    ['', 'EMPTY_FILE'],
    ['\n1,2\n', 'NO_HEADER'],
    ['a,b\n', 'NO_ROWS'],
    ['1,2\n3,4\n', 'NO_HEADER'],
    ['a,,c\n1,2,3\n', 'EMPTY_COLUMN_NAME'],
    ['a,b,a\n1,2,3\n', 'DUPLICATE_COLUMN'],
    ['a,B,b\n1,2,3\n', 'DUPLICATE_COLUMN'],
    ['a\n"never closed', 'UNTERMINATED_QUOTE'],
    ['PAR1....', 'NOT_TEXT'],
    ['\ufeffa,b\n1,\0\n', 'NOT_TEXT'],
  ])('refuses %j with %s', async (text, code) => {
    const result = await box.check(text);
    expect(result.findings.map((finding) => [finding.severity, finding.code])).toEqual([['error', code]]);
  });

  it('refuses binary garbage, other encodings and tables that are too large', async () => {
    expect(short(await box.check(Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 251)))).toEqual([
      ['NOT_TEXT'],
    ]);
    expect(short(await box.check(Buffer.from('\ufeffa,b\n1,2\n', 'utf16le')))).toEqual([['NOT_TEXT']]);
    expect(short(await box.check(Buffer.from('größe,b\n1,2\n', 'latin1')))).toEqual([['INVALID_UTF8', 1]]);
    expect(short(await box.check('a,b,c\n1,2,3\n', { limits: { ...LIMITS, maxColumns: 2 } }))).toEqual([['TOO_MANY_COLUMNS', 1]]);
    expect(short(await box.check('a\n1\n2\n3\n', { limits: { ...LIMITS, maxRows: 2 } }))).toEqual([['TOO_MANY_ROWS', 4]]);
    expect(short(await box.check(`a,b\n1,${'x'.repeat(5_000_000)}\n`))).toEqual([['ROW_TOO_LONG', 2]]);
  });

  it('goes on behind a quote that is open for megabytes', async () => {
    const result = await box.check(`a,b\n1,"open\n${'2,3\n'.repeat(1_000_000)}4\n`);
    expect(short(result)).toEqual([
      ['UNTERMINATED_QUOTE', 2, 'b'],
      ['TOO_FEW_COLUMNS', 1_000_003, 'b'],
    ]);
  });

  it('warns of a few words among numbers, with the line in the file', async () => {
    const rows = Array.from({ length: 20 }, (_, index) => (index === 12 ? '"two\nlines",NA' : `"two\nlines",${index}`));
    const result = await box.check(`t,n\n${rows.join('\n')}\n`);
    expect(result.findings).toEqual([
      {
        severity: 'warning',
        code: 'MIXED_TYPES',
        line: 26,
        column: 'n',
        message:
          'column "n" stays text: nearly all its values are numbers, but one value is not, "NA" on line 26; leave a missing value empty',
      },
    ]);
  });
});
