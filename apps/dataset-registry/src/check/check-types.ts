import type { Column, DatasetProfile, Finding } from '#contracts';

export interface CheckLimits {
  readonly maxColumns: number;
  readonly maxRows: number;
}

export interface CheckRequest {
  /** The uploaded file; its name may be anything. */
  readonly file: string;
  readonly format: 'CSV' | 'PARQUET';
  /** Where the Parquet table is written. Scratch files go beside it. */
  readonly out: string;
  readonly limits: CheckLimits;
}

/** With an error among the findings there is no table: `columns` and the profile's columns are empty then. */
export interface CheckResult {
  readonly columns: readonly Column[];
  readonly profile: DatasetProfile;
  readonly findings: readonly Finding[];
  readonly rows: number;
}
