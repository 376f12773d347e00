import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ctx } from '#access';
import { DeploymentService } from '#deployment';
import { ModelsService } from '#registry';
import { AutomationRole } from '../../apps/automation/src/automation.role.js';
import { candidate, name } from './builders.js';
import { startStack, type Stack } from './stack.js';
import { triggersKit, type TriggersKit } from './triggers-kit.js';

let stack: Stack;
let ada: Ctx;
let kit: TriggersKit;
beforeAll(async () => {
  stack = await startStack([AutomationRole]);
  ada = await stack.member('editor', 'ada');
  kit = triggersKit(stack, ada);
});
afterAll(() => stack.close());

const filter = { kind: 'event', event: 'model_version.created' };

/** A model with a version, an endpoint that follows it, and a template on data. */
async function things() {
  const model = name('model');
  await stack.app.get(ModelsService).create(ada, { name: model, productionGates: [] });
  const versionId = await candidate(stack, ada, model);
  const [row] = await stack.rows<{ model_id: string }>('select model_id from model_version where id = $1', [versionId]);
  const modelId = row!.model_id;
  const endpoint = await stack.app
    .get(DeploymentService)
    .createEndpoint(ada, { name: name('end'), modelId, stage: 'production' });
  const { templateId, datasetId } = await kit.template();
  return { modelId, versionId, endpointId: endpoint.id, templateId, datasetId };
}

test('an action on what is not there, or what its maker may not read, is refused by one error at its place', async () => {
  const { modelId, versionId, endpointId, templateId, datasetId } = await things();
  const on = { datasetId, label: 'label' };
  const good: [object, string][] = [
    [{ kind: 'start_training', templateId }, 'action.templateId'],
    [{ kind: 'evaluate_version', versionId }, 'action.versionId'],
    [{ kind: 'evaluate_version', on }, 'action.on.datasetId'],
    [{ kind: 'request_stage', stage: 'staging', modelId }, 'action.modelId'],
    [{ kind: 'deploy', endpointId, versionId }, 'action.endpointId'],
    [{ kind: 'roll_back', endpointId }, 'action.endpointId'],
  ];
  const local = await stack.member('editor', undefined, '/shop');
  for (const [action, field] of good) {
    const { id } = await kit.make({ filter, action });
    expect(id).toMatch(/^trg_/);
    const unread = await kit.make({ filter, action, project: '/shop' }, local).catch((error: unknown) => error);
    const nowhere = JSON.parse(JSON.stringify(action).replaceAll(/_[0-9a-f]{32}"/g, '_nope"')) as object;
    const none = await kit.make({ filter, action: nowhere }).catch((error: unknown) => error);
    for (const error of [unread, none])
      expect(error).toMatchObject({ code: 'NOT_FOUND', field, message: expect.stringContaining('the query ') });
    const told = (error: unknown) => (error as Error).message.replace(/\w+_(\w{32}|nope)/, 'ID');
    expect(told(unread)).toBe(told(none));
    await expect(kit.service.update(ada, id, { action: nowhere }, kit.rules)).rejects.toMatchObject({ code: 'NOT_FOUND', field });
  }
});

test('a stage that the model has not, and a version of another model than the endpoint serves', async () => {
  const [one, other] = [await things(), await things()];
  const nowhere = { kind: 'request_stage', stage: 'nowhere', modelId: one.modelId };
  await expect(kit.make({ filter, action: nowhere })).rejects.toMatchObject({
    code: 'BAD_INPUT',
    field: 'action.stage',
    message: expect.stringContaining('it has staging, production, archived'),
  });
  const foreign = { kind: 'deploy', endpointId: one.endpointId, versionId: other.versionId };
  await expect(kit.make({ filter, action: foreign })).rejects.toMatchObject({ code: 'BAD_INPUT', field: 'action.versionId' });
});

test('another filter is held against the action that stays; what is gone since then hinders no other change', async () => {
  const { modelId, versionId } = await things();
  const byEvent = await kit.make({ filter, action: { kind: 'evaluate_version' } });
  await expect(kit.service.update(ada, byEvent.id, { filter: { event: 'run.failed' } }, kit.rules)).rejects.toMatchObject({
    code: 'BAD_INPUT',
    field: 'action.versionId',
  });
  const named = await kit.make({ filter, action: { kind: 'evaluate_version', versionId } });
  await stack.rows('update model_version set deleted_at = now() where id = $1', [versionId]);
  expect(await kit.service.update(ada, named.id, { cooldownSeconds: 5 }, kit.rules)).toEqual({ id: named.id });
  const again = { kind: 'evaluate_version', versionId };
  await expect(kit.service.update(ada, named.id, { action: again }, kit.rules)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const [row] = await stack.rows<{ count: string }>("select count(*) from trigger where action ->> 'modelId' = $1", [modelId]);
  expect(row!.count).toBe('0');
});
