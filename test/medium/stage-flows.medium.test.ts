import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCtx, MembersService, memberOf, type Ctx } from '#access';
import { DecisionsService, FlowsService, ModelsService, PromotionService, RegistryView, StageHistoryView } from '#registry';
import { candidate, name } from './builders.js';
import { gatesSaid, PASSED, passed, registryKit, type RegistryKit } from './registry-kit.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let admin: Ctx;
let ada: Ctx;
let grace: Ctx;
let alan: Ctx;
let kit: RegistryKit;
beforeAll(async () => {
  stack = await startStack();
  admin = await stack.member('admin', 'root');
  ada = await stack.member('editor', 'ada');
  grace = await stack.member('approver', 'grace');
  alan = await stack.member('approver', 'alan');
  kit = registryKit(stack, ada);
});
afterAll(() => stack.close());

const flows = () => stack.app.get(FlowsService);
const promotion = () => stack.app.get(PromotionService);
const decisions = () => stack.app.get(DecisionsService);
const view = () => stack.app.get(RegistryView);
const requestOf = async (id: string) => (await view().requestsByIds(admin, [id]))[0]!;
const versionOf = async (id: string) => (await view().versionsByIds(admin, [id]))[0]!;
const events = async (subject: string) =>
  (await stack.rows<{ type: string }>('select type from event_log where subject = $1 order by pos', [subject])).map(({ type }) =>
    type.replace(/^io\.tailrace\.|\.v1$/g, ''),
  );

const STAGES = [
  { name: 'candidate', holds: 'many', from: ['none'] },
  {
    name: 'live',
    holds: 'one',
    from: ['candidate', 'archived'],
    gates: [{ kind: 'data_valid' }],
    approvals: 2,
    ask: 'editor',
    moves: [{ from: ['archived'], gates: [], approvals: 1 }],
  },
  { name: 'archived', holds: 'many', from: ['none', 'candidate', 'live'] },
];

/** A model that follows a new flow of the workspace, with one version in `candidate`. */
async function governed(stages: unknown = STAGES) {
  const flowName = name('flow');
  const { id: flowId } = await flows().create(admin, { name: flowName, flow: { stages } });
  const model = name('governed');
  const { id: modelId } = await stack.app.get(ModelsService).create(ada, { name: model, flowName });
  const versionId = await next(model);
  return { flowId, model, modelId, versionId };
}

/** Another version of the model, in `candidate`. */
async function next(model: string): Promise<string> {
  const id = await candidate(stack, ada, model);
  await kit.stages.move(ada, { id }, { stage: 'candidate' });
  return id;
}

async function awaiting(versionId: string, stage = 'live', championId: string | null = null): Promise<string> {
  const { id } = await promotion().request(ada, { versionId, stage });
  await gatesSaid(stack, id, [PASSED], championId);
  return id;
}

const approve = (who: Ctx, requestId: string) => decisions().decide(who, { requestId, decision: 'approved' });

