import { expect } from 'vitest';
import { EVENTS, LineageWriter, type EventData, type EventName, type GateResult, type LoggedEvent } from '#contracts';
import { newId } from '#kernel';
import { faultsOf } from '../../../../test/openlineage/validator.js';
import { lineageEvent } from './lineage-event.js';
import type { DataFacts, LineageFactsPort, RunFacts } from './lineage-facts.port.js';
import { factsIn } from './lineage-kit.js';

export const ids = {
  dataset: newId('dataset'),
  data: newId('datasetVersion'),
  experiment: newId('experiment'),
  run: newId('run'),
  parent: newId('run'),
  job: newId('trainingJob'),
  template: newId('template'),
  model: newId('model'),
  version: newId('modelVersion'),
  other: newId('modelVersion'),
  request: newId('stageRequest'),
  endpoint: newId('endpoint'),
  revision: newId('revision'),
};
export const gate = (outcome: GateResult['outcome']): GateResult => ({
  gate: { kind: 'metric_min', metric: 'f1', min: 0.9, source: 'measured' },
  outcome,
  message: `f1 is ${outcome}`,
  observed: 0.5,
});
export const run: RunFacts = {
  id: ids.run,
  name: 'trial',
  status: 'RUNNING',
  resumes: 0,
  parentId: ids.parent,
  experiment: 'species',
  project: '/birds',
  params: { depth: '3' },
  tags: { team: 'blue', 'mlflow.note.content': 'long', 'tailrace.engine': 'tfjs 4.22.0' },
  datasetVersionIds: [ids.data],
  datasets: [{ name: 'extra', digest: 'd1', sourceType: 's3' }],
  models: [{ id: 'lgm_1', name: 'clf', project: '/birds', direction: 'output' }],
};
const place = { name: 'penguins', project: '/birds' };
const facts: DataFacts = { ...place, number: 2, format: 'CSV', columns: [{ name: 'x', type: 'number', nullable: false }] };
export const port: LineageFactsPort = {
  workspaceName: async () => 'default',
  dataset: async () => ({ ...place, description: 'of an island' }),
  data: async (_workspace, versions) => versions.map(() => facts),
  checked: async () => ({
    ...facts,
    size: 99,
    profile: {
      rows: 3,
      duplicateRows: 0,
      columns: [{ name: 'x', type: 'number', missing: 0, distinct: 3, min: 1, max: 3, median: 2 }],
    },
    findings: [],
  }),
  experiment: async () => ({ name: 'species', project: '/birds' }),
  run: async (_workspace, id) => (id === ids.parent ? { ...run, id, parentId: null } : { ...run, id }),
  trainedBy: async () => undefined,
  datasetOfTemplate: async () => ids.dataset,
  model: async () => ({ name: 'm', project: '/birds' }),
  modelVersion: async () => ({ model: 'm', project: '/birds', number: 3, runId: ids.run, datasetVersionId: ids.data }),
  madeByRun: async () => [{ model: 'm', project: '/birds', number: 3, runId: ids.run, datasetVersionId: ids.data }],
  verdict: async () => ({ versionId: ids.version, stage: 'production', gates: [gate('passed')] }),
  endpoint: async () => ({ name: 'e', project: '/birds' }),
};

export interface Said {
  readonly eventType?: string;
  readonly run?: { readonly runId: string; readonly facets: Record<string, Record<string, unknown>> };
  readonly job?: { readonly namespace: string; readonly name: string };
  readonly dataset?: { readonly name: string; readonly facets: Record<string, unknown> };
  readonly inputs?: readonly { readonly name: string }[];
  readonly outputs?: readonly { readonly name: string }[];
}

/** The event that is written for one of ours, checked by the released schemas. */
export async function told<N extends EventName>(
  name: N,
  data: EventData<N>,
  facts: Partial<LineageFactsPort> = {},
  cause?: LoggedEvent,
): Promise<Said> {
  EVENTS[name].parse(data);
  const kit = {
    write: new LineageWriter({ publicUrl: 'https://tailrace.example', workspace: 'default' }),
    facts: factsIn({ ...port, ...facts }, 'wsp_1'),
    time: new Date(0),
    cause: async () => cause,
  };
  const event = await lineageEvent(kit, { name, data });
  const said = event && (JSON.parse(JSON.stringify(event)) as Said);
  expect(said && faultsOf(said)).toEqual(said && []);
  return said!;
}

export const life = { runId: ids.run, experimentId: ids.experiment, jobId: null };
export const version = { modelId: ids.model, versionId: ids.version, number: 3 };
export const measured = { ...version, evaluationId: newId('evaluation') };
export const asked = { ...version, requestId: ids.request, stage: 'production' };
export const data = { datasetId: ids.dataset, versionId: ids.data, number: 2 };

/** An event of OpenLineage in a few words: the state of a run and its job, a job, or a data set. */
export const words = ({ eventType, job, dataset }: Said) =>
  dataset ? `dataset ${dataset.name}` : `${eventType ?? 'job'} ${job!.name}`;
