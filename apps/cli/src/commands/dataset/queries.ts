export interface Finding {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly line: number | null;
  readonly column: string | null;
}

export interface ColumnProfile {
  readonly name: string;
  readonly type: string;
  readonly missing: number;
  readonly distinct: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  readonly std: number | null;
  readonly median: number | null;
  readonly top: { value: string; count: number }[] | null;
}

export interface DatasetVersion {
  readonly id: string;
  readonly number: number;
  readonly state: 'PENDING' | 'VALIDATED' | 'INVALID';
  readonly format: string;
  readonly blob: string;
  readonly size: string;
  readonly reason: string | null;
  readonly createdAt: string;
  readonly findings: Finding[];
  readonly profile: { rows: number; duplicateRows: number; columns: ColumnProfile[] } | null;
}

export const VERSION = `id number state format blob size reason createdAt findings { severity code message line column }
  profile { rows duplicateRows columns { name type missing distinct min max mean std median top { value count } } }`;

/** A finding as compilers write theirs: where, how bad, what. */
export function findingText({ severity, code, message, line, column }: Finding): string {
  const where = [line === null ? undefined : `line ${line}`, column === null ? undefined : `column ${column}`]
    .filter(Boolean)
    .join(', ');
  return `${where ? `${where}: ` : ''}${severity}: ${message} [${code}]`;
}
