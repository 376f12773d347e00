import { z } from 'zod';

const end = z.strictObject({ runId: z.string(), experimentId: z.string(), jobId: z.string().nullable() });

export const RUN_EVENTS = {
  'experiment.created': z.strictObject({ experimentId: z.string(), name: z.string(), project: z.string() }),
  'run.started': z.strictObject({
    runId: z.string(),
    experimentId: z.string(),
    jobId: z.string().nullable(),
    datasetVersionIds: z.array(z.string()),
  }),
  'run.finished': end,
  'run.failed': end,
  'run.killed': end,
  /** At most once per run and second, with the latest values: points are never events one by one. */
  'run.metrics_logged': z.strictObject({ runId: z.string(), metrics: z.record(z.string(), z.number()) }),
} as const;
