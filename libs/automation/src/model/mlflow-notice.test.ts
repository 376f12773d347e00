import { describe, expect, test } from 'vitest';
import { EVENTS, type EventData, type EventName, type LoggedEvent } from '#contracts';
import { MLFLOW_EVENT_NAMES, mlflowPayload } from './mlflow-events.js';
import { noticeOf } from './mlflow-notice.js';

function said<N extends EventName>(name: N, data: EventData<N>) {
  return noticeOf({ name, data: EVENTS[name].parse(data) } as LoggedEvent);
}

const version = { modelId: 'mdl_1', versionId: 'mdv_1', number: 2, name: 'churn', prompt: false };
const made = { modelId: 'mdl_1', name: 'churn', project: '/' };
const origin = { runId: null, datasetVersionId: null };
const IS_PROMPT = { 'mlflow.prompt.is_prompt': 'true' };

describe('our events in the words of MLflow', () => {
  test('models and versions', () => {
    expect(said('model.created', { ...made, tags: { a: '1' }, description: 'd' })).toEqual({
      event: 'registered_model.created',
      data: { name: 'churn', tags: { a: '1' }, description: 'd' },
    });
    expect(said('model_version.created', { ...version, ...origin, runId: `run_${'a'.repeat(32)}`, source: 's3://b/m' })).toEqual({
      event: 'model_version.created',
      data: { name: 'churn', version: '2', source: 's3://b/m', run_id: 'a'.repeat(32), tags: {}, description: null },
    });
  });

  test('tags and aliases of versions', () => {
    const base = { name: 'churn', version: '2' };
    expect(said('model_version.tag_set', { ...version, key: 'k', value: 'v' })).toEqual({
      event: 'model_version_tag.set',
      data: { ...base, key: 'k', value: 'v' },
    });
    expect(said('model_version.tag_removed', { ...version, key: 'k' })).toEqual({
      event: 'model_version_tag.deleted',
      data: { ...base, key: 'k' },
    });
    expect(said('model_version.alias_set', { ...version, alias: 'best' })).toEqual({
      event: 'model_version_alias.created',
      data: { ...base, alias: 'best' },
    });
    expect(said('model_version.alias_removed', { ...version, alias: 'best' })).toEqual({
      event: 'model_version_alias.deleted',
      data: { name: 'churn', alias: 'best' },
    });
  });

  test('the same of prompts, without the tags that make them prompts', () => {
    const prompt = { ...version, prompt: true };
    const model = { modelId: 'mdl_1', name: 'churn', prompt: true, key: 'k' };
    expect(said('model.created', { ...made, tags: { ...IS_PROMPT, _mlflow_prompt_type: 'text', a: '1' } })).toEqual({
      event: 'prompt.created',
      data: { name: 'churn', tags: { a: '1' }, description: null },
    });
    expect(
      said('model_version.created', { ...prompt, ...origin, tags: { ...IS_PROMPT, 'mlflow.prompt.text': 'Hi', b: '2' } }),
    ).toEqual({
      event: 'prompt_version.created',
      data: { name: 'churn', version: '2', template: 'Hi', tags: { b: '2' }, description: null },
    });
    expect(said('model.tag_set', { ...model, value: 'v' })?.event).toBe('prompt_tag.set');
    expect(said('model.tag_removed', model)?.event).toBe('prompt_tag.deleted');
    expect(said('model_version.tag_set', { ...prompt, key: 'k', value: 'v' })?.event).toBe('prompt_version_tag.set');
    expect(said('model_version.tag_removed', { ...prompt, key: 'k' })?.event).toBe('prompt_version_tag.deleted');
    expect(said('model_version.alias_set', { ...prompt, alias: 'best' })?.event).toBe('prompt_alias.created');
    expect(said('model_version.alias_removed', { ...prompt, alias: 'best' })?.event).toBe('prompt_alias.deleted');
  });

  test('what MLflow has no word for says nothing', () => {
    expect(said('model.tag_set', { modelId: 'mdl_1', name: 'churn', prompt: false, key: 'k', value: 'v' })).toBeUndefined();
    expect(said('model.deleted', { modelId: 'mdl_1', name: 'churn', prompt: false })).toBeUndefined();
    expect(said('experiment.deleted', { experimentId: 'exp_1' })).toBeUndefined();
    // as it was written before versions had names
    expect(said('model_version.created', { modelId: 'mdl_1', versionId: 'mdv_1', number: 1, ...origin })).toBeUndefined();
  });

  test('the body names entity and action apart, and the time as Python does', () => {
    const body = mlflowPayload('prompt_alias.created', new Date('2026-03-01T10:00:00.120Z'), { name: 'a' });
    expect(body).toBe(
      '{"entity":"prompt_alias","action":"created","timestamp":"2026-03-01T10:00:00.120+00:00","data":{"name":"a"}}',
    );
    expect(MLFLOW_EVENT_NAMES).toHaveLength(15);
  });
});
