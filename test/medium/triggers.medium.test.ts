import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createCtx, type Ctx } from '#access';
import { AutomationView } from '#automation';
import { until } from '#testing';
import { JobsService } from '#training';
import { AutomationRole } from '../../apps/automation/src/automation.role.js';
import { name } from './builders.js';
import { startStack, type Stack } from './stack.js';
import { triggersKit, type TriggersKit } from './triggers-kit.js';
import { startReceiver, type Receiver } from './webhooks-kit.js';

let stack: Stack;
let ada: Ctx;
let kit: TriggersKit;
let receiver: Receiver;
beforeAll(async () => {
  stack = await startStack([AutomationRole], { TAILRACE_WEBHOOK_ALLOW: '127.0.0.0/8' });
  ada = await stack.member('editor', 'ada');
  kit = triggersKit(stack, ada);
});
afterAll(() => stack.close());
beforeEach(async () => void (receiver = await startReceiver()));
afterEach(async () => {
  receiver.close();
  await stack.rows('update trigger set deleted_at = now(), next_fire_at = null');
});

const onValidated = (datasetId: string) => ({
  kind: 'event',
  event: 'dataset_version.validated',
  where: { field: 'data.datasetId', op: 'eq', value: datasetId },
});
const call = () => ({ kind: 'call_webhook', url: receiver.url });

describe('one cause, one execution', () => {
  test('causes that agree in the fields of the key are one within the window', async () => {
    const { id } = await kit.make({
      filter: { kind: 'event', event: 'dataset_version.validated' },
      action: call(),
      dedupe: { windowSeconds: 3600, key: ['data.datasetId'] },
    });
    const [first, other] = [kit.validated(), kit.validated()];
    for (const data of [first, { ...first, number: 2 }, other]) {
      await kit.say('dataset_version.validated', data);
      await kit.matched();
    }
    const rows = await kit.settled(id, 3);
    expect(rows.map(({ state }) => state)).toEqual(['COMPLETED', 'SKIPPED', 'COMPLETED']);
    expect(rows[1]!.reason).toBe(`duplicate: of ${rows[0]!.id}`);
    await stack.rows("update trigger_execution set at = at - interval '2 hours' where trigger_id = $1", [id]);
    await kit.say('dataset_version.validated', first);
    expect((await kit.settled(id, 4))[3]).toMatchObject({ state: 'COMPLETED' });
  });
});

