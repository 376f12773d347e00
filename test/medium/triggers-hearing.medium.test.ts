import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Ctx } from '#access';
import { DryRunService } from '#automation';
import type { EventData, EventName } from '#contracts';
import { LoggingService, ExperimentsService, RunsService } from '#tracking';
import { AutomationRole } from '../../apps/automation/src/automation.role.js';
import { name } from './builders.js';
import { startStack, type Stack } from './stack.js';
import { triggersKit, type TriggersKit } from './triggers-kit.js';
import { receiver } from './triggers-receiver.js';

/** Nobody is there: what is tested with it is what fires. */
const NOBODY = { kind: 'call_webhook', url: 'http://127.0.0.1:9/hook' };

let stack: Stack;
let ada: Ctx;
let kit: TriggersKit;
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

describe('rights', () => {
  test('an owner who lost its rights: FORBIDDEN, whatever the action', async () => {
    const bob = await stack.member('editor');
    const { templateId } = await kit.template();
    const there = await receiver(200);
    const actions = [
      { kind: 'start_training', templateId },
      { kind: 'call_webhook', url: there.url },
    ];
    const ids: string[] = [];
    for (const action of actions) ids.push((await kit.make({ filter: on('dataset.created'), action }, bob)).id);
    await stack.rows("update member_grant set role = 'viewer' where member_id = $1", [memberId(bob)]);
    await kit.say('dataset.created', { datasetId: 'd', name: name('d'), project: '/' });
    for (const id of ids)
      expect((await kit.settled(id))[0]).toMatchObject({ state: 'FAILED', reason: expect.stringMatching(/^FORBIDDEN: /) });
    expect(await kit.jobsOf(templateId)).toEqual([]);
    expect(there.calls).toEqual([]);
  });

  test('an editor lends no rights of the owner: the trigger acts with what both of them may', async () => {
    const { templateId } = await kit.template();
    const carol = await stack.member('editor');
    await stack.rows("update member_grant set path = '/vision' where member_id = $1", [memberId(carol)]);
    const inVision = { ...carol, principal: { ...carol.principal, grants: [{ path: '/vision', role: 'editor' }] } } as Ctx;
    const action = { kind: 'start_training', templateId };
    const { id } = await kit.make({ filter: on('dataset.created'), action, project: '/vision' });
    await expect(kit.service.update(inVision, id, { project: '/' }, kit.rules)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(kit.service.update(inVision, id, { action }, kit.rules)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      field: 'action.templateId',
    });
    await kit.service.update(inVision, id, { cooldownSeconds: 1 }, kit.rules);
    expect(await fired(id, 'dataset.created', { datasetId: 'd', name: name('d'), project: '/' })).toMatchObject({
      state: 'FAILED',
      reason: 'FORBIDDEN: this needs the permission training.write on /',
    });
    expect((await stack.rows<{ updated_by: string }>('select updated_by from trigger where id = $1', [id]))[0]!.updated_by).toBe(
      memberId(carol),
    );
  });

  test('a trigger hears only of what its owner may read', async () => {
    const dan = await stack.member('editor');
    await stack.rows("update member_grant set path = '/vision' where member_id = $1", [memberId(dan)]);
    const inVision = { ...dan, principal: { ...dan.principal, grants: [{ path: '/vision', role: 'editor' }] } } as Ctx;
    const there = await receiver(200);
    const { id } = await kit.make(
      { filter: on('dataset.created'), action: { kind: 'call_webhook', url: there.url }, project: '/vision' },
      inVision,
    );
    for (const project of ['/', '/visionary', '/vision', '/vision/detect'])
      await kit.say('dataset.created', { datasetId: project, name: name('d'), project });
    await kit.say('member.created', { memberId: 'm', name: 'n', role: 'r' });
    await kit.matched();
    const rows = await kit.settled(id, 2);
    expect(rows.map(({ cause }) => cause!.data['project'])).toEqual(['/vision', '/vision/detect']);
  });

  test('viewers change nothing, another workspace knows nothing', async () => {
    const { id } = await kit.make({ filter: on('dataset.created'), action: NOBODY });
    const viewer = await stack.member('viewer');
    const stranger = { ...ada, workspaceId: 'wsp_other' };
    const calls = (ctx: Ctx) => [
      kit.service.update(ctx, id, { cooldownSeconds: 1 }, kit.rules),
      kit.service.pause(ctx, id),
      kit.service.resume(ctx, id),
      kit.service.delete(ctx, id),
      kit.service.rotateSecret(ctx, id, 'signing'),
    ];
    for (const outcome of await Promise.allSettled(calls(viewer)))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'FORBIDDEN' } });
    for (const outcome of await Promise.allSettled(calls(stranger)))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'NOT_FOUND' } });
    await expect(stack.app.get(DryRunService).run(stranger, { triggerId: id })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('conditions on what is known now', () => {
  test('a data set, its state and rows', async () => {
    const { templateId, datasetId, versionId } = await kit.template();
    const where = {
      and: [
        { field: 'subject.state', op: 'eq', value: 'VALIDATED' },
        { field: 'subject.rows', op: 'gte', value: 10 },
      ],
    };
    const { id } = await kit.make({
      filter: on('dataset_version.validated', where),
      action: { kind: 'start_training', templateId },
    });
    await kit.say('dataset_version.validated', kit.validated());
    await kit.say('dataset_version.validated', kit.validated({ datasetId, versionId }));
    expect((await kit.inState(id, 'RUNNING')).facts).toEqual({ state: 'VALIDATED', rows: 10 });
    const column = {
      name: 'x y',
      test: 'ks',
      statistic: 0.5,
      p: 0,
      q: 0,
      psi: 0.4,
      reference: 90,
      current: 90,
      drifted: true,
      message: '',
    };
    const drift = {
      against: 'v',
      mode: 'whole',
      added: 0,
      removed: 0,
      drifted: true,
      worst: { column: 'x y', psi: 0.4 },
      columns: [column],
    };
    await stack.rows('update dataset_version set profile = profile || $2::jsonb where id = $1', [
      versionId,
      JSON.stringify({ drift }),
    ]);
    const drifted = {
      and: [
        { field: 'subject.drift.psi', op: 'gt', value: 0.2 },
        { field: 'subject.drift.drifted', op: 'eq', value: true },
        { field: 'subject.drift.column.x y.psi', op: 'gt', value: 0.2 },
      ],
    };
    const there = await receiver(200);
    const { id: other } = await kit.make({
      filter: on('dataset_version.compared', drifted),
      action: { kind: 'call_webhook', url: there.url },
    });
    const compared = {
      datasetId,
      versionId,
      number: 1,
      againstId: 'v',
      mode: 'whole',
      drifted: true,
      psi: 0.4,
      column: 'x y',
    } as const;
    expect((await fired(other, 'dataset_version.compared', compared)).facts).toEqual({
      'drift.psi': 0.4,
      'drift.drifted': true,
      'drift.column.x y.psi': 0.4,
    });
  });

  test('metrics: over a threshold, changed by a fraction, out of line', async () => {
    const experiment = await stack.app.get(ExperimentsService).ensure(ada, { name: name('experiment') });
    const { id: runId } = await stack.app.get(RunsService).create(ada, { experimentId: experiment.id, name: 'run' });
    const there = await receiver(200);
    const action = { kind: 'call_webhook', url: there.url };
    const make = async (where: object) => (await kit.make({ filter: on('run.metrics_logged', where), action })).id;
    const over = await make({
      and: [
        { metric: 'loss', op: 'gt', value: 4 },
        { field: 'subject.status', op: 'eq', value: 'RUNNING' },
      ],
    });
    const jumped = await make({ metric: 'loss', change: { by: 0.5, window: 5, direction: 'up' } });
    const outlier = await make({ metric: 'loss', zscore: 4 });
    const quiet = await make({ metric: 'accuracy', zscore: 1 });
    const values = [...Array.from({ length: 30 }, (_, n) => 1 + (n % 2) * 0.1), 1.7, 5];
    for (const loss of values) await kit.say('run.metrics_logged', { runId, metrics: { loss, other: 1 } });
    await kit.matched();
    const firedBy = async (id: string) =>
      (await kit.settled(id)).map(({ cause }) => (cause!.data['metrics'] as { loss: number }).loss);
    expect(await firedBy(over)).toEqual([5]);
    expect(await firedBy(jumped)).toEqual([1.7, 5]);
    expect(await firedBy(outlier)).toEqual([1.7, 5]);
    expect(await kit.executionsOf(quiet)).toEqual([]);
    const windows = await stack.rows<{ key: string; count: number }>(
      'select key, cardinality(points) as count from metric_window where run_id = $1',
      [runId],
    );
    expect(windows).toEqual([{ key: 'loss', count: 31 }]);
  });

  test('latest metrics and tags of the run that an event is about', async () => {
    const experiment = await stack.app.get(ExperimentsService).ensure(ada, { name: name('experiment') });
    const { id: runId } = await stack.app.get(RunsService).create(ada, { experimentId: experiment.id, name: 'run' });
    const logging = stack.app.get(LoggingService);
    await logging.log(ada, runId, { points: [{ key: 'val/acc', value: 0.9, step: 1, timestamp: 1 }], tags: { team: 'blue' } });
    const where = {
      and: [
        { field: 'subject.metric.val/acc', op: 'gte', value: 0.9 },
        { field: 'subject.tag.team', op: 'eq', value: 'blue' },
      ],
    };
    const there = await receiver(200);
    const { id } = await kit.make({ filter: on('run.finished', where), action: { kind: 'call_webhook', url: there.url } });
    expect((await fired(id, 'run.finished', { runId, experimentId: experiment.id, jobId: null })).facts).toEqual({
      'metric.val/acc': 0.9,
      'tag.team': 'blue',
    });
  });

  test('a row of before goes on as it is', async () => {
    const there = await receiver(200);
    const { id } = await kit.make({
      filter: { event: 'dataset.created', equals: { name: 'old' } },
      action: { kind: 'call_webhook', url: there.url },
    });
    await stack.rows(`update trigger set filter = '{"event": "dataset.created", "equals": {"name": "old"}}' where id = $1`, [id]);
    await kit.say('dataset.created', { datasetId: 'd', name: 'new', project: '/' });
    expect(await fired(id, 'dataset.created', { datasetId: 'd', name: 'old', project: '/' })).toMatchObject({
      state: 'COMPLETED',
    });
    expect(await kit.executionsOf(id)).toHaveLength(1);
    await kit.service.update(ada, id, { cooldownSeconds: 5 }, kit.rules);
    expect(
      (await stack.rows<{ kind: string }>("select filter ->> 'kind' as kind from trigger where id = $1", [id]))[0]!.kind,
    ).toBe('event');
  });
});

describe('dry run', () => {
  test('tells what past events would have done, and does nothing', async () => {
    const data = kit.validated();
    for (const number of [1, 2, 3]) await kit.say('dataset_version.validated', { ...data, number, rows: number });
    await kit.matched();
    const filter = on('dataset_version.validated', {
      and: [
        { field: 'data.datasetId', op: 'eq', value: data.datasetId },
        { field: 'data.rows', op: 'gt', value: 1 },
      ],
    });
    const dryRun = stack.app.get(DryRunService);
    const before = await stack.rows('select count(*) from event_log');
    const run = await dryRun.run(ada, { filter, cooldownSeconds: 3600, concurrency: 'skip', last: 100 });
    expect(run.outcomes.map(({ state, reason }) => [state, reason?.split(':')[0]])).toEqual([
      ['FIRED', undefined],
      ['SKIPPED', 'cooldown'],
    ]);
    expect(run.looked).toBeGreaterThan(2);
    expect(run.factsAsOf).toBeNull();
    const asking = on('dataset_version.validated', { field: 'subject.state', op: 'exists', value: false });
    expect((await dryRun.run(ada, { filter: asking })).factsAsOf).toBeInstanceOf(Date);
    expect(await stack.rows('select count(*) from event_log')).toEqual(before);
    const { id } = await kit.make({
      filter,
      action: NOBODY,
      dedupe: { windowSeconds: 60, key: ['data.datasetId'] },
    });
    expect((await dryRun.run(ada, { triggerId: id })).outcomes.map(({ state }) => state)).toEqual(['FIRED', 'SKIPPED']);
    expect(await kit.executionsOf(id)).toEqual([]);
    const schedule = await dryRun.run(ada, { filter: { kind: 'schedule', cron: '0 3 * * *' } });
    expect(schedule.nextTimes).toHaveLength(5);
    await expect(dryRun.run(ada, { filter: { kind: 'incoming' } })).rejects.toMatchObject({ code: 'BAD_INPUT' });
    await expect(dryRun.run(ada, { filter, last: 1001 })).rejects.toMatchObject({ code: 'BAD_INPUT', field: 'last' });
    const nobody = { ...ada, principal: { ...ada.principal, memberId: 'mem_none' } } as Ctx;
    expect((await dryRun.run(nobody, { filter })).outcomes).toEqual([]);
  });
});
