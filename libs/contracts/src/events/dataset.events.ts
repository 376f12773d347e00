import { z } from 'zod';

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
  'dataset_version.validation_failed': z.strictObject({
    datasetId: z.string(),
    versionId: z.string(),
    number: z.int(),
    reason: z.string(),
  }),
} as const;
