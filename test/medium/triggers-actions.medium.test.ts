import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createCtx, type Ctx } from '#access';
import { signedHeaders } from '#automation';
import type { EventData, EventName } from '#contracts';
import { DeploymentService, RolloutsService } from '#deployment';
import { EvaluationsService, ModelsService } from '#registry';
import { until } from '#testing';
import { AutomationRole } from '../../apps/automation/src/automation.role.js';
import { candidate, evaluation, name } from './builders.js';
import { startStack, type Stack } from './stack.js';
import { triggersKit, type TriggersKit } from './triggers-kit.js';
import { receiver } from './triggers-receiver.js';

let stack: Stack;
let ada: Ctx;
let kit: TriggersKit;
const system = () => createCtx(stack.workspaceId, { kind: 'system', name: 'test' });
const memberId = (ctx: Ctx) => (ctx.principal as { memberId: string }).memberId;

beforeAll(async () => {
  stack = await startStack([AutomationRole], { TAILRACE_WEBHOOK_ALLOW: '127.0.0.0/8' });
  ada = await stack.member('editor', 'ada');
  kit = triggersKit(stack, ada);
});
afterAll(() => stack.close());
afterEach(() => stack.rows('update trigger set deleted_at = now(), next_fire_at = null'));

/** What became of the first execution of a trigger on an event. */
async function fired<N extends EventName>(id: string, event: N, data: EventData<N>) {
  await kit.say(event, data);
  return (await kit.settled(id))[0]!;
}
const on = (event: EventName, where?: object) => ({ kind: 'event', event, ...(where ? { where } : {}) });

/** A version of a model whose flow has no gates, and what an event says of it. */
async function aVersion(model = name('model')) {
  await stack.app
    .get(ModelsService)
    .create(ada, { name: model, productionGates: [] })
    .catch(() => undefined);
  const versionId = await candidate(stack, ada, model);
  await stack.rows('update model_version set files = \'{"model.onnx": "f"}\' where id = $1', [versionId]);
  const [row] = await stack.rows<{ model_id: string; number: number }>(
    'select model_id, number from model_version where id = $1',
    [versionId],
  );
  const data = { modelId: row!.model_id, versionId, number: row!.number, runId: null, datasetVersionId: null };
  return { model, versionId, data };
}

describe('training', () => {
  test('with overrides, on the newest version where the event names none, until the job has ended', async () => {
    const { templateId, versionId } = await kit.template();
    const overrides = { training: { maxEpochs: 3 }, model: { layers: [] } };
    const { id } = await kit.make({ filter: on('dataset.created'), action: { kind: 'start_training', templateId, overrides } });
    await kit.say('dataset.created', { datasetId: 'd', name: name('d'), project: '/' });
    const running = await kit.inState(id, 'RUNNING');
    const [job] = await stack.rows<{
      id: string;
      spec: { training: { maxEpochs: number; batchSize: number } };
      dataset_version_id: string;
      member_id: string;
      created_by: string;
    }>('select * from training_job where id = $1', [running.outcome!['jobId']]);
    expect(job).toMatchObject({
      spec: { training: { maxEpochs: 3, batchSize: 32 }, model: { layers: [] } },
      dataset_version_id: versionId,
    });
    expect(job).toMatchObject({ created_by: id, member_id: memberId(ada) });
    await kit.cancel(job!.id);
    expect((await kit.settled(id))[0]).toMatchObject({
      state: 'FAILED',
      reason: 'the training job was canceled',
      outcome: { jobId: job!.id },
    });
    expect((await kit.saidOf(id)).map(({ type }) => type)).toEqual([
      'trigger.created',
      'trigger.fired',
      'trigger.acted',
      'trigger.failed',
    ]);
  });

  test('overrides that do not fit the template fail by name, and nothing is queued', async () => {
    const { templateId } = await kit.template();
    const { id } = await kit.make({
      filter: on('dataset.created'),
      action: { kind: 'start_training', templateId, overrides: { split: { train: 0.9 } } },
    });
    const execution = await fired(id, 'dataset.created', { datasetId: 'd', name: name('d'), project: '/' });
    expect(execution).toMatchObject({
      state: 'FAILED',
      reason: expect.stringMatching(/^BAD_SPEC: overrides\.split: train, validation and test must sum to 1/),
    });
    expect(await kit.jobsOf(templateId)).toEqual([]);
  });

  test('an end that nobody told is found all the same', async () => {
    const { templateId } = await kit.template();
    const { id } = await kit.make({ filter: on('dataset.created'), action: { kind: 'start_training', templateId } });
    await kit.say('dataset.created', { datasetId: 'd', name: name('d'), project: '/' });
    const running = await kit.inState(id, 'RUNNING');
    await stack.rows("update training_job set state = 'SUCCEEDED' where id = $1", [running.startedId]);
    await stack.rows("update trigger_execution set acted_at = now() - interval '1 minute' where id = $1", [running.id]);
    expect((await kit.settled(id))[0]).toMatchObject({ state: 'COMPLETED', outcome: running.outcome });
  });
});

