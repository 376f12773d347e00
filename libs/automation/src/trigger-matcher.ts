import { Injectable } from '@nestjs/common';
import { createCtx, Journal, type Ctx } from '#access';
import { MAX_HOPS, type LoggedEvent } from '#contracts';
import type { Tx } from '#database';
import { newId } from '#kernel';
import { LogConsumer, LogConsumerHost } from '#messaging';
import { In } from 'typeorm';
import { TriggerEntity } from './automation.entities.js';
import { matches } from './model/trigger.js';

/** Reads the log of every workspace that has triggers and writes down, in the transaction of its cursor, which of them each event fires. */
@Injectable()
export class TriggerMatcher extends LogConsumer {
  protected readonly consumer = 'trigger-matcher';
  protected override readonly concerns = 'exists (select 1 from trigger t where t.workspace_id = e.workspace_id and t.enabled)';

  constructor(
    host: LogConsumerHost,
    private readonly journal: Journal,
  ) {
    super(host);
  }

  protected async apply(tx: Tx, events: readonly LoggedEvent[]): Promise<void> {
    const workspaceIds = [...new Set(events.map((event) => event.workspaceId))];
    const triggers = await tx.em.find(TriggerEntity, { where: { workspaceId: In(workspaceIds), enabled: true } });
    for (const event of events)
      for (const trigger of triggers)
        if (trigger.workspaceId === event.workspaceId && event.time >= trigger.createdAt && matches(trigger.filter, event))
          await this.fire(tx, trigger, event);
  }

  private async fire(tx: Tx, trigger: TriggerEntity, event: LoggedEvent): Promise<void> {
    const id = newId('execution');
    const looping = event.hops >= MAX_HOPS;
    const reason = looping ? `loop: the chain of causes is ${event.hops} events long` : null;
    const rows = await tx.query(
      `insert into trigger_execution (id, workspace_id, trigger_id, event_id, state, reason) values ($1, $2, $3, $4, $5, $6)
       on conflict (trigger_id, event_id) do nothing returning 1`,
      [id, trigger.workspaceId, trigger.id, event.id, looping ? 'SKIPPED' : 'FIRED', reason],
    );
    if (rows.length === 0) return;
    const subject = { kind: 'trigger_execution', id };
    const data = { triggerId: trigger.id, executionId: id, eventId: event.id };
    const ctx = causedBy(event);
    if (reason) await this.journal.record(tx, ctx, { event: 'trigger.skipped', subject, data: { ...data, reason }, reason });
    else await this.journal.record(tx, ctx, { event: 'trigger.fired', subject, data });
  }
}

function causedBy(event: LoggedEvent): Ctx {
  return createCtx(
    event.workspaceId,
    { kind: 'system', name: 'trigger-matcher' },
    { correlationId: event.correlationId, causationId: event.id, hops: event.hops + 1 },
  );
}
