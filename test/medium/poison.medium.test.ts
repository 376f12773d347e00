import { Module } from '@nestjs/common';
import { Queue } from 'bullmq';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCtx, DeadJobsService, type Ctx } from '#access';
import { queueName, type LoggedEvent } from '#contracts';
import type { Tx } from '#database';
import { LineageConsumer, RebuildService } from '#lineage';
import { BULL_CONNECTION, Inbox, LogConsumer, LogConsumerHost, RelayModule } from '#messaging';
import { until } from '#testing';
import { ActProcessor } from '../../apps/automation/src/act.processor.js';
import { AutomationRole } from '../../apps/automation/src/automation.role.js';
import { name } from './builders.js';
import { hasRead, startStack, type Stack } from './stack.js';
import { triggersKit, type TriggersKit } from './triggers-kit.js';

/** Names of data sets, as a reader hears them that cannot do without. */
const heard: string[] = [];
const behaviour = { failures: 0 };

class Reader extends LogConsumer {
  protected readonly consumer = 'test-reader';
  protected override readonly concerns = `e.type = 'io.tailrace.dataset.created.v1'`;

  protected async apply(tx: Tx, events: readonly LoggedEvent[]): Promise<void> {
    const names = (events as LoggedEvent<'dataset.created'>[]).map(({ data }) => data.name.trim());
    if (behaviour.failures-- > 0) throw new Error('told to fail');
    tx.afterCommit(async () => void heard.push(...names));
  }
}

@Module({
  imports: [RelayModule],
  providers: [{ provide: Reader, useFactory: (host: LogConsumerHost) => new Reader(host), inject: [LogConsumerHost] }],
})
class ReaderRole {}

let stack: Stack;
let ada: Ctx;
let kit: TriggersKit;
beforeAll(async () => {
  stack = await startStack([AutomationRole, ReaderRole]);
  ada = await stack.member('editor', 'ada');
  kit = triggersKit(stack, ada);
});
afterAll(() => stack.close());

const say = (named: string) => kit.say('dataset.created', { datasetId: 'dst_x', name: named, project: '/' });

/** A row of the log that no use case would have written. */
async function poison(type: string, data: unknown): Promise<string> {
  const [row] = await stack.rows<{ id: string }>(
    `insert into event_log (id, workspace_id, type, subject, data, correlation_id, auth_id)
     values ('evt_' || md5(random()::text), $1, $2, 'test/poison', $3, 'test', 'test') returning id`,
    [stack.workspaceId, `io.tailrace.${type}.v1`, JSON.stringify(data)],
  );
  return row!.id;
}

test('R21: an event that its reader cannot take is dead for it, with the reason; each of its neighbours has its effect once', async () => {
  const names = Array.from({ length: 6 }, () => name('heard'));
  for (const before of names.slice(0, 3)) await say(before);
  const poisons = [await poison('dataset.created', {}), await poison('dataset.created', { name: 7 })];
  await poison('future.happened', []);
  for (const after of names.slice(3)) await say(after);
  await hasRead(stack, 'test-reader');
  expect(heard.filter((each) => names.includes(each))).toEqual(names);
  const dead = (await stack.app.get(Inbox).dead(stack.workspaceId)).filter(({ subscriber }) => subscriber === 'test-reader');
  expect(dead.map(({ eventId }) => eventId).sort()).toEqual(poisons.sort());
  expect(dead[0]!.reason).toMatch(/trim/);
  const again = stack.app.get(DeadJobsService).replay(ada, 'test-reader', poisons[0]!);
  await expect(again).rejects.toMatchObject({ code: 'NOT_FOUND', field: 'subscriber' });
});

test('what fails and is well formed is tried until it goes', async () => {
  behaviour.failures = 3;
  const named = name('late');
  await say(named);
  await hasRead(stack, 'test-reader');
  expect(heard.filter((each) => each === named)).toEqual([named]);
  expect(behaviour.failures).toBeLessThan(0);
});

test('R21: lineage goes on past an event that it cannot draw, and a rebuild gives the graph that was kept', async () => {
  expect(stack.app.get(LineageConsumer)).toBeDefined();
  const id = await poison('dataset_version.validated', {});
  await say(name('behind'));
  await hasRead(stack, 'lineage');
  expect((await stack.app.get(Inbox).givenUpBy('lineage')).has(id)).toBe(true);
  const admin = createCtx(stack.workspaceId, { kind: 'system', name: 'test' });
  expect(await stack.app.get(RebuildService).rebuild(admin, { check: true })).toMatchObject({ differing: 0 });
});

test('R21: a message in a queue that names no event is dropped, and its neighbours flow on', async () => {
  expect(stack.app.get(ActProcessor)).toBeDefined();
  const queue = new Queue(queueName('automation.act'), { connection: stack.app.get(BULL_CONNECTION) });
  // The connection outlives the queue, and is cut with the database at the end.
  queue.on('error', () => undefined);
  const messages = [
    null,
    'text {',
    7,
    [],
    {},
    { eventId: { $ne: 1 } },
    { eventId: 'evt_none' },
    { eventId: 'x'.repeat(10_000_000) },
  ];
  for (const [nth, data] of messages.entries())
    await queue.add('automation.act', data, { jobId: `poison-${nth}`, removeOnComplete: true, removeOnFail: true });
  const { templateId, versionId } = await kit.template();
  const { id } = await kit.make({ filter: { event: 'dataset.created' }, action: { kind: 'start_training', templateId } });
  // Nothing is left to train on, so that its execution ends at once.
  await stack.rows("update dataset_version set state = 'RETRACTED' where id = $1", [versionId]);
  await say(name('behind'));
  expect(await kit.settled(id)).toMatchObject([{ state: 'FAILED', reason: expect.stringMatching(/^NOT_READY/) }]);
  await until('the queue is empty', async () => (await queue.getJobCountByTypes('waiting', 'active', 'delayed', 'failed')) === 0);
  await queue.close();
});
