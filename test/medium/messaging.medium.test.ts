import { Module } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCtx, DeadJobsService, Journal, reactionCtx, type Ctx } from '#access';
import { SUBSCRIBER_NAMES, SUBSCRIBERS, type LoggedEvent } from '#contracts';
import { UnitOfWork } from '#database';
import { DomainError, newId } from '#kernel';
import {
  EventLog,
  Inbox,
  proveSubscribers,
  RelayModule,
  Subscriber,
  SubscriberHost,
  SubscriberProcessor,
  Sweeper,
  type Delivery,
} from '#messaging';
import { startStack, type Stack } from './stack.js';

const effects: string[] = [];
const givenUp: { versionId: string; reason: string }[] = [];
const behaviour = { fail: (_id: string): boolean => false };

@Subscriber('dataset-registry.validate')
class RecordingProcessor extends SubscriberProcessor<'dataset_version.created'> {
  protected readonly subscriber = 'dataset-registry.validate';
  constructor(
    host: SubscriberHost,
    private readonly unitOfWork: UnitOfWork,
  ) {
    super(host);
  }

  protected async handle({ event, guard }: Delivery<'dataset_version.created'>): Promise<void> {
    if (behaviour.fail(event.data.versionId)) throw new Error('told to fail');
    await this.unitOfWork.run(reactionCtx(event, 'test', guard), async (tx) => {
      tx.afterCommit(async () => void effects.push(event.data.versionId));
    });
  }

  protected override async gaveUp(event: LoggedEvent<'dataset_version.created'>, reason: string): Promise<void> {
    givenUp.push({ versionId: event.data.versionId, reason });
  }
}

/** The app's other processor, with nothing to do. */
@Subscriber('dataset-registry.compare')
class IdleProcessor extends SubscriberProcessor<'dataset_version.validated'> {
  protected readonly subscriber = 'dataset-registry.compare';
  constructor(host: SubscriberHost) {
    super(host);
  }

  protected async handle(): Promise<void> {}
}

@Module({ imports: [RelayModule], providers: [RecordingProcessor, IdleProcessor] })
class TestRole {}

let stack: Stack;
let ctx: Ctx;
beforeAll(async () => {
  stack = await startStack([TestRole]);
  ctx = createCtx(stack.workspaceId, { kind: 'system', name: 'test' });
});
afterAll(() => stack.close());

async function say(versionId: string = newId('datasetVersion')): Promise<{ eventId: string; versionId: string }> {
  const eventId = await stack.app.get(UnitOfWork).run({}, (tx) =>
    stack.app.get(Journal).record(tx, ctx, {
      event: 'dataset_version.created',
      subject: { kind: 'dataset_version', id: versionId },
      data: { datasetId: 'dst_x', versionId, number: 1, parentId: null, blob: 'b' },
    }),
  );
  return { eventId, versionId };
}

