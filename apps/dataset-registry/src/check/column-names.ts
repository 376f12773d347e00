import { quoteValue, type Findings } from './findings.js';

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Checks the names of a table's columns. Names that differ in case alone count as equal: SQL engines cannot tell them apart. */
export function checkColumnNames(names: readonly string[], maxColumns: number, findings: Findings, line?: number): void {
  if (names.length > maxColumns)
    return findings.error('TOO_MANY_COLUMNS', `the table has ${names.length} columns; at most ${maxColumns} are allowed`, {
      line,
    });
  const seen = new Map<string, number>();
  names.forEach((name, index) => {
    if (name === '') return findings.error('EMPTY_COLUMN_NAME', `column ${index + 1} has no name`, { line });
    const key = name.normalize('NFC').toLowerCase();
    const first = seen.get(key);
    if (first !== undefined) findings.error('DUPLICATE_COLUMN', duplicate(names, first, index), { line, column: name });
    else seen.set(key, index);
  });
}

function duplicate(names: readonly string[], first: number, second: number): string {
  const where = `columns ${first + 1} and ${second + 1}`;
  if (names[first] === names[second]) return `${where} have the same name ${quoteValue(names[second]!)}`;
  return `${where} have names that differ in upper and lower case alone: ${quoteValue(names[first]!)}, ${quoteValue(names[second]!)}`;
}

/** A CSV file's first line must name the columns; a line of numbers is a row. */
export function checkHeader(names: readonly string[], findings: Findings): void {
  const numbers = names.filter((name) => NUMBER.test(name));
  if (numbers.length > 0 && numbers.length === names.filter((name) => name !== '').length)
    findings.error('NO_HEADER', 'line 1 holds numbers alone; the first line must name the columns', { line: 1 });
  else if (numbers.some((name) => name.includes('.')))
    findings.warning(
      'HEADER_LOOKS_LIKE_DATA',
      `line 1 names a column ${numbers.find((name) => name.includes('.'))}; is the header missing?`,
      {
        line: 1,
      },
    );
}
