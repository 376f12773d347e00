import { describe, expect, test } from 'vitest';
import { csvCell } from './audit-text.js';

describe('cells of a CSV export', () => {
  test.each([
    ['=1+1', "'=1+1"],
    ['+cmd', "'+cmd"],
    ['-2', "'-2"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\tx', "'\tx"],
    ['\r=x', '"\'\r=x"'],
    ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
  ])('%j begins like a formula and is made text', (given, safe) => {
    expect(csvCell(given)).toBe(safe);
  });

  test('commas, quotes and line ends are quoted as RFC 4180 says; the rest stays', () => {
    expect(csvCell('a,b')).toBe('"a,b"');
    expect(csvCell('say "x"')).toBe('"say ""x"""');
    expect(csvCell('two\nlines')).toBe('"two\nlines"');
    expect([csvCell('plain'), csvCell(3), csvCell(null), csvCell(new Date(0)), csvCell({ a: [1] })]).toEqual([
      'plain',
      '3',
      '',
      '1970-01-01T00:00:00.000Z',
      '"{""a"":[1]}"',
    ]);
  });
});
