import { Module } from '@nestjs/common';
import { EVENTS, eventType, type EventData, type EventName } from '#contracts';
import { LineageConsumer } from '#lineage';
import { RelayModule } from '#messaging';
import { newId } from '#kernel';
import { until } from '#testing';
import type { Stack } from './stack.js';

/** What numbers events and draws them. */
@Module({ imports: [RelayModule], providers: [LineageConsumer] })
export class DrawingRole {}

/** Appends an event to the log as a use case would; `time` is when it happened. */
export async function say<N extends EventName>(stack: Stack, name: N, data: EventData<N>, time = new Date()): Promise<void> {
  EVENTS[name].parse(data);
  await stack.rows(
    `insert into event_log (id, workspace_id, type, subject, data, time, correlation_id, auth_id) values ($1, $2, $3, 'test/1', $4, $5, 'c', 'test')`,
    [newId('event'), stack.workspaceId, eventType(name), JSON.stringify(data), time],
  );
}

/** Waits until the consumer has passed everything that was said. */
export async function drawn(stack: Stack): Promise<void> {
  await until('the graph holds what was said', async () => {
    const [row] = await stack.rows<{ done: boolean }>(
      `select coalesce((select position from log_cursor where consumer = 'lineage'), 0) >= coalesce(max(sequence), 0) and count(*) = count(sequence) as done from event_log`,
    );
    return row!.done;
  });
}

/** Every row of the graph. */
export async function graphRows(stack: Stack): Promise<unknown> {
  return {
    nodes: await stack.rows('select * from lineage_node order by workspace_id, id'),
    edges: await stack.rows('select * from lineage_edge order by workspace_id, from_id, to_id, relation'),
  };
}

export interface Drawn {
  readonly dataset: string;
  readonly versions: readonly string[];
  readonly template: string;
  readonly run: string;
  readonly job: string;
  readonly model: string;
  readonly version: string;
  readonly endpoint: string;
  readonly revision: string;
}

/** One loop, as the log tells it: data with a parent, a training, a version in production, an endpoint that answers with it. */
export async function sayLoop(stack: Stack, project: string, at: (minute: number) => Date = () => new Date()): Promise<Drawn> {
  const ids = {
    dataset: newId('dataset'),
    versions: [newId('datasetVersion'), newId('datasetVersion')],
    template: newId('template'),
    run: newId('run'),
    job: newId('trainingJob'),
    model: newId('model'),
    version: newId('modelVersion'),
    endpoint: newId('endpoint'),
    revision: newId('revision'),
  };
  const experimentId = newId('experiment');
  const [first, second] = ids.versions as [string, string];
  const job = { jobId: ids.job, runId: ids.run };
  const version = { modelId: ids.model, versionId: ids.version, number: 1 };
  const revision = { endpointId: ids.endpoint, revisionId: ids.revision, number: 1, modelVersionId: ids.version };
  const made = { datasetId: ids.dataset, versionId: first, number: 1, parentId: null, blob: 'a'.repeat(64) };
  await say(stack, 'dataset.created', { datasetId: ids.dataset, name: 'penguins', project }, at(0));
  await say(stack, 'dataset_version.created', made, at(1));
  await say(stack, 'dataset_version.created', { ...made, versionId: second, number: 2, parentId: first }, at(2));
  await say(stack, 'template.created', { templateId: ids.template, name: 'species', project, revision: 1 }, at(3));
  await say(stack, 'experiment.created', { experimentId, name: 'e', project }, at(3));
  await say(stack, 'run.started', { runId: ids.run, experimentId, jobId: ids.job, datasetVersionIds: [second] }, at(4));
  const queued = { templateId: ids.template, templateRevision: 1, datasetVersionId: second };
  await say(stack, 'training_job.queued', { ...job, ...queued }, at(4));
  await say(stack, 'training_job.started', { ...job, attempt: 1, runner: 'r' }, at(5));
  await say(stack, 'model.created', { modelId: ids.model, name: 'm', project }, at(6));
  await say(stack, 'model_version.created', { ...version, runId: ids.run, datasetVersionId: second }, at(7));
  await say(stack, 'model_version.stage_changed', { ...version, from: 'none', to: 'production', requestId: null }, at(8));
  const follows = { endpointId: ids.endpoint, name: 'e', project, modelId: ids.model, stage: 'production' };
  await say(stack, 'endpoint.created', follows, at(9));
  await say(stack, 'deployment.created', revision, at(10));
  await say(stack, 'deployment.ready', { ...revision, nodeId: 'n' }, at(11));
  return ids;
}
