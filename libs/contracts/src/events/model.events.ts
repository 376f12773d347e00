import { z } from 'zod';

const version = { modelId: z.string(), versionId: z.string(), number: z.int() };
const request = { ...version, requestId: z.string(), stage: z.string() };

export const MODEL_EVENTS = {
  'model.created': z.strictObject({ modelId: z.string(), name: z.string(), project: z.string() }),
  'model_version.created': z.strictObject({
    ...version,
    runId: z.string(),
    datasetVersionId: z.string().nullable(),
  }),
  'model_version.stage_requested': z.strictObject(request),
  'model_version.gates_evaluated': z.strictObject({ ...request, passed: z.boolean() }),
  'model_version.approved': z.strictObject({ ...request, by: z.string() }),
  'model_version.rejected': z.strictObject({ ...request, by: z.string() }),
  'model_version.stage_changed': z.strictObject({
    ...version,
    from: z.string(),
    to: z.string(),
    requestId: z.string().nullable(),
  }),
} as const;
