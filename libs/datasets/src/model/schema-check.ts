import type { Column, Finding } from '#contracts';

/**
 * Compares a version's columns with its parent's. A column that vanished or changed its type is an error, since templates and models rest on
 * it; a new column or a first missing value is a warning.
 */
export function compareSchemas(parent: readonly Column[], columns: readonly Column[]): Finding[] {
  const now = new Map(columns.map((column) => [column.name, column]));
  const before = new Map(parent.map((column) => [column.name, column]));
  const findings: Finding[] = [];
  for (const old of parent) {
    const column = now.get(old.name);
    if (!column)
      findings.push({
        severity: 'error',
        code: 'COLUMN_MISSING',
        column: old.name,
        message: `column "${old.name}" of the parent version is missing`,
      });
    else if (column.type !== old.type)
      findings.push({
        severity: 'error',
        code: 'COLUMN_TYPE_CHANGED',
        column: old.name,
        message: `column "${old.name}" was ${old.type} in the parent version and is ${column.type} now`,
      });
    else if (column.nullable && !old.nullable)
      findings.push({
        severity: 'warning',
        code: 'NEW_MISSING_VALUES',
        column: old.name,
        message: `column "${old.name}" has missing values for the first time`,
      });
  }
  for (const column of columns)
    if (!before.has(column.name))
      findings.push({ severity: 'warning', code: 'NEW_COLUMN', column: column.name, message: `column "${column.name}" is new` });
  return findings;
}
