import { z } from 'zod';

const version = { modelId: z.string(), versionId: z.string(), number: z.int() };
const request = { ...version, requestId: z.string(), stage: z.string() };
/** `prompt`: the model is a prompt of MLflow's prompt registry, which its readers know as another noun. */
const named = { name: z.string(), prompt: z.boolean() };
const model = { modelId: z.string(), ...named };
const namedVersion = { ...version, ...named };
const flow = { flowId: z.string(), name: z.string(), revision: z.int() };
const tag = { key: z.string(), value: z.string() };
/** What a thing was made with; absent in events that are older than tags. */
const made = { description: z.string().optional(), tags: z.record(z.string(), z.string()).optional() };

/** `datasetVersionId`: where it is measured on data that were named. */
const evaluation = { ...version, evaluationId: z.string(), datasetVersionId: z.string().optional() };

export const MODEL_EVENTS = {
  'model.created': z.strictObject({ modelId: z.string(), name: z.string(), project: z.string(), ...made }),
  'model.updated': z.strictObject({ ...model, previousName: z.string().optional() }),
  /** `project` is absent in older events. */
  'model.deleted': z.strictObject({ ...model, project: z.string().optional() }),
  /** `flowId`: the workspace's flow that it follows, null for one of its own. */
  'model.flow_changed': z.strictObject({ ...model, flowId: z.string().nullable(), flowRevision: z.int() }),
  'stage_flow.created': z.strictObject(flow),
  'stage_flow.updated': z.strictObject(flow),
  'stage_flow.deleted': z.strictObject(flow),
  /** Of the checks of a workspace's own. */
  'check_secret.rotated': z.strictObject({ graceHours: z.number() }),
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
  /** Its files are to be measured once more. */
  'model_version.evaluation_requested': z.strictObject(evaluation),
  'model_version.evaluated': z.strictObject(evaluation),
  'model_version.evaluation_failed': z.strictObject({ ...evaluation, reason: z.string() }),
  'model_version.stage_requested': z.strictObject(request),
  'model_version.gates_evaluated': z.strictObject({
    ...request,
    passed: z.boolean(),
    /** Each gate in its place, with what it asks; absent in older events. */
    gates: z.array(z.strictObject({ text: z.string(), outcome: z.enum(['passed', 'failed', 'unknown']) })).optional(),
  }),
  /** The gates that look at the champion are to be evaluated again: another one stands there, or the move is about to be made. */
  'model_version.recheck_requested': z.strictObject(request),
  'model_version.request_expired': z.strictObject({ ...request, reason: z.string() }),
  /** Somebody moved it past its gates and approvals. */
  'model_version.stage_forced': z.strictObject({ ...version, from: z.string(), to: z.string(), by: z.string().nullable() }),
  /** Its files were looked at. */
  'model_version.scanned': z.strictObject({
    ...version,
    outcome: z.enum(['clean', 'unsafe', 'refused']),
    /** Each format that it holds with the SHA-256 of its files, at most 64 of each; absent in older events. */
    formats: z.array(z.strictObject({ name: z.string(), blobs: z.array(z.string()) })).optional(),
    /** Its files that pin packages, with their SHA-256, at most 64; absent in older events. */
    environmentFiles: z.array(z.strictObject({ path: z.string(), blob: z.string() })).optional(),
  }),
  /** `name`: the member's, absent in older events. */
  'model_version.approved': z.strictObject({ ...request, by: z.string(), name: z.string().optional() }),
  'model_version.rejected': z.strictObject({ ...request, by: z.string(), name: z.string().optional() }),
  'model_version.stage_changed': z.strictObject({
    ...version,
    from: z.string(),
    to: z.string(),
    requestId: z.string().nullable(),
  }),
} as const;
