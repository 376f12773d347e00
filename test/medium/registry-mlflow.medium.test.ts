import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCtx, type Ctx } from '#access';
import { DeploymentService } from '#deployment';
import { checkOpenName, mlflowStageFlow, DecisionsService, PromotionService } from '#registry';
import { candidate, name } from './builders.js';
import { gatesSaid, passed, registryKit, type RegistryKit } from './registry-kit.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let ada: Ctx;
let grace: Ctx;
let kit: RegistryKit;
beforeAll(async () => {
  stack = await startStack();
  ada = await stack.member('approver', 'ada');
  grace = await stack.member('approver', 'grace');
  kit = registryKit(stack, ada);
});
afterAll(() => stack.close());

/** A model with the default flow whose version 1 stands in production, and a version 2. */
async function guardedModel(): Promise<{ model: string; first: string }> {
  const model = name('guarded');
  const first = await candidate(stack, ada, model);
  const promotion = stack.app.get(PromotionService);
  const { id: requestId } = await promotion.request(ada, { versionId: first, stage: 'production' });
  await gatesSaid(stack, requestId);
  await stack.app.get(DecisionsService).decide(grace, { requestId, decision: 'approved' });
  await kit.addVersion(model);
  return { model, first };
}

describe('models', () => {
  test('each change stands in the audit and the log, in one transaction', async () => {
    const model = await kit.openModel({ a: '1' });
    await kit.changes.update(ada, { name: model }, { description: 'new', tags: { b: '2', a: null, absent: null } });
    expect(await kit.modelSearch.byName(ada, model)).toMatchObject({ description: 'new', tags: { b: '2' } });
    await kit.changes.delete(ada, { name: model });
    const expected = ['model.created', 'model.updated', 'model.tag_set', 'model.tag_removed', 'model.deleted'];
    expect(await kit.eventsOf(model)).toEqual(expected);
    const audit = await stack.rows<{ action: string }>(
      "select action from audit_log where subject_kind = 'model' and subject_id in (select data ->> 'modelId' from event_log where data ->> 'name' = $1) order by id",
      [model],
    );
    expect(audit.map(({ action }) => action)).toEqual(expected);
  });

  test('a taken name is refused when making and when renaming, and changes nothing', async () => {
    const [one, two] = [await kit.openModel(), await kit.openModel()];
    const taken = { code: 'CONFLICT', details: { reason: 'NAME_TAKEN' } };
    await expect(kit.models.create(ada, { name: one }, checkOpenName)).rejects.toMatchObject(taken);
    const patch = { name: one, description: 'x' };
    await expect(kit.changes.update(ada, { name: two }, patch, checkOpenName)).rejects.toMatchObject(taken);
    expect((await kit.modelSearch.byName(ada, two))?.description).toBe('');
    expect(await kit.eventsOf(two)).toEqual(['model.created']);
  });

  test('a deleted model leaves its name, and its successor begins at version 1', async () => {
    const model = await kit.openModel();
    await kit.addVersion(model);
    await kit.addVersion(model);
    await kit.changes.delete(ada, { name: model });
    expect(await kit.modelSearch.byName(ada, model)).toBeUndefined();
    expect(await kit.versionSearch.byNumber(ada, model, 1)).toBeUndefined();
    await kit.models.create(ada, { name: model, flow: mlflowStageFlow() }, checkOpenName);
    expect(await kit.addVersion(model)).toBe(1);
  });

  test('a model that an endpoint follows stays', async () => {
    const model = await kit.openModel();
    const { id: modelId } = (await kit.modelSearch.byName(ada, model))!;
    const endpoint = { name: name('endpoint'), modelId, stage: 'production' };
    await stack.app.get(DeploymentService).createEndpoint(await stack.member('admin'), endpoint);
    await kit.addVersion(model);
    await expect(kit.changes.delete(ada, { name: model })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await kit.modelSearch.byName(ada, model))?.newest).toHaveLength(1);
  });

  test('who may not write to the project may not change its models, nor see what it may not read', async () => {
    const model = await kit.openModel();
    const viewer = await stack.member('viewer');
    await expect(kit.changes.update(viewer, { name: model }, { description: 'x' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(kit.versions.create(viewer, { name: model }, { source: 's3://b/x' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    const elsewhere = {
      ...viewer,
      principal: { ...viewer.principal, grants: [{ path: '/elsewhere', role: 'viewer' }] },
    } as unknown as Ctx;
    expect(await kit.modelSearch.byName(elsewhere, model)).toBeUndefined();
    expect((await kit.modelSearch.search(elsewhere, { limit: 10 })).models).toEqual([]);
    expect((await kit.versionSearch.search(elsewhere, { limit: 10 })).versions).toEqual([]);
  });
});

describe('versions', () => {
  test('numbers are never reused, also when twenty are made at the same moment', async () => {
    const model = await kit.openModel();
    await kit.addVersion(model);
    await kit.versions.delete(ada, { model, number: 1 });
    const made = await Promise.all(Array.from({ length: 20 }, () => kit.addVersion(model)));
    expect(made.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i + 2));
    const where = [{ kind: 'model', op: '=', value: model } as const];
    const { versions: found } = await kit.versionSearch.search(ada, { where, limit: 100 });
    expect(found.map(({ number }) => number)).not.toContain(1);
    await expect(kit.versions.delete(ada, { model, number: 1 })).rejects.toMatchObject({ details: { reason: 'NO_VERSION' } });
  });

  test('a version keeps what it was made with, and its changes are said', async () => {
    const model = await kit.openModel();
    const made = {
      source: 's3://b/x',
      runId: 'someone',
      runLink: 'https://x',
      description: 'd',
      tags: { a: '1' },
      userName: 'ada',
    };
    const { number } = await kit.versions.create(ada, { name: model }, made);
    await kit.versions.update(ada, { model, number }, { description: 'new', tags: { b: '2', a: null } });
    expect(await kit.versionSearch.byNumber(ada, model, number)).toMatchObject({
      ...made,
      description: 'new',
      tags: { b: '2' },
      status: 'READY',
      storageLocation: 's3://b/x',
    });
    expect((await kit.eventsOf(model)).slice(1)).toEqual([
      'model_version.created',
      'model_version.updated',
      'model_version.tag_set',
      'model_version.tag_removed',
    ]);
  });

  test('deleting takes the aliases away', async () => {
    const model = await kit.openModel();
    const number = await kit.addVersion(model);
    await kit.aliases.set(ada, { model, number }, 'champion');
    await kit.versions.delete(ada, { model, number });
    expect(await kit.versionSearch.byAlias(ada, model, 'champion')).toBeUndefined();
    expect((await kit.eventsOf(model)).slice(-3)).toEqual([
      'model_version.alias_set',
      'model_version.alias_removed',
      'model_version.deleted',
    ]);
  });

  test('one without files of the platform is not served, and says so', async () => {
    const archived = { name: 'archived', holds: 'many', from: ['live'] };
    const flow = { stages: [{ name: 'live', holds: 'one', from: ['none'] }, archived] };
    const { id: modelId } = await kit.models.create(ada, { name: name('bare'), flow });
    const { id } = await kit.versions.create(ada, { id: modelId }, { source: 's3://b/x' });
    await kit.stages.move(ada, { id }, { stage: 'live' });
    const endpoint = { name: name('endpoint'), modelId, stage: 'live' };
    await expect(stack.app.get(DeploymentService).createEndpoint(await stack.member('admin'), endpoint)).rejects.toMatchObject({
      code: 'NOT_READY',
      message: expect.stringContaining('no ONNX file'),
    });
  });
});

describe('aliases', () => {
  test('point at one version, move, and go', async () => {
    const model = await kit.openModel();
    const [one, two] = [await kit.addVersion(model), await kit.addVersion(model)];
    await kit.aliases.set(ada, { model, number: one }, 'champion');
    await kit.aliases.set(ada, { model, number: two }, 'champion');
    expect((await kit.versionSearch.byAlias(ada, model, 'champion'))?.number).toBe(two);
    expect((await kit.modelSearch.byName(ada, model))?.aliases).toEqual([{ alias: 'champion', number: two }]);
    await kit.aliases.remove(ada, { name: model }, 'champion');
    await kit.aliases.remove(ada, { name: model }, 'champion');
    expect(await kit.versionSearch.byAlias(ada, model, 'champion')).toBeUndefined();
    expect((await kit.versionSearch.byAlias(ada, model, 'Latest'))?.number).toBe(two);
    expect((await kit.eventsOf(model)).filter((type) => type === 'model_version.alias_removed')).toHaveLength(1);
  });

  test.each(['latest', 'v1', 'V22', 'a b', '', 'x'.repeat(256)])('%j is no alias', async (alias) => {
    const model = await kit.openModel();
    const number = await kit.addVersion(model);
    await expect(kit.aliases.set(ada, { model, number }, alias)).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });
});

describe('stages', () => {
  test('the open flow: any move, several versions a stage, others archived only when asked', async () => {
    const model = await kit.openModel();
    for (let i = 0; i < 3; i++) await kit.addVersion(model);
    await kit.stages.move(ada, { model, number: 1 }, { stage: 'production' });
    await kit.stages.move(ada, { model, number: 2 }, { stage: 'production' });
    expect([await kit.stageOf(model, 1), await kit.stageOf(model, 2)]).toEqual(['production', 'production']);
    await kit.stages.move(ada, { model, number: 3 }, { stage: 'production', archiveOthers: true });
    expect([await kit.stageOf(model, 1), await kit.stageOf(model, 2), await kit.stageOf(model, 3)]).toEqual([
      'archived',
      'archived',
      'production',
    ]);
    await kit.stages.move(ada, { model, number: 3 }, { stage: 'production' });
    await kit.stages.move(ada, { model, number: 1 }, { stage: 'none' });
    expect((await kit.modelSearch.byName(ada, model))?.newest.map(({ number, stage }) => [number, stage])).toEqual([
      [1, 'none'],
      [2, 'archived'],
      [3, 'production'],
    ]);
  });

  test('a guarded stage is only come to by a request: the refusal says how, what the audit is to say, and changes nothing', async () => {
    const { model } = await guardedModel();
    const before = await kit.eventsOf(model);
    const { id } = (await kit.versionSearch.byNumber(ada, model, 2))!;
    const refused = (action: string) => ({
      code: 'FORBIDDEN',
      message: expect.stringMatching(/requestStage\(.*tailrace model promote/) as unknown,
      details: { refused: { action, subject: { kind: 'model_version', id } } },
    });
    await expect(kit.stages.move(ada, { model, number: 2 }, { stage: 'production' })).rejects.toMatchObject(
      refused('model_version.stage_changed'),
    );
    await expect(kit.aliases.set(ada, { model, number: 2 }, 'production')).rejects.toMatchObject(
      refused('model_version.alias_set'),
    );
    await expect(kit.stages.move(ada, { model, number: 1 }, { stage: 'staging' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(kit.stages.move(ada, { model, number: 1 }, { stage: 'none' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(kit.versions.delete(ada, { model, number: 1 })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(kit.changes.delete(ada, { name: model })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect([await kit.stageOf(model, 1), await kit.stageOf(model, 2)]).toEqual(['production', 'none']);
    expect(await kit.eventsOf(model)).toEqual(before);
  });

  test('the protected alias goes to who stands in its stage, and goes when that leaves it', async () => {
    const { model } = await guardedModel();
    await kit.aliases.set(ada, { model, number: 1 }, 'production');
    expect((await kit.versionSearch.byAlias(ada, model, 'production'))?.number).toBe(1);
    await kit.stages.move(ada, { model, number: 1 }, { stage: 'archived' });
    expect(await kit.versionSearch.byAlias(ada, model, 'production')).toBeUndefined();
    await kit.versions.delete(ada, { model, number: 1 });
    expect(await kit.stageOf(model, 1)).toBeUndefined();
  });

  test('what was asked for a deleted version comes to nothing', async () => {
    const versionId = await candidate(stack, ada, name('asked'));
    const promotion = stack.app.get(PromotionService);
    const { id } = await promotion.request(ada, { versionId, stage: 'production' });
    const verdict = await passed(stack, id);
    await kit.versions.delete(ada, { id: versionId });
    expect(await stack.rows('select state from stage_request where id = $1', [id])).toEqual([{ state: 'STALE' }]);
    await promotion.recordGates(createCtx(stack.workspaceId, { kind: 'system', name: 'test' }), id, verdict);
    expect(await stack.rows('select state from stage_request where id = $1', [id])).toEqual([{ state: 'STALE' }]);
    await expect(promotion.request(ada, { versionId, stage: 'production' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});