describe('one at a time', () => {
  test('queue keeps them in order, skip lets none wait', async () => {
    const { templateId, datasetId } = await kit.template();
    const versions = await kit.versions(datasetId, 3);
    const action = { kind: 'start_training', templateId };
    const queue = await kit.make({ filter: onValidated(datasetId), action, concurrency: 'queue' });
    const skip = await kit.make({ filter: onValidated(datasetId), action: call(), concurrency: 'skip', cooldownSeconds: 3600 });
    for (const version of versions) await kit.say('dataset_version.validated', version);
    for (const [place, version] of versions.entries()) {
      const job = await until(`job ${place}`, async () => (await kit.jobsOf(templateId))[place]);
      expect(job.dataset_version_id).toBe(version.versionId);
      await kit.inState(queue.id, 'RUNNING');
      await kit.cancel(job.id);
    }
    const ended = await kit.settled(queue.id, 3);
    expect(ended.map(({ state, reason }) => [state, reason])).toEqual(
      Array.from({ length: 3 }, () => ['FAILED', 'the training job was canceled']),
    );
    const skipped = await kit.settled(skip.id, 3);
    expect(skipped.map(({ state }) => state)).toEqual(['COMPLETED', 'SKIPPED', 'SKIPPED']);
    expect(skipped[1]!.reason).toMatch(/^(cooldown|busy): /);
  });

  test('what waits for a cooldown goes when it is over, without another event', async () => {
    const { id } = await kit.make({
      filter: { kind: 'event', event: 'dataset.created' },
      action: call(),
      cooldownSeconds: 3600,
      concurrency: 'newest',
    });
    for (const number of [1, 2, 3]) await kit.say('dataset.created', { datasetId: `d${number}`, name: name('d'), project: '/' });
    await kit.inState(id, 'WAITING');
    await kit.inState(id, 'COMPLETED');
    await kit.matched();
    expect((await kit.executionsOf(id)).map(({ state }) => state).sort()).toEqual(['COMPLETED', 'SKIPPED', 'WAITING']);
    await stack.rows("update trigger set last_fired_at = last_fired_at - interval '2 hours' where id = $1", [id]);
    const rows = await kit.settled(id, 3);
    expect(rows[2]).toMatchObject({ state: 'COMPLETED', cause: { data: { datasetId: 'd3' } } });
  });

  test('a paused trigger hears nothing and lets nothing go; a deleted one ends what waits', async () => {
    const { id } = await kit.make({ filter: { kind: 'event', event: 'dataset.created' }, action: call(), cooldownSeconds: 3600 });
    const created = () => kit.say('dataset.created', { datasetId: 'd', name: name('d'), project: '/' });
    await created();
    await kit.inState(id, 'COMPLETED');
    await created();
    await kit.inState(id, 'WAITING');
    await kit.service.pause(ada, id);
    await stack.rows("update trigger set last_fired_at = last_fired_at - interval '2 hours' where id = $1", [id]);
    await created();
    await kit.matched();
    await kit.executions.releaseDue();
    expect((await kit.executionsOf(id)).map(({ state }) => state)).toEqual(['COMPLETED', 'WAITING']);
    await kit.service.resume(ada, id);
    await until('what waited has gone', async () => (await kit.executionsOf(id))[1]?.state === 'COMPLETED');
    await created();
    await kit.inState(id, 'WAITING');
    await kit.service.delete(ada, id);
    expect((await kit.executionsOf(id)).at(-1)).toMatchObject({ state: 'SKIPPED', reason: 'deleted: the trigger is gone' });
    expect((await stack.app.get(AutomationView).triggers(ada, {})).nodes.map((trigger) => trigger.id)).not.toContain(id);
    expect((await kit.saidOf(id)).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['trigger.paused', 'trigger.resumed', 'trigger.deleted']),
    );
    await expect(kit.service.pause(ada, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('what died on its way', () => {
  test('a delivery that failed for the last time ends its execution, with the reason, and the next goes', async () => {
    const { id } = await kit.make({ filter: { kind: 'event', event: 'dataset.created' }, action: call() });
    await stack.rows(
      `insert into trigger_execution (id, workspace_id, trigger_id, event_id, state, cause, fired_event, fired_at)
       values ('exe_0', $2, $1, 'evt_0', 'FIRED', $3, 'evt_fired', now() - interval '1 minute')`,
      [id, ada.workspaceId, JSON.stringify({ id: 'evt_0', name: 'dataset.created', data: {}, correlationId: 'c', hops: 0 })],
    );
    await stack.rows(
      "insert into inbox (subscriber, event_id, state, reason) values ('automation.act', 'evt_fired', 'dead', 'no memory')",
    );
    await kit.say('dataset.created', { datasetId: 'd', name: name('d'), project: '/' });
    const rows = await kit.settled(id, 2);
    expect(rows.map(({ state, reason }) => [state, reason])).toEqual([
      ['FAILED', 'no memory'],
      ['COMPLETED', null],
    ]);
  });

  test('an execution of before inputs were kept is carried out with its event from the log', async () => {
    const eventId = await kit.say('dataset.created', { datasetId: 'of-before', name: name('d'), project: '/' });
    const { id } = await kit.make({ filter: { kind: 'event', event: 'member.created' }, action: call() });
    await stack.rows(
      "insert into trigger_execution (id, workspace_id, trigger_id, event_id, state) values ('exe_00', $2, $1, $3, 'FIRED')",
      [id, ada.workspaceId, eventId],
    );
    await kit.say('trigger.fired', { triggerId: id, executionId: 'exe_00', eventId });
    await kit.settled(id);
    expect(receiver.calls.map(({ said }) => said.data['datasetId'])).toEqual(['of-before']);
    await expect(kit.executions.replay(ada, 'exe_00')).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

describe('the end of a chain', () => {
  test('what a training says later still belongs to the chain that started it', async () => {
    const { templateId, datasetId, versionId } = await kit.template();
    await kit.make({ filter: onValidated(datasetId), action: { kind: 'start_training', templateId } });
    await kit.say('dataset_version.validated', kit.validated({ datasetId, versionId }), { hops: 5, correlationId: 'the-chain' });
    const job = await until('a job', async () => (await kit.jobsOf(templateId))[0]);
    expect(await claim(job.id)).toEqual({ hops: 7, correlation_id: 'the-chain' });
  });

  /** Takes a job as a runner does; what the log says of it. */
  async function claim(jobId: string) {
    await stack.rows("update training_job set created_at = 'epoch' where id = $1", [jobId]);
    await stack.app.get(JobsService).claimNext(createCtx('', { kind: 'system', name: 'test' }), 'runner');
    const [row] = await stack.rows<{ hops: number; correlation_id: string }>(
      "select hops, correlation_id from event_log where type = 'io.tailrace.training_job.started.v1' and data ->> 'jobId' = $1",
      [jobId],
    );
    return row!;
  }

  test('a trigger on its own skips does not go on for ever', async () => {
    const { id } = await kit.make({ filter: { kind: 'event', event: 'trigger.skipped' }, action: call(), maxHops: 2 });
    const fired = { triggerId: 'none', executionId: 'none', eventId: 'none', reason: 'none' };
    await kit.say('trigger.skipped', fired, { hops: 2 });
    await kit.say('trigger.skipped', fired, { hops: 1 });
    await kit.settled(id, 1);
    await kit.matched();
    expect(await kit.executionsOf(id)).toMatchObject([{ state: 'COMPLETED', cause: { hops: 1 } }]);
  });
});

describe('replays', () => {
  test('an execution is fired once more with its input, as a new one that names it and who asked', async () => {
    const { id } = await kit.make({ filter: { kind: 'event', event: 'dataset.created' }, action: call(), cooldownSeconds: 3600 });
    await kit.say('dataset.created', { datasetId: 'once', name: name('d'), project: '/' });
    const [first] = await kit.settled(id);
    const viewer = await stack.member('viewer');
    await expect(kit.executions.replay(viewer, first!.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const grace = await stack.member('editor', 'grace');
    const again = await kit.executions.replay(grace, first!.id);
    const rows = await kit.settled(id, 2);
    expect(rows[1]).toMatchObject({
      id: again.id,
      replayOf: first!.id,
      eventId: first!.eventId,
      cause: first!.cause,
      state: 'COMPLETED',
    });
    expect(rows[1]!.requestedBy).toBe((grace.principal as { memberId: string }).memberId);
    expect(receiver.calls.map(({ headers }) => headers['webhook-id'])).toEqual([first!.id, again.id]);
    await kit.service.pause(ada, id);
    await expect(kit.executions.replay(grace, first!.id)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(kit.executions.replay({ ...grace, workspaceId: 'wsp_other' }, first!.id)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });
});
