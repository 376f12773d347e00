import { describe, expect, test } from 'vitest';
import { stretchId, uuidOf, type EventData, type LoggedEvent } from '#contracts';
import { asked, gate, ids, life, measured, run, told, version, words } from './testing.js';

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

  test.each([
    ['has ended', { ...run, status: 'FINISHED' }],
    ['goes on since then', { ...run, resumes: 1 }],
  ])('that %s has more ends by its job alone', async (_how, now) => {
    const facts = { run: async () => now };
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
