import { z } from 'zod';

const life = z.strictObject({ runId: z.string(), experimentId: z.string() });
const loggedModel = { loggedModelId: z.string(), experimentId: z.string() };
const end = z.strictObject({
  runId: z.string(),
  experimentId: z.string(),
  jobId: z.string().nullable(),
  /** Status before, and how often the run has gone on after an end; absent in older events. */
  from: z.string().optional(),
  resumes: z.int().optional(),
});

/** A file or a notebook, its commit, and, absent in older events, where that is from; `diff` is the SHA-256 of changes that no commit holds. */
const code = z.strictObject({
  source: z.string().nullable(),
  commit: z.string().nullable(),
  branch: z.string().optional(),
  repository: z.string().optional(),
  dirty: z.boolean().optional(),
  diff: z.string().optional(),
});

export const RUN_EVENTS = {
  'experiment.created': z.strictObject({ experimentId: z.string(), name: z.string(), project: z.string() }),
  'experiment.updated': z.strictObject({ experimentId: z.string(), name: z.string() }),
  'experiment.deleted': z.strictObject({ experimentId: z.string() }),
  'experiment.restored': z.strictObject({ experimentId: z.string() }),
  'experiment.purged': z.strictObject({ experimentId: z.string(), name: z.string() }),
  'run.started': z.strictObject({
    runId: z.string(),
    experimentId: z.string(),
    jobId: z.string().nullable(),
    datasetVersionIds: z.array(z.string()),
    /** What follows is absent in older events. */
    name: z.string().optional(),
    parentId: z.string().nullable().optional(),
    /** What its client says that it ran; null for a client that does not say. */
    code: code.nullable().optional(),
  }),
  /** Data sets and logged models that a client says it used or made, by name and digest or by id. */
  'run.linked': z.strictObject({
    runId: z.string(),
    experimentId: z.string(),
    datasets: z.array(z.strictObject({ name: z.string(), digest: z.string() })),
    inputs: z.array(z.string()),
    outputs: z.array(z.string()),
    /** How often the run had gone on after an end; absent in older events. */
    resumes: z.int().optional(),
  }),
  'run.finished': end,
  'run.failed': end,
  'run.killed': end,
  /** A run that had ended goes on. */
  'run.resumed': end,
  /** What was logged of a run changed otherwise than by logging while it runs: a tag was deleted, or it was logged to after its end. */
  'run.amended': life,
  'run.updated': z.strictObject({ runId: z.string(), experimentId: z.string(), name: z.string() }),
  /** What clients logged after a step was dropped; the run goes on from there. */
  'run.rewound': z.strictObject({ runId: z.string(), experimentId: z.string(), step: z.int(), points: z.int() }),
  'run.deleted': life,
  'run.restored': life,
  /** Gone for good, with all that belonged to it. */
  'run.purged': life,
  /** The platform has measured, on the model's own files, what a training made. */
  'run.measured': z.strictObject({ runId: z.string() }),
  /** It could not be measured, and it is not tried any more. */
  'run.measurement_failed': z.strictObject({ runId: z.string(), reason: z.string() }),
  /** A run that does another one anew was compared with it. `differs`: what was not the same, such as BACKEND or DATA. */
  'run.reproduced': z.strictObject({
    runId: z.string(),
    jobId: z.string(),
    originalRunId: z.string(),
    verdict: z.enum(['AGREES', 'DISAGREES', 'NOT_COMPARABLE']),
    weightsEqual: z.boolean().nullable(),
    differs: z.array(z.string()),
  }),
  'logged_model.created': z.strictObject({
    ...loggedModel,
    name: z.string(),
    runId: z.string().nullable(),
    code: code.nullable().optional(),
  }),
  /** `code`: when its tags now say what it was made with. */
  'logged_model.updated': z.strictObject({ ...loggedModel, code: code.optional() }),
  'logged_model.ready': z.strictObject(loggedModel),
  'logged_model.failed': z.strictObject(loggedModel),
  'logged_model.deleted': z.strictObject(loggedModel),
  'logged_model.purged': z.strictObject(loggedModel),
  /** Files were given to a run or logged model that was finished already; those of before are not said one by one. */
  'artifact.added': z.strictObject({ ownerId: z.string(), count: z.int() }),
  'artifact.deleted': z.strictObject({ ownerId: z.string(), path: z.string(), count: z.int() }),
  /** At most once per run and second, with the latest values: points are never events one by one. */
  'run.metrics_logged': z.strictObject({ runId: z.string(), metrics: z.record(z.string(), z.number()) }),
} as const;
