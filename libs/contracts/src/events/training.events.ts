import { z } from 'zod';

/** A part of a training spec, or what trained: the first 16 hex digits of the SHA-256 of its canonical JSON, and words for it. */
const part = z.strictObject({ digest: z.string(), label: z.string() });
const job = { jobId: z.string(), runId: z.string() };

export const TRAINING_EVENTS = {
  'template.created': z.strictObject({ templateId: z.string(), name: z.string(), project: z.string(), revision: z.int() }),
  'template.updated': z.strictObject({ templateId: z.string(), name: z.string(), project: z.string(), revision: z.int() }),
  'training_job.queued': z.strictObject({
    ...job,
    templateId: z.string(),
    templateRevision: z.int(),
    datasetVersionId: z.string(),
    /** How rows are prepared and split; absent in older events. */
    preparation: part.optional(),
    split: part.optional(),
    /** The run that it does anew. */
    reproduces: z.string().optional(),
  }),
  /** `resumedFrom`: epoch of the checkpoint from which the attempt goes on. */
  'training_job.started': z.strictObject({ ...job, attempt: z.int(), runner: z.string(), resumedFrom: z.int().optional() }),
  'training_job.checkpointed': z.strictObject({ ...job, attempt: z.int(), epoch: z.int(), blob: z.string() }),
  'training_job.retrying': z.strictObject({ ...job, attempt: z.int(), reason: z.string() }),
  'training_job.succeeded': z.strictObject({
    ...job,
    attempt: z.int(),
    datasetVersionId: z.string(),
    registerAs: z.string().nullable(),
    /** What trained: the code (package and version), the engine and the back end on which it ran. */
    code: z.string(),
    engine: z.string(),
    backend: z.string(),
    /** All of it with what it ran on, as one; absent in older events. */
    environment: part.optional(),
  }),
  'training_job.failed': z.strictObject({ ...job, attempt: z.int(), reason: z.string() }),
  /** A running job was asked to end; it is told at its next heartbeat. */
  'training_job.cancel_requested': z.strictObject({ ...job, attempt: z.int() }),
  'training_job.canceled': z.strictObject({ ...job, attempt: z.int() }),
} as const;
