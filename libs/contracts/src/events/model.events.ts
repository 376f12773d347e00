import { z } from 'zod';

const version = { modelId: z.string(), versionId: z.string(), number: z.int() };
const request = { ...version, requestId: z.string(), stage: z.string() };
/** `prompt`: the model is a prompt of MLflow's prompt registry, which its readers know as another noun. */
const named = { name: z.string(), prompt: z.boolean() };
const model = { modelId: z.string(), ...named };
const namedVersion = { ...version, ...named };
const tag = { key: z.string(), value: z.string() };
/** What a thing was made with; absent in events that are older than tags. */
const made = { description: z.string().optional(), tags: z.record(z.string(), z.string()).optional() };

export const MODEL_EVENTS = {
  'model.created': z.strictObject({ modelId: z.string(), name: z.string(), project: z.string(), ...made }),
  'model.updated': z.strictObject({ ...model, previousName: z.string().optional() }),
  'model.deleted': z.strictObject(model),
  'model.tag_set': z.strictObject({ ...model, ...tag }),
  'model.tag_removed': z.strictObject({ ...model, key: z.string() }),
  'model_version.created': z.strictObject({
    ...version,
    runId: z.string().nullable(),
    datasetVersionId: z.string().nullable(),
    name: z.string().optional(),
    prompt: z.boolean().optional(),
    source: z.string().nullable().optional(),
    loggedModelId: z.string().nullable().optional(),
    ...made,
  }),
  'model_version.updated': z.strictObject(namedVersion),
  'model_version.deleted': z.strictObject(namedVersion),
  'model_version.tag_set': z.strictObject({ ...namedVersion, ...tag }),
  'model_version.tag_removed': z.strictObject({ ...namedVersion, key: z.string() }),
  'model_version.alias_set': z.strictObject({ ...namedVersion, alias: z.string() }),
  'model_version.alias_removed': z.strictObject({ ...namedVersion, alias: z.string() }),
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
