import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Ctx } from '#access';
import { IncomingService, signedHeaders } from '#automation';
import { ModelsService, PromotionService } from '#registry';
import { AutomationRole } from '../../apps/automation/src/automation.role.js';
import { candidate, name } from './builders.js';
import { startStack, type Stack } from './stack.js';
import { triggersKit, type TriggersKit } from './triggers-kit.js';

let stack: Stack;
let ada: Ctx;
let grace: Ctx;
let kit: TriggersKit;
beforeAll(async () => {
  stack = await startStack([AutomationRole]);
  ada = await stack.member('editor', 'ada');
  grace = await stack.member('approver', 'grace');
  kit = triggersKit(stack, ada);
});
afterAll(() => stack.close());
afterEach(() => stack.rows('update trigger set deleted_at = now(), next_fire_at = null'));

const memberId = (ctx: Ctx) => (ctx.principal as { memberId: string }).memberId;
const ON_DATASET = { kind: 'event', event: 'dataset.created', where: { field: 'data.datasetId', op: 'eq', value: 'd' } };
const aDataset = (project = '/') => kit.say('dataset.created', { datasetId: 'd', name: name('d'), project });

/** A model without gates and a version of it, made by somebody who is neither of the two. */
async function aVersion(runId?: string) {
  const maker = await stack.member('editor');
  const model = name('model');
  await stack.app.get(ModelsService).create(maker, { name: model, productionGates: [] });
  const versionId = await candidate(stack, maker, model);
  await stack.rows('update model_version set run_id = coalesce($2, run_id) where id = $1', [versionId, runId ?? null]);
  const [row] = await stack.rows<{ model_id: string }>('select model_id from model_version where id = $1', [versionId]);
  return { versionId, modelId: row!.model_id };
}

async function barredOf(requestId: string): Promise<string[]> {
  const [row] = await stack.rows<{ barred: string[] }>('select barred from stage_request where id = $1', [requestId]);
  return row!.barred;
}

describe('who had a hand in what a trigger asks for may not approve it', () => {
  test('who has its execution fired once more', async () => {
    const { modelId } = await aVersion();
    const { id } = await kit.make({ filter: ON_DATASET, action: { kind: 'request_stage', stage: 'staging', modelId } });
    await aDataset();
    const [first] = await kit.settled(id);
    expect(await barredOf(first!.outcome!['requestId']!)).not.toContain(memberId(grace));
    await stack.rows("update stage_request set state = 'REJECTED' where id = $1", [first!.outcome!['requestId']]);
    await kit.executions.replay(grace, first!.id);
    const [, again] = await kit.settled(id, 2);
    expect(again).toMatchObject({ state: 'COMPLETED', replayOf: first!.id });
    expect(await barredOf(again!.outcome!['requestId']!)).toEqual(expect.arrayContaining([memberId(ada), memberId(grace)]));
  });

  test('who made the secret by which it is fired, also after its owner has changed it again', async () => {
    const { versionId } = await aVersion();
    const { id } = await kit.make({ filter: { kind: 'incoming' }, action: { kind: 'request_stage', stage: 'staging' } });
    const { incomingSecret } = await kit.service.rotateSecret(grace, id, 'incoming');
    await kit.service.update(ada, id, { cooldownSeconds: 1 }, kit.rules);
    const body = Buffer.from(JSON.stringify({ modelVersionId: versionId }));
    const headers = signedHeaders('msg_1', body, [incomingSecret!], Date.now());
    await stack.app
      .get(IncomingService)
      .receive(
        id,
        { id: headers['webhook-id'], timestamp: headers['webhook-timestamp'], signature: headers['webhook-signature'] },
        body,
      );
    const [execution] = await kit.settled(id);
    expect(execution).toMatchObject({ state: 'COMPLETED', outcome: { versionId } });
    expect(await barredOf(execution!.outcome!['requestId']!)).toEqual(expect.arrayContaining([memberId(ada), memberId(grace)]));
  });

  test('who had the training started, whoever asks for the stage', async () => {
    const { templateId } = await kit.template();
    const { id } = await kit.make({ filter: ON_DATASET, action: { kind: 'start_training', templateId } });
    await aDataset();
    const first = await kit.inState(id, 'RUNNING');
    await kit.cancel(first.startedId!);
    await kit.settled(id);
    await kit.executions.replay(grace, first.id);
    const again = await kit.inState(id, 'RUNNING');
    const [job] = await stack.rows<{ run_id: string; others: string[] }>(
      'select run_id, others from training_job where id = $1',
      [again.startedId],
    );
    expect(job!.others).toEqual([memberId(grace)]);
    const { versionId } = await aVersion(job!.run_id);
    const asker = await stack.member('editor');
    const request = await stack.app.get(PromotionService).request(asker, { versionId, stage: 'staging' });
    expect(await barredOf(request.id)).toEqual(expect.arrayContaining([memberId(asker), memberId(ada), memberId(grace)]));
    await kit.cancel(again.startedId!);
    await kit.settled(id, 2);
  });
});

describe('nobody borrows the rights of an owner', () => {
  test('a replay acts with what its owner and who asked for it may', async () => {
    const { templateId } = await kit.template();
    const { id } = await kit.make({ filter: ON_DATASET, action: { kind: 'start_training', templateId }, project: '/shop' });
    await aDataset();
    const first = await kit.inState(id, 'RUNNING');
    await kit.cancel(first.startedId!);
    await kit.settled(id);
    const local = await stack.member('editor', undefined, '/shop');
    await kit.executions.replay(local, first.id);
    expect((await kit.settled(id, 2))[1]).toMatchObject({
      state: 'FAILED',
      reason: expect.stringMatching(/^(FORBIDDEN|NOT_FOUND): /),
    });
  });
});
