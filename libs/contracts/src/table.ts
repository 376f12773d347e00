import { z } from 'zod';
import { DriftReportSchema } from './drift.js';

/** Types of a data set's columns. Whole numbers are numbers; dates stay text until a preparation step reads them. */
export const ColumnTypeSchema = z.enum(['number', 'text', 'boolean']);
export type ColumnType = z.infer<typeof ColumnTypeSchema>;

export const ColumnSchema = z.strictObject({ name: z.string().min(1), type: ColumnTypeSchema, nullable: z.boolean() });
export type Column = z.infer<typeof ColumnSchema>;

export type Cell = number | string | boolean | null;

/** A typed table in memory, by column: every array of `data` has `rows` cells; a missing value is null (never NaN, never ''). */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly data: Readonly<Record<string, readonly Cell[]>>;
}

/** Statistics of one column; `mean` and `std` (population) in the column's own unit, absent for text. */
export const ColumnProfileSchema = z.strictObject({
  name: z.string(),
  type: ColumnTypeSchema,
  missing: z.int().nonnegative(),
  distinct: z.int().nonnegative(),
  min: z.number().nullable().optional(),
  max: z.number().nullable().optional(),
  mean: z.number().nullable().optional(),
  std: z.number().nullable().optional(),
  median: z.number().nullable().optional(),
  /** Most frequent values, falling; at most 20. */
  top: z.array(z.strictObject({ value: z.string(), count: z.int() })).optional(),
});
export type ColumnProfile = z.infer<typeof ColumnProfileSchema>;

/** One finding of a check, readable as it stands: `line` is the line of the uploaded file (the header is line 1). */
export const FindingSchema = z.strictObject({
  severity: z.enum(['error', 'warning']),
  code: z.string(),
  message: z.string(),
  line: z.int().optional(),
  column: z.string().optional(),
});
export type Finding = z.infer<typeof FindingSchema>;

export const DatasetProfileSchema = z.strictObject({
  rows: z.int().nonnegative(),
  columns: z.array(ColumnProfileSchema),
  duplicateRows: z.int().nonnegative(),
  /** Against the parent version; absent until it was compared, and where there is none. */
  drift: DriftReportSchema.optional(),
});
export type DatasetProfile = z.infer<typeof DatasetProfileSchema>;
