import { describe, expect, it, test } from 'vitest';
import {
  EVENTS,
  LineageWriter,
  stretchId,
  uuidOf,
  type EventData,
  type EventName,
  type GateResult,
  type LoggedEvent,
} from '#contracts';
import { newId } from '#kernel';
import { facetsIn, faultsOf } from '../../../../test/openlineage/validator.js';
import { checkLineageTypes, LINEAGE_NAMES, lineageEvent, lineageSubject } from './lineage-event.js';
import type { DataFacts, LineageFactsPort, RunFacts } from './lineage-facts.port.js';
import { factsIn } from './lineage-kit.js';

const ids = {
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
const gate = (outcome: GateResult['outcome']): GateResult => ({
  gate: { kind: 'metric_min', metric: 'f1', min: 0.9, source: 'measured' },
  outcome,
  message: `f1 is ${outcome}`,
  observed: 0.5,
});
const run: RunFacts = {
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
const port: LineageFactsPort = {
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

interface Said {
  readonly eventType?: string;
  readonly run?: { readonly runId: string; readonly facets: Record<string, Record<string, unknown>> };
  readonly job?: { readonly namespace: string; readonly name: string };
  readonly dataset?: { readonly name: string; readonly facets: Record<string, unknown> };
  readonly inputs?: readonly { readonly name: string }[];
  readonly outputs?: readonly { readonly name: string }[];
}

/** The event that is written for one of ours, checked by the released schemas. */
async function told<N extends EventName>(
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

const life = { runId: ids.run, experimentId: ids.experiment, jobId: null };
const version = { modelId: ids.model, versionId: ids.version, number: 3 };
const measured = { ...version, evaluationId: newId('evaluation') };
const asked = { ...version, requestId: ids.request, stage: 'production' };
const data = { datasetId: ids.dataset, versionId: ids.data, number: 2 };
const revision = { endpointId: ids.endpoint, revisionId: ids.revision, number: 1, modelVersionId: ids.version };
const template = { templateId: ids.template, name: 't', project: '/birds', revision: 1 };
const compared = { ...data, againstId: ids.data, mode: 'whole' as const, drifted: false, psi: null, column: null };

/** Each event with what becomes of it: the state of a run and its job, a job, or a data set. */
const CASES: { readonly [N in EventName]?: readonly [EventData<N>, string] } = {
  'dataset.created': [{ datasetId: ids.dataset, name: 'penguins', project: '/birds' }, 'dataset/penguins'],
  'dataset_version.created': [{ ...data, parentId: null, blob: 'a'.repeat(64) }, 'START dataset/penguins/check'],
  'dataset_version.validated': [{ ...data, parentId: null, rows: 3, warnings: 0 }, 'COMPLETE dataset/penguins/check'],
  'dataset_version.validation_failed': [{ ...data, reason: 'bad' }, 'FAIL dataset/penguins/check'],
  'dataset_version.compared': [compared, 'job dataset/penguins/compare'],
  'run.started': [{ ...life, datasetVersionIds: [ids.data] }, 'START experiment/species'],
  'run.linked': [
    { runId: ids.run, experimentId: ids.experiment, datasets: [], inputs: [], outputs: [] },
    'RUNNING experiment/species',
  ],
  'run.finished': [life, 'COMPLETE experiment/species'],
  'run.failed': [life, 'FAIL experiment/species'],
  'run.killed': [life, 'ABORT experiment/species'],
  'run.resumed': [life, 'START experiment/species'],
  'training_job.started': [{ jobId: ids.job, runId: ids.run, attempt: 1, runner: 'r' }, 'RUNNING experiment/species'],
  'model.created': [{ modelId: ids.model, name: 'm', project: '/birds' }, 'dataset model/m'],
  'model.updated': [{ modelId: ids.model, name: 'm', prompt: false, previousName: 'l' }, 'dataset model/m'],
  'model.deleted': [{ modelId: ids.model, name: 'm', prompt: false, project: '/birds' }, 'dataset model/m'],
  'model_version.created': [{ ...version, runId: ids.run, datasetVersionId: null }, 'job experiment/species'],
  'model_version.evaluation_requested': [measured, 'START model/m/evaluate'],
  'model_version.evaluated': [{ ...measured, datasetVersionId: ids.data }, 'COMPLETE model/m/evaluate'],
  'model_version.evaluation_failed': [{ ...measured, reason: 'no memory' }, 'FAIL model/m/evaluate'],
  'model_version.stage_requested': [asked, 'START model/m/stage/production'],
  'model_version.gates_evaluated': [{ ...asked, passed: true }, 'RUNNING model/m/stage/production'],
  'model_version.approved': [{ ...asked, by: 'mem_1' }, 'RUNNING model/m/stage/production'],
  'model_version.rejected': [{ ...asked, by: 'mem_1' }, 'FAIL model/m/stage/production'],
  'model_version.request_expired': [{ ...asked, reason: 'late' }, 'ABORT model/m/stage/production'],
  'model_version.stage_changed': [
    { ...version, from: 'none', to: 'production', requestId: ids.request },
    'COMPLETE model/m/stage/production',
  ],
  'experiment.created': [{ experimentId: ids.experiment, name: 'species', project: '/birds' }, 'job experiment/species'],
  'experiment.updated': [{ experimentId: ids.experiment, name: 'kinds' }, 'job experiment/kinds'],
  'template.created': [template, 'job template/t'],
  'template.updated': [template, 'job template/t'],
  'endpoint.created': [
    { endpointId: ids.endpoint, name: 'e', project: '/birds', modelId: ids.model, stage: 'production' },
    'job endpoint/e',
  ],
  'deployment.ready': [{ ...revision, nodeId: 'n' }, 'job endpoint/e'],
};

const words = ({ eventType, job, dataset }: Said) => (dataset ? `dataset ${dataset.name}` : `${eventType ?? 'job'} ${job!.name}`);

describe('one event of OpenLineage', () => {
  it('is there for each of ours that means something', () => {
    expect(Object.keys(CASES).sort()).toEqual([...LINEAGE_NAMES].sort());
  });

  it.each(Object.entries(CASES) as [EventName, readonly [never, string]][])('%s', async (name, [said, expected]) => {
    expect(words(await told(name, said))).toBe(expected.startsWith('dataset/') ? `dataset ${expected}` : expected);
  });

  it('is none where what it tells of is gone for good', async () => {
    const gone = {
      run: async () => undefined,
      checked: async () => undefined,
      modelVersion: async () => undefined,
      model: async () => undefined,
    };
    for (const name of ['run.finished', 'dataset_version.validated', 'model_version.created', 'model.updated'] as const)
      expect(await told(name, CASES[name]![0] as never, gone)).toBeUndefined();
    expect(await told('model.deleted', { modelId: ids.model, name: 'm', prompt: false })).toBeUndefined();
  });
});

describe('a run', () => {
  test('that a schedule began has the time of it, any other has none', async () => {
    const fired = (eventId: string) =>
      ({ name: 'trigger.fired', data: { triggerId: 'trg_1', executionId: 'exe_1', eventId } }) as unknown as LoggedEvent;
    const started = { ...life, datasetVersionIds: [] };
    const nominal = async (cause?: LoggedEvent) => (await told('run.started', started, {}, cause)).run!.facets['nominalTime'];
    expect(await nominal(fired('schedule/2026-01-01T06:00:00.000Z'))).toMatchObject({
      nominalStartTime: '2026-01-01T06:00:00.000Z',
    });
    for (const cause of [undefined, fired('evt_1'), fired('schedule/soon')]) expect(await nominal(cause)).toBeUndefined();
  });

  test('that a template trained is a run of the template, with why it failed', async () => {
    const trainedBy = async () => ({ template: 't', project: '/birds', reason: 'out of memory' });
    const failed = await told('run.failed', life, { trainedBy });
    expect(failed.job).toMatchObject({ namespace: 'tailrace://tailrace.example/default/birds', name: 'template/t' });
    expect(failed.run!.facets['errorMessage']).toMatchObject({ message: 'out of memory' });
  });

  test('has its params and engine at its end, its own tags without those of MLflow, and the run above it', async () => {
    const { facets } = (await told('run.finished', life)).run!;
    expect(facets).toMatchObject({
      executionParameters: { parameters: [{ key: 'depth', value: '3' }] },
      processing_engine: { name: 'tfjs', version: '4.22.0' },
      parent: { run: { runId: uuidOf(ids.parent) }, job: { name: 'experiment/species' } },
    });
    expect((facets['tags']!['tags'] as { key: string }[]).map(({ key }) => key)).toEqual([
      'tailrace.run',
      'tailrace.name',
      'team',
    ]);
    expect((await told('run.started', { ...life, datasetVersionIds: [] })).run!.facets).not.toHaveProperty('executionParameters');
  });

  test('that goes on after an end is another; an end that is put right is beside it', async () => {
    const went = await told('run.resumed', { ...life, from: 'FINISHED', resumes: 1 });
    const ended = await told('run.finished', { ...life, from: 'RUNNING', resumes: 1 });
    expect([went.run!.runId, ended.run!.runId]).toEqual([stretchId(ids.run, 1), stretchId(ids.run, 1)]);
    expect((await told('run.failed', { ...life, from: 'FINISHED', resumes: 1 })).eventType).toBe('OTHER');
    expect((await told('run.resumed', { ...life, from: 'SCHEDULED', resumes: 0 })).eventType).toBe('RUNNING');
  });

  test('that has ended has more ends by its job alone', async () => {
    const facts = { run: async () => ({ ...run, status: 'FINISHED' }) };
    const linked = await told(
      'run.linked',
      { runId: ids.run, experimentId: ids.experiment, datasets: [], inputs: [], outputs: [] },
      facts,
    );
    expect(words(linked)).toBe('job experiment/species');
    expect(linked.inputs!.map(({ name }) => name)).toEqual(['dataset/penguins', 'logged_dataset/extra']);
    expect(linked.outputs!.map(({ name }) => name)).toEqual(['logged_model/lgm_1', 'model/m']);
  });
});

describe('a model', () => {
  test('that no run of ours made is data alone, as is a version that made room for another', async () => {
    const alone = await told(
      'model_version.created',
      { ...version, runId: 'elsewhere', datasetVersionId: null },
      { run: async () => undefined },
    );
    expect(words(alone)).toBe('dataset model/m');
    const replaced = { ...version, versionId: ids.other, from: 'production', to: 'archived', requestId: ids.request };
    expect(words(await told('model_version.stage_changed', replaced))).toBe('dataset model/m');
    expect(words(await told('model_version.stage_changed', { ...replaced, requestId: null }))).toBe('dataset model/m');
  });

  test('whose gates were not passed has the first that was not as its error, and each as a test', async () => {
    const verdict = async () => ({
      versionId: ids.version,
      stage: 'production',
      gates: [gate('passed'), gate('unknown'), gate('failed')],
    });
    const blocked = await told('model_version.gates_evaluated', { ...asked, passed: false }, { verdict });
    expect(blocked).toMatchObject({ eventType: 'FAIL', run: { facets: { errorMessage: { message: 'f1 is unknown' } } } });
    const tests = blocked.run!.facets['test']!['tests'] as { status: string; name: string }[];
    expect(tests.map(({ name, status }) => [name, status])).toEqual([
      ['metric_min f1', 'pass'],
      ['metric_min f1', 'skip'],
      ['metric_min f1', 'fail'],
    ]);
  });
});

test('an evaluation reads the version and the data that were named, or its own', async () => {
  const inputs = async (said: EventData<'model_version.evaluated'>, datasetVersionId: string | null) => {
    const modelVersion = async () => ({ model: 'm', project: '/birds', number: 3, runId: null, datasetVersionId });
    return (await told('model_version.evaluated', said, { modelVersion })).inputs!.map(({ name }) => name);
  };
  expect(await inputs(measured, ids.data)).toEqual(['model/m', 'dataset/penguins']);
  expect(await inputs({ ...measured, datasetVersionId: ids.data }, null)).toEqual(['model/m', 'dataset/penguins']);
  expect(await inputs(measured, null)).toEqual(['model/m']);
});

describe('what a webhook may ask for', () => {
  it('is an event that has words, or a pattern that stands for one', () => {
    expect(() => checkLineageTypes(['*', 'run.*', 'deployment.ready'])).not.toThrow();
    for (const type of ['webhook.*', 'deployment.failed', 'audit.read'])
      expect(() => checkLineageTypes(['run.*', type])).toThrow(`no words for ${type}`);
  });
});

describe('the order of deliveries', () => {
  it('is that of the run of OpenLineage that they tell of', () => {
    const of = <N extends EventName>(name: N, said: EventData<N>, subject: string) =>
      lineageSubject({ name, data: said, subject });
    expect(of('run.finished', life, `run/${ids.run}`)).toBe(`run/${ids.run}`);
    expect(of('training_job.started', { jobId: ids.job, runId: ids.run, attempt: 1, runner: 'r' }, 'training_job/x')).toBe(
      `run/${ids.run}`,
    );
    expect(of('model_version.stage_changed', { ...version, from: 'a', to: 'b', requestId: ids.request }, 'model_version/x')).toBe(
      `stage_request/${ids.request}`,
    );
    expect(of('model_version.created', { ...version, runId: ids.run, datasetVersionId: null }, 'model_version/x')).toBe(
      'model_version/x',
    );
  });
});

it('a wide table is told by its first thousand columns, and numbers that are none are left out', async () => {
  const names = Array.from({ length: 1500 }, (_, index) => `c${index}`);
  const wide = async () => ({
    ...(await port.checked('wsp_1', ids.data))!,
    columns: names.map((name) => ({ name, type: 'number' as const, nullable: true })),
    profile: {
      rows: 0,
      duplicateRows: 0,
      columns: names.map((name) => ({
        name,
        type: 'number' as const,
        missing: 0,
        distinct: 0,
        min: null,
        max: null,
        median: null,
      })),
    },
  });
  const checked = await told('dataset_version.validated', { ...data, parentId: null, rows: 0, warnings: 0 }, { checked: wide });
  const facets = Object.fromEntries(facetsIn(checked));
  expect((facets['schema']!['fields'] as unknown[]).length).toBe(1000);
  const metrics = facets['dataQualityMetrics']!['columnMetrics'] as Record<string, object>;
  expect(Object.keys(metrics)).toHaveLength(1000);
  expect(metrics['c0']).toEqual({ nullCount: 0, distinctCount: 0 });
});
