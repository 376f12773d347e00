import type { AuditRow } from '#access';

/** Columns of an export, in their order. */
const COLUMNS = [
  'id',
  'at',
  'actor',
  'memberId',
  'tokenId',
  'address',
  'action',
  'subjectKind',
  'subjectId',
  'outcome',
  'count',
  'reason',
  'before',
  'after',
  'correlationId',
  'causationId',
  'eventId',
] as const;

/** A row as one line of JSON. */
export function jsonLine(row: AuditRow): string {
  return `${JSON.stringify(Object.fromEntries(COLUMNS.map((name) => [name, row[name]])))}\n`;
}

/** First line of a CSV file (RFC 4180). */
export const CSV_HEADER = `${COLUMNS.join(',')}\r\n`;

export function csvLine(row: AuditRow): string {
  return `${COLUMNS.map((name) => csvCell(row[name])).join(',')}\r\n`;
}

/**
 * A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe before it. Source: OWASP, CSV Injection.
 */
export function csvCell(value: unknown): string {
  const text = textOf(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
}
