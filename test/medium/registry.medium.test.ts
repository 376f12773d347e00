import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCtx, memberOf, type Ctx } from '#access';
import type { EvaluationResult } from '#contracts';
import { DecisionsService, ModelsService, PromotionService, RegistryView } from '#registry';
import { candidate, name } from './builders.js';
import { gatesSaid, PASSED } from './registry-kit.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let ada: Ctx;
let grace: Ctx;
let system: Ctx;
beforeAll(async () => {
  stack = await startStack();
  ada = await stack.member('approver', 'ada');
  grace = await stack.member('approver', 'grace');
  system = createCtx(stack.workspaceId, { kind: 'system', name: 'test' });
});
afterAll(() => stack.close());

const promotion = () => stack.app.get(PromotionService);
const decisions = () => stack.app.get(DecisionsService);
const versionOf = async (id: string) => (await stack.app.get(RegistryView).versionsByIds(ada, [id]))[0]!;
const requestOf = async (id: string) => (await stack.app.get(RegistryView).requestsByIds(ada, [id]))[0]!;

/** A version whose request for production awaits approval. */
async function awaiting(model: string, championId: string | null = null): Promise<{ versionId: string; requestId: string }> {
  const versionId = await candidate(stack, ada, model);
  const { id: requestId } = await promotion().request(ada, { versionId, stage: 'production' });
  await gatesSaid(stack, requestId, [PASSED], championId);
  return { versionId, requestId };
}

