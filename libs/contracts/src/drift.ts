import { z } from 'zod';

/** Limits by which columns are judged. */
export const DRIFT_LIMITS = {
  /** Population stability index from which a shift matters in practice (N. Siddiqi, Credit Risk Scorecards, 2006: above 0.25 major, 0.1 to 0.25 some). */
  psi: 0.2,
  /** False discovery rate of the tests of all columns together. */
  fdr: 0.05,
  /** Fewer values on either side say nothing. */
  minSamples: 50,
} as const;

/** How one column differs. */
export const ColumnDriftSchema = z.strictObject({
  name: z.string(),
  /** `ks`: two-sample Kolmogorov-Smirnov, for numbers. `chi_square`: of the categories, for texts and booleans. */
  test: z.enum(['ks', 'chi_square']),
  /** Null where there are too few values to tell. */
  statistic: z.number().nullable(),
  p: z.number().nullable(),
  /** p corrected for the number of columns (Benjamini and Hochberg, 1995). */
  q: z.number().nullable(),
  psi: z.number().nullable(),
  /** Values on each side, missing ones not counted. */
  reference: z.int(),
  current: z.int(),
  /** Past the threshold of the effect, and not by chance: never by p alone. */
  drifted: z.boolean(),
  /** For people: what was seen. */
  message: z.string(),
});
export type ColumnDrift = z.infer<typeof ColumnDriftSchema>;

/** A data set version against another one. */
export const DriftReportSchema = z.strictObject({
  against: z.string(),
  /** `appended`: every row of the other one is still there, and the added rows are compared with it; `whole`: both as they are. */
  mode: z.enum(['appended', 'whole']),
  added: z.int(),
  removed: z.int(),
  drifted: z.boolean(),
  /** The largest PSI, and its column; null where no column could be judged. */
  worst: z.strictObject({ column: z.string(), psi: z.number() }).nullable(),
  columns: z.array(ColumnDriftSchema),
});
export type DriftReport = z.infer<typeof DriftReportSchema>;
