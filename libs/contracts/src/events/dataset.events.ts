import { z } from 'zod';

const comparison = { datasetId: z.string(), versionId: z.string(), number: z.int(), againstId: z.string() };
const outcome = {
  mode: z.enum(['appended', 'whole']),
  drifted: z.boolean(),
  psi: z.number().nullable(),
  column: z.string().nullable(),
};

export const DATASET_EVENTS = {
  'dataset.created': z.strictObject({ datasetId: z.string(), name: z.string(), project: z.string() }),
  'dataset_version.created': z.strictObject({
    datasetId: z.string(),
    versionId: z.string(),
    number: z.int(),
    parentId: z.string().nullable(),
    blob: z.string(),
  }),
  'dataset_version.validated': z.strictObject({
    datasetId: z.string(),
    versionId: z.string(),
    number: z.int(),
    parentId: z.string().nullable(),
    rows: z.int(),
    warnings: z.int(),
  }),
  'dataset_version.comparison_requested': z.strictObject(comparison),
  /** It was compared with another version; `psi` is that of the column that differs most. */
  'dataset_version.compared': z.strictObject({ ...comparison, ...outcome }),
  'dataset_version.drift_detected': z.strictObject({ ...comparison, ...outcome, columns: z.array(z.string()) }),
  /** It was valid, and somebody has withdrawn it: nothing new may rest on it. */
  'dataset_version.retracted': z.strictObject({
    datasetId: z.string(),
    versionId: z.string(),
    number: z.int(),
    reason: z.string(),
  }),
  'dataset_version.validation_failed': z.strictObject({
    datasetId: z.string(),
    versionId: z.string(),
    number: z.int(),
    reason: z.string(),
  }),
} as const;
