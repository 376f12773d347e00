import { describe, expect, test } from 'vitest';
import { EVENT_NAMES, type EventName } from '#contracts';
import type { TriggerAction } from './action.js';
import { checkAction } from './check-action.js';
import { parseFilter, type TriggerFilter } from './trigger.js';
import { datasetVersionField, modelVersionField } from './versions-in-events.js';

const on = (event: EventName): TriggerFilter => ({ kind: 'event', event });
const schedule = parseFilter({ kind: 'schedule', cron: '0 3 * * *' });
const incoming: TriggerFilter = { kind: 'incoming' };
const chat = (text: string): TriggerAction => ({ kind: 'notify_chat', text, to: 'https://chat.example' });

const refusal = (field: string, message: RegExp) =>
  expect.objectContaining({ code: 'BAD_INPUT', field, message: expect.stringMatching(message) });

describe('an action without a version needs an event that names one', () => {
  const ACTIONS: [TriggerAction, string][] = [
    [{ kind: 'evaluate_version' }, 'action.versionId'],
    [{ kind: 'deploy', endpointId: 'end_1' }, 'action.versionId'],
    [{ kind: 'request_stage', stage: 'staging' }, 'action.modelId'],
  ];

  test.each(ACTIONS)('%o', (action, field) => {
    for (const filter of [schedule, on('run.failed'), on('dataset_version.validated')])
      expect(() => checkAction(action, filter)).toThrow(refusal(field, /names no model version.*model_version\.created/));
    expect(() => checkAction(action, incoming)).not.toThrow();
    for (const event of ['model_version.created', 'model_version.evaluated', 'deployment.failed'] as const)
      expect(() => checkAction(action, on(event))).not.toThrow();
  });

  test('one that names it goes with anything', () => {
    const named: TriggerAction[] = [
      { kind: 'evaluate_version', versionId: 'mdv_1' },
      { kind: 'deploy', endpointId: 'end_1', versionId: 'mdv_1' },
      { kind: 'request_stage', stage: 'staging', modelId: 'mdl_1' },
      { kind: 'roll_back', endpointId: 'end_1' },
    ];
    for (const action of named)
      for (const filter of [schedule, incoming, on('run.failed')]) expect(() => checkAction(action, filter)).not.toThrow();
  });
});

test("to train on the event's data needs an event that names data", () => {
  const train = (data?: 'event' | 'newest'): TriggerAction => ({ kind: 'start_training', templateId: 'tpl_1', data });
  expect(() => checkAction(train('event'), incoming)).not.toThrow();
  for (const filter of [schedule, on('run.failed')]) {
    expect(() => checkAction(train('event'), filter)).toThrow(refusal('action.data', /names no data set version; "newest"/));
    expect(() => checkAction(train('newest'), filter)).not.toThrow();
    expect(() => checkAction(train(), filter)).not.toThrow();
  }
  for (const event of ['dataset_version.validated', 'training_job.succeeded'] as const)
    expect(() => checkAction(train('event'), on(event))).not.toThrow();
});

test('a message asks for what its event has', () => {
  const told = on('dataset_version.validated');
  expect(() => checkAction(chat('{{event}} {{data.number}} of {{subject.dataset}}'), told)).not.toThrow();
  expect(() => checkAction(chat('{{ data.nope }}'), told)).toThrow(
    refusal('action.text', /has no data\.nope; there are data\.datasetId/),
  );
  expect(() => checkAction(chat('{{subject.nope}}'), told)).toThrow(
    refusal('action.text', /no subject\.nope; there are subject\.dataset/),
  );
  expect(() => checkAction(chat('{{data.scheduledFor}}'), schedule)).not.toThrow();
  expect(() => checkAction(chat('{{data.number}}'), schedule)).toThrow(refusal('action.text', /there is data\.scheduledFor/));
  expect(() => checkAction(chat('{{data.anything}}'), incoming)).not.toThrow();
  expect(() => checkAction(chat('{{data.metrics.val_loss}}'), on('run.metrics_logged'))).not.toThrow();
});

test('every event about a version of a model or of data tells which', () => {
  for (const event of EVENT_NAMES) {
    if (event.startsWith('model_version.')) expect(modelVersionField(event), event).toBe('versionId');
    if (event.startsWith('dataset_version.')) expect(datasetVersionField(event), event).toBe('versionId');
  }
  expect([modelVersionField('deployment.ready'), datasetVersionField('training_job.queued')]).toEqual([
    'modelVersionId',
    'datasetVersionId',
  ]);
  expect([modelVersionField('run.failed'), datasetVersionField('run.failed')]).toEqual([undefined, undefined]);
});