describe('models', () => {
  test('a stage is asked for in the name of the owner, by the event or for the newest version of a model', async () => {
    const { versionId, data } = await aVersion();
    const byEvent = await kit.make({ filter: on('model_version.created'), action: { kind: 'request_stage', stage: 'staging' } });
    const grace = await stack.member('editor');
    await kit.service.update(grace, byEvent.id, { cooldownSeconds: 1 }, kit.rules);
    const execution = await fired(byEvent.id, 'model_version.created', data);
    expect(execution).toMatchObject({ state: 'COMPLETED', outcome: { versionId } });
    const [request] = await stack.rows<{ member_id: string; requested_by: string; barred: string[] }>(
      'select * from stage_request where id = $1',
      [execution.outcome!['requestId']],
    );
    expect(request).toMatchObject({ member_id: memberId(ada), requested_by: byEvent.id });
    expect(request!.barred).toEqual(expect.arrayContaining([memberId(ada), memberId(grace)]));
    await kit.service.delete(ada, byEvent.id);
    const newest = await aVersion();
    const named = await kit.make({
      filter: on('dataset.created'),
      action: { kind: 'request_stage', stage: 'staging', modelId: newest.data.modelId },
    });
    expect(await fired(named.id, 'dataset.created', { datasetId: 'd', name: name('d'), project: '/' })).toMatchObject({
      state: 'COMPLETED',
      outcome: { versionId: newest.versionId },
    });
  });

  test('a version is measured once more; the execution ends with its evaluation', async () => {
    const { versionId, data } = await aVersion();
    const { id } = await kit.make({
      filter: on('model_version.created', { field: 'subject.figure.test_f1_macro', op: 'gt', value: 0.9 }),
      action: { kind: 'evaluate_version' },
    });
    await kit.say('model_version.created', data);
    const running = await kit.inState(id, 'RUNNING');
    expect(running.facts).toEqual({ 'figure.test_f1_macro': 0.95 });
    const evaluations = stack.app.get(EvaluationsService);
    expect(await evaluations.request(ada, versionId)).toEqual({ id: running.startedId });
    await evaluations.record(system(), running.startedId!, evaluation(0.5));
    expect((await kit.settled(id))[0]).toMatchObject({
      state: 'COMPLETED',
      outcome: { evaluationId: running.startedId, versionId },
    });
    await kit.say('model_version.created', data);
    await kit.matched();
    expect(await kit.executionsOf(id)).toHaveLength(1);
    const { id: again } = await evaluations.request(ada, versionId);
    await evaluations.fail(system(), again, 'BAD_MODEL: broken');
    await evaluations.record(system(), again, evaluation(0.99));
    const [row] = await stack.rows<{ f1: string }>(
      "select evaluation -> 'test' ->> 'f1Macro' as f1 from model_version where id = $1",
      [versionId],
    );
    expect(row!.f1).toBe('0.5');
  });

  test('an endpoint is given what stands in its stage, and taken back to what was ready before', async () => {
    const [one, two, bad] = [await aVersion('served'), await aVersion('served'), await aVersion('served')];
    const deployment = stack.app.get(DeploymentService);
    const { id: endpointId } = await deployment.createEndpoint(ada, {
      name: name('endpoint'),
      modelId: one.data.modelId,
      stage: 'production',
    });
    const ready = async () => {
      const [row] = await stack.rows<{ desired_revision_id: string }>('select desired_revision_id from endpoint where id = $1', [
        endpointId,
      ]);
      await deployment.observe(createCtx('', { kind: 'system', name: 'node' }), {
        nodeId: 'nod_1',
        revisions: [{ revisionId: row!.desired_revision_id, state: 'ready' }],
      });
    };
    const serves = async () =>
      (
        await stack.rows<{ id: string }>(
          'select r.model_version_id as id from endpoint e join endpoint_revision r on r.id = e.desired_revision_id where e.id = $1',
          [endpointId],
        )
      )[0]?.id;
    const stands = (versionId: string) =>
      stack.rows(
        "update model_version set stage = case when id = $1 then 'production' else 'none' end, slot = case when id = $1 then 'production' end where model_id = $2",
        [versionId, one.data.modelId],
      );
    const deploy = await kit.make({ filter: on('model_version.created'), action: { kind: 'deploy', endpointId } });
    const changes = [];
    for (const version of [one, two]) {
      await stack.rows("update model_version set stage = 'none', slot = null where model_id = $1", [one.data.modelId]);
      await stands(version.versionId);
      await kit.say('model_version.created', version.data);
      await until('it is deployed', async () => (await serves()) === version.versionId);
      await ready();
    }
    await kit.say('model_version.created', bad.data);
    const rows = await kit.settled(deploy.id, 3);
    for (const { state, reason, outcome } of rows) changes.push([state, reason?.split(':')[0], outcome?.['changed']]);
    expect(changes).toEqual([
      ['COMPLETED', undefined, 'true'],
      ['COMPLETED', undefined, 'true'],
      ['FAILED', 'NOT_READY', undefined],
    ]);
    const back = await kit.make({
      filter: on('deployment.failed'),
      action: { kind: 'roll_back', endpointId, reason: 'it failed' },
    });
    const failed = { endpointId, revisionId: 'r', number: 2, modelVersionId: two.versionId, nodeId: 'nod_1', reason: 'broken' };
    expect(await fired(back.id, 'deployment.failed', failed)).toMatchObject({
      state: 'COMPLETED',
      outcome: { revisionId: expect.any(String) },
    });
    expect(await serves()).toBe(one.versionId);
    await ready();
    const rollouts = stack.app.get(RolloutsService);
    await expect(rollouts.rollBack(ada, { endpointId, reason: 'once more' })).rejects.toMatchObject({ code: 'NOT_READY' });
    await expect(rollouts.rollBack(await stack.member('viewer'), { endpointId, reason: 'x' })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect((await rollouts.deploy(ada, { endpointId, versionId: two.versionId })).changed).toBe(true);
    await expect(
      rollouts.deploy({ ...ada, workspaceId: 'wsp_other' }, { endpointId, versionId: two.versionId }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const said = await stack.rows(
      "select data ->> 'reason' as reason from event_log where type = 'io.tailrace.deployment.rolled_back.v1' and data ->> 'endpointId' = $1",
      [endpointId],
    );
    expect(said).toEqual([{ reason: 'it failed' }]);
  });
});

describe('calls to the outside', () => {
  test(
    'a webhook gets the cause as a CloudEvent, signed over its bytes; two failures are tried again',
    { timeout: 30_000 },
    async () => {
      const there = await receiver(500, 429, 200);
      const { id, signingSecret } = await kit.make({
        filter: on('dataset.created'),
        action: { kind: 'call_webhook', url: there.url },
      });
      const execution = await fired(id, 'dataset.created', { datasetId: 'dst_1', name: 'n', project: '/' });
      expect(execution).toMatchObject({ state: 'COMPLETED', tries: 3, outcome: { status: '200' } });
      expect(there.calls).toHaveLength(3);
      expect(new Set(there.calls.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([execution.id]));
      const { headers, body } = there.calls[2]!;
      const at = Number(headers['webhook-timestamp']) * 1000;
      expect(headers['webhook-signature']).toBe(
        signedHeaders(execution.id, Buffer.from(body), [signingSecret!], at)['webhook-signature'],
      );
      expect(JSON.parse(body)).toMatchObject({
        specversion: '1.0',
        id: execution.eventId,
        type: 'io.tailrace.dataset.created.v1',
        source: `/workspaces/${stack.workspaceId}`,
        triggerid: id,
        data: { datasetId: 'dst_1' },
      });
    },
  );

  test(
    'what a receiver refuses ends at once; what never answers ends after four tries; neither tells the address',
    { timeout: 40_000 },
    async () => {
      const gone = await receiver(410);
      const refused = await kit.make({ filter: on('dataset.created'), action: { kind: 'call_webhook', url: gone.url } });
      const broken = await receiver(503);
      const down = await kit.make({ filter: on('dataset.created'), action: { kind: 'notify_chat', url: broken.url, text: 'x' } });
      const nobody = await kit.make({
        filter: on('dataset.created'),
        action: { kind: 'notify_chat', url: 'http://127.0.0.1:9/secret-path', text: 'x' },
      });
      await kit.say('dataset.created', { datasetId: 'd', name: name('d'), project: '/' });
      const of = async (id: string) => (await kit.settled(id))[0]!;
      expect(await of(refused.id)).toMatchObject({ state: 'FAILED', tries: 1, reason: 'the receiver answered 410' });
      expect(await of(down.id)).toMatchObject({ state: 'FAILED', tries: 4, reason: 'the receiver answered 503' });
      expect(await of(nobody.id)).toMatchObject({ state: 'FAILED', tries: 4, reason: expect.stringContaining('ECONNREFUSED') });
      expect((await of(nobody.id)).reason).not.toContain('secret-path');
      expect([gone.calls.length, broken.calls.length]).toEqual([1, 4]);
      expect(await stack.rows("select 1 from inbox where state = 'dead'")).toEqual([]);
    },
  );

  test('a chat gets the text with its placeholders filled in, escaped', async () => {
    const there = await receiver(200);
    const text = 'New {{subject.dataset}} version {{data.number}}: {{data.rows}} rows';
    const { id } = await kit.make({
      filter: on('dataset_version.validated'),
      action: { kind: 'notify_chat', url: there.url, text },
    });
    const { datasetId, versionId } = await kit.template();
    await stack.rows("update dataset set name = '<!channel>' where id = $1", [datasetId]);
    await until('it was told', async () => there.calls.length > 0);
    await kit.say('dataset_version.validated', kit.validated({ datasetId, versionId, number: 7, rows: 120 }));
    await kit.settled(id, 2);
    expect(JSON.parse(there.calls[1]!.body)).toEqual({ text: 'New &lt;!channel&gt; version 7: 120 rows' });
  });

  test('an address inside a network that nobody allowed is refused when it is given, and again when it is used', async () => {
    const action = (url: string) => ({ kind: 'call_webhook', url });
    for (const url of ['http://10.0.0.1/', 'https://169.254.169.254/latest', 'https://u:p@example.com/', 'ftp://example.com/'])
      await expect(kit.make({ filter: on('dataset.created'), action: action(url) })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    const { id } = await kit.make({ filter: on('dataset.created'), action: action('http://127.0.0.1:9/') });
    await stack.rows("update trigger_secret set value = 'https://10.0.0.1/key' where trigger_id = $1 and kind = 'url'", [id]);
    const execution = await fired(id, 'dataset.created', { datasetId: 'd', name: name('d'), project: '/' });
    expect(execution.state).toBe('FAILED');
    expect(execution.reason).not.toContain('/key');
  }, 20_000);
});
