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
    /** What its client says that it ran: a file or a notebook, and the commit; null for a client that does not say. */
    code: z.strictObject({ source: z.string(), commit: z.string().nullable() }).nullable().optional(),
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
  'logged_model.created': z.strictObject({ ...loggedModel, name: z.string(), runId: z.string().nullable() }),
  'logged_model.updated': z.strictObject(loggedModel),
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
