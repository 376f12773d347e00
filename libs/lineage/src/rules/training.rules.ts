import type { EventData } from '#contracts';
import { edge, edgeIf, part, type Rules } from './rule.js';

const templateAt = (templateId: string, revision: number) => `${templateId}@${revision}`;
const attemptOf = (jobId: string, attempt: number) => `attempt:${jobId}#${attempt}`;
const checkpointOf = (jobId: string, epoch: number) => `checkpoint:${jobId}@${epoch}`;

function template({ templateId: id, name: label, project, revision }: EventData<'template.created'>) {
  const now = templateAt(id, revision);
  const before = revision > 1 ? templateAt(id, revision - 1) : null;
  return part(
    [
      { id, label, project },
      { id: now, label: `${label} revision ${revision}`, project },
    ],
    [edge(now, 'revision_of', id), ...edgeIf(now, 'derived_from', before)],
  );
}

const jobEnds = (state: string) => (data: { readonly jobId: string; readonly attempt: number }) =>
  part([
    { id: data.jobId, state },
    { id: attemptOf(data.jobId, data.attempt), within: data.jobId, state },
  ]);

export const TRAINING_RULES: Rules = {
  'template.created': template,
  'template.updated': template,
  'training_job.queued': ({
    jobId: id,
    runId,
    templateId,
    templateRevision,
    datasetVersionId,
    preparation,
    split,
    reproduces,
  }) => {
    const cut = split && `split:${datasetVersionId}:${split.digest}`;
    const prepared = preparation && `preparation:${preparation.digest}`;
    return part(
      [
        { id, label: `job ${id.slice(-6)}`, within: templateId, state: 'QUEUED' },
        { id: templateAt(templateId, templateRevision), within: templateId },
        ...(cut ? [{ id: cut, label: split.label, within: templateId }] : []),
        ...(prepared ? [{ id: prepared, label: preparation.label }] : []),
      ],
      [
        edge(runId, 'made_by', id),
        edge(id, 'configured_by', templateAt(templateId, templateRevision)),
        edge(templateAt(templateId, templateRevision), 'revision_of', templateId),
        ...edgeIf(runId, 'prepared_by', prepared),
        ...(cut ? [edge(runId, 'split_by', cut), edge(cut, 'split_of', datasetVersionId)] : []),
        ...edgeIf(runId, 'reproduces', reproduces),
      ],
    );
  },
  'training_job.started': ({ jobId, runId, attempt, resumedFrom }) => {
    const id = attemptOf(jobId, attempt);
    const from = resumedFrom === undefined ? null : checkpointOf(jobId, resumedFrom);
    return part(
      [
        { id: jobId, state: 'RUNNING' },
        { id, label: `attempt ${attempt}`, within: jobId, state: 'RUNNING' },
      ],
      [edge(runId, 'computed_in', id), edge(id, 'attempt_of', jobId), ...edgeIf(id, 'resumed_from', from)],
    );
  },
  'training_job.checkpointed': ({ jobId, attempt, epoch, blob }) => {
    const id = checkpointOf(jobId, epoch);
    return part(
      [{ id, label: `epoch ${epoch}`, within: jobId }],
      [edge(id, 'written_by', attemptOf(jobId, attempt)), edge(id, 'stored_as', blob)],
    );
  },
  'training_job.retrying': ({ jobId, attempt }) =>
    part([
      { id: jobId, state: 'QUEUED' },
      { id: attemptOf(jobId, attempt), within: jobId, state: 'FAILED' },
    ]),
  'training_job.succeeded': ({ jobId, runId, attempt, code, engine, backend, environment }) => {
    const computed = `engine:${engine} on ${backend}`;
    const within = environment && { id: `environment:${environment.digest}`, label: environment.label };
    return part(
      [...jobEnds('SUCCEEDED')({ jobId, attempt }).nodes, ...(within ? [within] : [])],
      [
        edge(runId, 'ran', `code:${code}`),
        edge(runId, 'computed_by', computed),
        ...(within ? [edge(runId, 'ran_in', within.id), edge(within.id, 'holds', computed)] : []),
      ],
    );
  },
  'training_job.failed': jobEnds('FAILED'),
  // A job that no attempt has taken yet ends without one.
  'training_job.canceled': (data) =>
    data.attempt > 0 ? jobEnds('CANCELED')(data) : part([{ id: data.jobId, state: 'CANCELED' }]),
};