describe('flows of a workspace', () => {
  test('a model follows one by name, and every change of it, whose revision counts', async () => {
    const { flowId, modelId } = await governed();
    const stages = STAGES.map((stage) => (stage.name === 'live' ? { ...stage, approvals: 1 } : stage));
    await flows().update(admin, { id: flowId, revision: 1, flow: { stages } });
    const [model] = await view().modelsByIds(ada, [modelId]);
    expect(model).toMatchObject({ flowId, flowRevision: 2 });
    expect(model!.flow.stages.find(({ name: stage }) => stage === 'live')).toMatchObject({ approvals: 1 });
    await expect(flows().update(admin, { id: flowId, revision: 1, description: 'late' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('revision 2'),
    });
    expect(await events(`stage_flow/${flowId}`)).toEqual(['stage_flow.created', 'stage_flow.updated']);
  });

  test("those named default and mlflow take the place of the platform's own", async () => {
    const { id } = await flows().create(admin, { name: 'default', flow: { stages: STAGES } });
    const { id: modelId } = await stack.app.get(ModelsService).create(ada, { name: name('plain') });
    expect((await view().modelsByIds(ada, [modelId]))[0]).toMatchObject({ flowId: id });
    const gated = await stack.app.get(ModelsService).create(ada, { name: name('gated'), productionGates: [] });
    expect((await view().modelsByIds(ada, [gated.id]))[0]).toMatchObject({ flowId: null });
    await expect(flows().delete(admin, id)).rejects.toMatchObject({ code: 'CONFLICT' });
    await flows().setModelFlow(admin, modelId, { flow: { stages: STAGES } });
    await flows().delete(admin, id);
    expect((await view().modelsByIds(ada, [modelId]))[0]).toMatchObject({ flowId: null, flowRevision: 2 });
  });

  test('only who may govern changes them, and mistakes are named with their place', async () => {
    await expect(flows().create(grace, { name: name('flow'), flow: { stages: STAGES } })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    const bad = (stages: unknown) => flows().create(admin, { name: name('flow'), flow: { stages } });
    await expect(bad([{ ...STAGES[1], from: ['nowhere'] }, STAGES[2]])).rejects.toThrow(
      /flow\.stages\.0\.from: there is no stage nowhere/,
    );
    await expect(bad([STAGES[0], STAGES[0]])).rejects.toThrow(/two stages are named candidate/);
    await expect(bad([{ ...STAGES[0], gates: [{ kind: 'better', d: 0 }] }])).rejects.toThrow(/no champion to compare with/);
    await expect(bad([{ ...STAGES[1], from: ['none'], moves: [] }])).rejects.toThrow(/needs a stage archived/);
    await expect(bad([{ ...STAGES[0], gates: [{ kind: 'better', d: 0, resamples: 100 }] }])).rejects.toThrow(
      /gates\.0\.resamples/,
    );
    const { model } = await governed();
    await expect(stack.app.get(ModelsService).create(ada, { name: name('m'), flowName: 'none-such' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    expect(model).toBeTruthy();
  });

  test('a flow that has no place for a standing version is refused, and nothing changes', async () => {
    const { flowId, versionId, modelId } = await governed();
    await expect(
      flows().update(admin, { id: flowId, revision: 1, flow: { stages: [STAGES[2]].map((s) => ({ ...s, from: ['none'] })) } }),
    ).rejects.toThrow(/stand in candidate, which the new flow does not have/);
    expect((await view().modelsByIds(ada, [modelId]))[0]).toMatchObject({ flowRevision: 1 });
    expect((await versionOf(versionId)).stage).toBe('candidate');
  });
});

describe('approvals', () => {
  test('take as many as the way in says, and from another way in as many as that says', async () => {
    const { versionId, model } = await governed();
    const request = await awaiting(versionId);
    await approve(grace, request);
    expect((await versionOf(versionId)).stage).toBe('candidate');
    await approve(alan, request);
    expect((await versionOf(versionId)).stage).toBe('live');
    const second = await next(model);
    const other = await awaiting(second, 'live', versionId);
    await approve(grace, other);
    await approve(alan, other);
    expect((await versionOf(versionId)).stage).toBe('archived');
    const back = await promotion().request(ada, { versionId, stage: 'live' });
    await gatesSaid(stack, back.id, [], second);
    await approve(grace, back.id);
    expect((await versionOf(versionId)).stage).toBe('live');
  });

  test('only who has the role may ask and decide; the asker may where the flow says so', async () => {
    const live = { ...STAGES[1], approvals: 1, ask: 'approver', approverRole: 'admin', askerMayApprove: true };
    const { versionId } = await governed([STAGES[0], live, STAGES[2]]);
    await expect(promotion().request(ada, { versionId, stage: 'live' })).rejects.toThrow(/lets only approvers ask for live/);
    const { id } = await promotion().request(admin, { versionId, stage: 'live' });
    await gatesSaid(stack, id);
    await expect(approve(grace, id)).rejects.toThrow(/lets only admins decide/);
    await approve(admin, id);
    expect((await versionOf(versionId)).stage).toBe('live');
  });

  test('who made the version or started its run may not decide, by whatever token', async () => {
    const model = name('own');
    await stack.app.get(ModelsService).create(ada, { name: model });
    const own = registryKit(stack, grace);
    const { id: versionId } = await own.versions.create(grace, { name: model }, { source: 's3://b/m' });
    const { id } = await promotion().request(ada, { versionId, stage: 'production' });
    await gatesSaid(stack, id);
    expect((await requestOf(id)).barred.sort()).toEqual([memberOf(ada), memberOf(grace)].sort());
    const otherToken = createCtx(stack.workspaceId, { ...grace.principal, tokenId: 'tok_other' } as never);
    await expect(approve(otherToken, id)).rejects.toMatchObject({ code: 'SELF_APPROVAL' });
    await approve(alan, id);
    expect((await versionOf(versionId)).stage).toBe('production');
  });

  test('expire when the flow changes, and when files or figures of the version do', async () => {
    const { flowId, versionId } = await governed();
    const request = await awaiting(versionId);
    await approve(grace, request);
    await flows().update(admin, { id: flowId, revision: 1, flow: { stages: STAGES }, description: 'the same, with a word' });
    expect((await requestOf(request)).state).toBe('AWAITING_APPROVAL');
    await flows().update(admin, { id: flowId, revision: 1, flow: { stages: STAGES, protectedAliases: ['champion'] } });
    expect(await requestOf(request)).toMatchObject({
      state: 'STALE',
      endedBecause: "the model's flow has changed since the request",
    });
    await expect(approve(alan, request)).rejects.toMatchObject({ code: 'CONFLICT' });
    const again = await awaiting(versionId);
    await approve(grace, again);
    await stack.rows('update model_version set evaluation = $2 where id = $1', [versionId, '{"changed": true}']);
    await expect(approve(alan, again)).rejects.toThrow(/have changed since the gates were evaluated; ask for the stage anew/);
    expect((await requestOf(again)).state).toBe('STALE');
    expect((await versionOf(versionId)).stage).toBe('candidate');
    expect(await events(`stage_request/${again}`)).toContain('model_version.request_expired');
  });

  test('count only while who gave them may still give them', async () => {
    const { versionId } = await governed();
    const [request, leaver] = [await awaiting(versionId), await stack.member('approver')];
    await approve(leaver, request);
    await stack.app.get(MembersService).remove(admin, memberOf(leaver)!);
    await approve(grace, request);
    expect((await requestOf(request)).state).toBe('AWAITING_APPROVAL');
    await approve(alan, request);
    expect((await versionOf(versionId)).stage).toBe('live');
  });

  test('count only for as long as the flow says', async () => {
    const { versionId } = await governed([STAGES[0], { ...STAGES[1], moves: [], approvalHours: 24 }, STAGES[2]]);
    const request = await awaiting(versionId);
    await approve(grace, request);
    await stack.rows("update approval set at = at - interval '25 hours' where request_id = $1", [request]);
    await approve(alan, request);
    expect((await requestOf(request)).state).toBe('AWAITING_APPROVAL');
    await approve(await stack.member('approver'), request);
    expect((await versionOf(versionId)).stage).toBe('live');
  });
});

describe('gates that look at the champion', () => {
  const live = { ...STAGES[1], approvals: 1, gates: [{ kind: 'not_worse', d: 0.01 }], moves: [] };
  const better = { ...PASSED, gate: { kind: 'better', d: 0 } as never };

  test('are evaluated again at the move, against who stands there then', async () => {
    const { model, versionId } = await governed([STAGES[0], live, STAGES[2]]);
    const slow = await awaiting(versionId);
    const quick = await next(model);
    const other = await awaiting(quick);
    await approve(grace, other);
    expect((await versionOf(quick)).stage).toBe('live');
    await approve(grace, slow);
    expect((await requestOf(slow)).state).toBe('RECHECKING');
    await gatesSaid(stack, slow, [better], null);
    expect((await requestOf(slow)).state).toBe('RECHECKING');
    expect((await events(`stage_request/${slow}`)).filter((type) => type === 'model_version.recheck_requested')).toHaveLength(2);
    await gatesSaid(stack, slow, [{ ...better, outcome: 'failed' }], quick);
    expect((await requestOf(slow)).state).toBe('BLOCKED');
    const stays = await stack.rows("select entered_by as by from stage_stay where version_id = $1 and stage = 'live'", [quick]);
    expect(stays).toEqual([{ by: memberOf(grace) }]);
    expect((await versionOf(quick)).stage).toBe('live');
    expect((await versionOf(versionId)).stage).toBe('candidate');
  });

  test('approved by one who leaves meanwhile, it waits for another approval', async () => {
    const { model, versionId } = await governed([STAGES[0], live, STAGES[2]]);
    const quick = await next(model);
    await approve(grace, await awaiting(quick));
    const [slow, leaver] = [await awaiting(versionId, 'live', quick), await stack.member('approver')];
    const say = () => gatesSaid(stack, slow, [better], quick);
    await approve(leaver, slow);
    expect((await requestOf(slow)).state).toBe('RECHECKING');
    await stack.app.get(MembersService).remove(admin, memberOf(leaver)!);
    await say();
    expect((await requestOf(slow)).state).toBe('AWAITING_APPROVAL');
    await approve(alan, slow);
    await say();
    expect((await versionOf(versionId)).stage).toBe('live');
  });

  test('a verdict on files that are not those any more ends the request', async () => {
    const { versionId } = await governed([STAGES[0], live, STAGES[2]]);
    const { id } = await promotion().request(ada, { versionId, stage: 'live' });
    const verdict = await passed(stack, id);
    await stack.rows("update model_version set files = '{}' where id = $1", [versionId]);
    await promotion().recordGates(createCtx(stack.workspaceId, { kind: 'system', name: 'test' }), id, verdict);
    expect((await requestOf(id)).state).toBe('STALE');
  });
});

describe('an emergency', () => {
  test('moves past the gates with a reason and a right of its own, and is loud', async () => {
    const { versionId } = await governed();
    const request = await awaiting(versionId);
    await expect(decisions().force(grace, { versionId, stage: 'live', reason: 'the old one is down' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    await expect(decisions().force(admin, { versionId, stage: 'live', reason: ' ' })).rejects.toMatchObject({
      code: 'BAD_INPUT',
    });
    await decisions().force(admin, { versionId, stage: 'live', reason: 'the old one is down' });
    expect((await versionOf(versionId)).stage).toBe('live');
    expect((await requestOf(request)).state).toBe('STALE');
    const [row] = await stack.rows(
      "select reason, after from audit_log where action = 'model_version.stage_forced' and subject_id = $1",
      [versionId],
    );
    expect(row).toMatchObject({
      reason: 'the old one is down',
      after: { passedOver: { approvals: 2, gates: [{ kind: 'data_valid' }] } },
    });
    const stays = await stack.rows('select stage, forced, reason from stage_stay where version_id = $1 order by id', [versionId]);
    expect(stays.at(-1)).toEqual({ stage: 'live', forced: true, reason: 'the old one is down' });
  });
});

describe('time travel', () => {
  test('says what stood in a stage at any moment, for how long, by whom and why', async () => {
    const { model, modelId, versionId } = await governed([
      STAGES[0],
      { ...STAGES[1], approvals: 0, gates: [], moves: [] },
      STAGES[2],
    ]);
    const history = stack.app.get(StageHistoryView);
    const second = await next(model);
    await kit.stages.move(ada, { id: versionId }, { stage: 'live' });
    const [between] = await stack.rows<{ now: Date }>('select clock_timestamp() as now');
    await kit.stages.move(grace, { id: second }, { stage: 'live' });
    const standing = async (at?: Date) => (await history.standing(ada, modelId, 'live', at)).map((stay) => stay.versionId);
    expect(await standing(between!.now)).toEqual([versionId]);
    expect(await standing()).toEqual([second]);
    expect(await standing(new Date(0))).toEqual([]);
    const page = await history.stays(ada, { modelId, stage: 'live' }, {});
    expect(page.nodes).toMatchObject([
      { versionId: second, leftAt: null, enteredBy: memberOf(grace) },
      { versionId, enteredBy: memberOf(ada), leftBy: memberOf(grace) },
    ]);
    const [gap] = await stack.rows(
      `select 1 from stage_stay a join stage_stay b on b.version_id = $2 and b.stage = 'live' where a.version_id = $1 and a.stage = 'live' and a.left_at = b.entered_at`,
      [versionId, second],
    );
    expect(gap).toBeDefined();
    await kit.versions.delete(ada, { id: second });
    expect(await standing()).toEqual([]);
  });
});