describe('promotion', () => {
  test('asked by one, approved by another: the version stands in the stage, and its predecessor is archived', async () => {
    const model = name('model');
    const first = await awaiting(model);
    await decisions().decide(grace, { requestId: first.requestId, decision: 'approved' });
    expect((await versionOf(first.versionId)).stage).toBe('production');
    const second = await awaiting(model, first.versionId);
    await decisions().decide(grace, { requestId: second.requestId, decision: 'approved', comment: 'better' });
    expect((await versionOf(second.versionId)).stage).toBe('production');
    expect((await versionOf(first.versionId)).stage).toBe('archived');
    const changes = await stack.rows(
      "select data->>'from' f, data->>'to' t from event_log where type like '%stage_changed%' and data->>'modelId' = $1 order by pos",
      [(await versionOf(first.versionId)).modelId],
    );
    expect(changes).toEqual([
      { f: 'none', t: 'production' },
      { f: 'production', t: 'archived' },
      { f: 'none', t: 'production' },
    ]);
  });

  test('who asked, and who answers for the training, may not approve; the refusals say what the audit is to say', async () => {
    const selfApproval = (id: string) => ({
      code: 'SELF_APPROVAL',
      details: { refused: { action: 'model_version.approved', subject: { kind: 'stage_request', id } } },
    });
    const { requestId } = await awaiting(name('model'));
    await expect(decisions().decide(ada, { requestId, decision: 'approved' })).rejects.toMatchObject(selfApproval(requestId));
    const trained = await candidate(stack, ada, name('model'), memberOf(grace));
    const { id } = await promotion().request(ada, { versionId: trained, stage: 'production' });
    await gatesSaid(stack, id);
    await expect(decisions().decide(grace, { requestId: id, decision: 'approved' })).rejects.toMatchObject(selfApproval(id));
    expect((await requestOf(requestId)).state).toBe('AWAITING_APPROVAL');
  });

  test('an editor may ask but not approve, a viewer may not even ask', async () => {
    const { versionId, requestId } = await awaiting(name('model'));
    await expect(decisions().decide(await stack.member('editor'), { requestId, decision: 'approved' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(promotion().request(await stack.member('viewer'), { versionId, stage: 'staging' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  test.each(['failed', 'unknown'] as const)('a gate that is %s blocks', async (outcome) => {
    const versionId = await candidate(stack, ada, name('model'));
    const { id } = await promotion().request(ada, { versionId, stage: 'production' });
    await gatesSaid(stack, id, [PASSED, { ...PASSED, outcome }]);
    expect((await requestOf(id)).state).toBe('BLOCKED');
    await expect(decisions().decide(grace, { requestId: id, decision: 'approved' })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await versionOf(versionId)).stage).toBe('none');
  });

  test('another version that came into the stage meanwhile makes the verdict stale', async () => {
    const model = name('model');
    const [slow, quick] = [await awaiting(model), await awaiting(model)];
    await decisions().decide(grace, { requestId: quick.requestId, decision: 'approved' });
    await expect(decisions().decide(grace, { requestId: slow.requestId, decision: 'approved' })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect((await versionOf(slow.versionId)).stage).toBe('none');
    expect((await versionOf(quick.versionId)).stage).toBe('production');
    // The request has ended with that, by whoever found it so, and it can be asked anew.
    expect((await requestOf(slow.requestId)).state).toBe('STALE');
    const said = "select actor, action, reason from audit_log where subject_id = $1 and action = 'model_version.request_expired'";
    const reason = 'another version has come into the stage since the gates were evaluated';
    expect(await stack.rows(said, [slow.requestId])).toEqual([
      { actor: memberOf(grace), action: 'model_version.request_expired', reason },
    ]);
    await promotion().request(ada, { versionId: slow.versionId, stage: 'production' });
  });

  test('two approvals at the same moment: one move, one holder', async () => {
    const model = name('model');
    const requests = [await awaiting(model), await awaiting(model)];
    const outcomes = await Promise.allSettled(
      requests.map(({ requestId }) => decisions().decide(grace, { requestId, decision: 'approved' })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(
      await stack.rows(
        "select 1 from model_version v join model m on m.id = v.model_id where m.name = $1 and v.slot = 'production'",
        [model],
      ),
    ).toHaveLength(1);
  });

  test('a request that is open is not opened twice, and a move that the flow forbids is refused', async () => {
    const { versionId } = await awaiting(name('model'));
    await expect(promotion().request(ada, { versionId, stage: 'production' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(promotion().request(ada, { versionId, stage: 'nowhere' })).rejects.toThrow(
      /has no stage nowhere; it has staging, production, archived/,
    );
  });

  test('a request whose gates no job could evaluate ends with why, and can be asked for anew; a settled one stays', async () => {
    const versionId = await candidate(stack, ada, name('model'));
    const first = await promotion().request(ada, { versionId, stage: 'production' });
    await promotion().giveUp(system, first.id, 'the disk is full');
    expect((await requestOf(first.id)).state).toBe('STALE');
    const said = await stack.rows(
      "select data ->> 'reason' as reason from event_log where data ->> 'requestId' = $1 and type like '%request_expired%'",
      [first.id],
    );
    expect(said).toEqual([{ reason: 'its gates could not be evaluated: the disk is full' }]);
    const again = await promotion().request(ada, { versionId, stage: 'production' });
    await gatesSaid(stack, again.id, [PASSED]);
    await promotion().giveUp(system, again.id, 'too late');
    expect((await requestOf(again.id)).state).toBe('AWAITING_APPROVAL');
  });

  test('rejecting ends the request', async () => {
    const { versionId, requestId } = await awaiting(name('model'));
    await decisions().decide(grace, { requestId, decision: 'rejected', comment: 'not now' });
    expect((await requestOf(requestId)).state).toBe('REJECTED');
    expect((await versionOf(versionId)).stage).toBe('none');
  });
});

describe('versions', () => {
  test('one version per run, also when the registration is delivered twice', async () => {
    const model = name('model');
    const id = await candidate(stack, ada, model);
    const version = await versionOf(id);
    const again = await stack.app.get(ModelsService).registerCandidate(system, {
      model,
      project: '/',
      runId: version.runId!,
      datasetVersionId: version.datasetVersionId!,
      files: { ...version.files },
      signature: version.signature!,
      evaluation: version.evaluation! as EvaluationResult,
      trainedBy: null,
    });
    expect(again.id).toBe(id);
  });

  test('gates with a mistake are refused, and the message says where', async () => {
    const create = stack.app
      .get(ModelsService)
      .create(ada, { name: name('model'), productionGates: [{ kind: 'metric_min', metric: 'test_f1_macro' }] });
    await expect(create).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('productionGates.0.min') });
  });
});
