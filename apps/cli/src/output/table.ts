import { clean } from './clean.js';
import type { Paint } from './style.js';

export type TableCell = string | number | boolean | null | undefined;

/** Columns of text, the head in bold where colours are; numbers stand to the right. Without rows, only the head. */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly TableCell[])[],
  paint: Paint = (_, text) => text,
): string {
  const cells = rows.map((row) => head.map((_, column) => cellText(row[column])));
  const right = head.map((_, column) => isNumeric(cells.map((row) => row[column]!)));
  const widths = head.map((title, column) => Math.max(width(title), ...cells.map((row) => width(row[column]!))));
  const line = (row: readonly string[]) =>
    row
      .map((text, column) => (right[column] ? text.padStart(widths[column]!) : pad(text, widths[column]!)))
      .join('  ')
      .trimEnd();
  return [paint('bold', line(head)), ...cells.map(line)].join('\n');
}

/** Name and value on each line, values below each other; what is undefined is left out. */
export function renderFacts(facts: Readonly<Record<string, TableCell>>): string {
  const known = Object.entries(facts).filter(([, value]) => value !== undefined);
  const widest = Math.max(0, ...known.map(([name]) => width(name)));
  return known.map(([name, value]) => `${pad(name, widest)}  ${cellText(value)}`.trimEnd()).join('\n');
}

function cellText(value: TableCell): string {
  if (value === null || value === undefined) return '-';
  return clean(String(value));
}

/** Numbers stand to the right, with dashes among them where one is missing. */
function isNumeric(column: readonly string[]): boolean {
  return (
    column.some((text) => text !== '-') && column.every((text) => text === '-' || /^[+-]?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text))
  );
}

function width(text: string): number {
  return [...text].length;
}

function pad(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - width(text)));
}