async function until(condition: () => boolean | Promise<boolean>, what: string, ms = 20_000): Promise<void> {
  for (const end = Date.now() + ms; !(await condition());) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('from the log to the effect', () => {
  test('an event is numbered, delivered, and has its effect once', async () => {
    const { eventId, versionId } = await say();
    await until(() => effects.includes(versionId), 'the effect');
    expect((await stack.app.get(EventLog).find(eventId))?.sequence).toMatch(/^\d+$/);
    expect(await stack.rows('select state from inbox where event_id = $1', [eventId])).toEqual([{ state: 'done' }]);
  });

  test('a change that is rolled back says nothing', async () => {
    const versionId = newId('datasetVersion');
    const failing = stack.app.get(UnitOfWork).run({}, async (tx) => {
      await stack.app.get(Journal).record(tx, ctx, {
        event: 'dataset_version.created',
        subject: { kind: 'dataset_version', id: versionId },
        data: { datasetId: 'dst_x', versionId, number: 1, parentId: null, blob: 'b' },
      });
      throw new DomainError('CONFLICT', 'no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await stack.rows("select 1 from event_log where data->>'versionId' = $1", [versionId])).toEqual([]);
    expect(await stack.rows('select 1 from audit_log where subject_id = $1', [versionId])).toEqual([]);
  });

  test('200 events of many writers: each once, numbered in the order in which they were written', async () => {
    const before = effects.length;
    const said = await Promise.all(Array.from({ length: 200 }, () => say()));
    await until(() => effects.length >= before + 200, 'all effects');
    expect(new Set(effects).size).toBe(effects.length);
    expect(said.every(({ versionId }) => effects.includes(versionId))).toBe(true);
    const inversions = await stack.rows(
      'select 1 from (select sequence s, lag(sequence) over (order by sequence) p from event_log where sequence is not null) x where s <= p',
    );
    expect(inversions).toEqual([]);
  });

  test('a delivery that fails is tried again; one that fails for good is dead with its reason, and can be replayed', async () => {
    let failures = 0;
    const { eventId, versionId } = await (async () => {
      const id = newId('datasetVersion');
      behaviour.fail = (failing) => failing === id && ++failures > 0;
      return say(id);
    })();
    const inbox = stack.app.get(Inbox);
    await until(async () => (await inbox.dead(stack.workspaceId)).some((job) => job.eventId === eventId), 'the dead job', 30_000);
    expect(failures).toBe(SUBSCRIBERS['dataset-registry.validate'].attempts);
    expect((await inbox.dead(stack.workspaceId)).find((job) => job.eventId === eventId)?.reason).toBe('told to fail');
    expect(effects).not.toContain(versionId);
    expect(givenUp).toEqual([{ versionId, reason: 'told to fail' }]);
    behaviour.fail = () => false;
    const again = () => stack.app.get(DeadJobsService).replay(ctx, 'dataset-registry.validate', eventId);
    expect(await again()).toEqual({ id: eventId });
    await until(() => effects.includes(versionId), 'the replayed effect');
    await expect(again()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('the sweeper puts back what a lost queue held', async () => {
    const { eventId, versionId } = await say();
    await until(() => effects.includes(versionId), 'the first effect');
    // As if the queue had lost the job before it ran: dispatched, no inbox row, no job.
    await stack.owner.query('delete from inbox where event_id = $1', [eventId]);
    await stack.owner.query("update event_log set time = now() - interval '1 hour' where id = $1", [eventId]);
    await stack.owner.query('update relay_state set swept_through = 0');
    await stack.app.get(Sweeper).sweep();
    await until(() => effects.filter((id) => id === versionId).length === 2, 'the effect after the sweep');
  });

  test('retention drops what is done and old, and a cursor from before it is told to resync', async () => {
    const { eventId, versionId } = await say();
    await until(() => effects.includes(versionId), 'the effect');
    await until(async () => (await stack.rows('select 1 from inbox where event_id = $1', [eventId])).length > 0, 'the inbox row');
    const { last } = await stack.app.get(EventLog).bounds();
    await stack.owner.query("update event_log set time = now() - interval '90 days'");
    await stack.owner.query('update relay_state set swept_through = $1, dispatched_through = $1', [String(last)]);
    await stack.owner.query(
      "insert into log_cursor (consumer, position) values ('reader', $1) on conflict (consumer) do update set position = excluded.position",
      [String(last)],
    );
    await stack.rows('select prune_messaging(30)');
    expect(await stack.app.get(EventLog).find(eventId)).toBeUndefined();
    await expect(stack.app.get(EventLog).checkCursor('0')).rejects.toMatchObject({ code: 'RESYNC' });
    await stack.app.get(EventLog).checkCursor(String(last));
    const again = await say();
    await until(
      async () => BigInt((await stack.app.get(EventLog).find(again.eventId))?.sequence ?? '0') > last,
      'a sequence that does not go backwards',
    );
  });
});

describe('boot proofs', () => {
  test('an app that lacks one of its processors does not start, and is told which class to add', () => {
    expect(() => proveSubscribers(['model-registry.gates'])).toThrow(
      /model-registry\.candidate has no processor; add a class marked @Subscriber/,
    );
  });

  test('two processors of one subscriber do not start', () => {
    expect(() => proveSubscribers(['deployment.follow', 'deployment.follow'])).toThrow(/has two processors/);
  });

  test('an app with all of its processors starts', () => {
    const all = SUBSCRIBER_NAMES.filter((name) => SUBSCRIBERS[name].app === 'model-registry');
    expect(all.length).toBeGreaterThan(1);
    expect(() => proveSubscribers(all)).not.toThrow();
  });
});
