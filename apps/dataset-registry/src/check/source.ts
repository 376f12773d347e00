import type { ColumnType } from '#contracts';

/** A table as DuckDB reads it from the upload: `from` is a relation with the columns c0, c1, …, so that no foreign name gets into SQL. */
export interface Source {
  readonly names: readonly string[];
  readonly from: string;
  readonly columns: readonly SourceColumn[];
}

export interface SourceColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** SQL over c0, c1, … that gives the DOUBLE, BOOLEAN or VARCHAR of the table. */
  readonly sql: string;
  /** Text that is nearly always a number. */
  readonly mixed?: boolean;
}
