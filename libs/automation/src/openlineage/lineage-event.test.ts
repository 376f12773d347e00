import { describe, expect, it } from 'vitest';
import type { EventData, EventName } from '#contracts';
import { facetsIn } from '../../../../test/openlineage/validator.js';
import { checkLineageTypes, LINEAGE_NAMES, lineageSubject } from './lineage-event.js';
import { asked, data, ids, life, measured, port, told, version, words } from './testing.js';

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
