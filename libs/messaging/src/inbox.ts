import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type SubscriberName } from '#contracts';
import { select, type Tx, type TxGuard } from '#database';

/** Writes the inbox row in the transaction of the effect: a second delivery of the same event finds it and does nothing. */
export class InboxGuard implements TxGuard {
  /** True once a transaction has settled the pair. */
  settled = false;

  constructor(
    private readonly subscriber: SubscriberName,
    private readonly eventId: string,
  ) {}

  async claim(tx: Tx): Promise<{ done: boolean }> {
    const rows = await tx.query(
      "insert into inbox (subscriber, event_id, state) values ($1, $2, 'done') on conflict do nothing returning 1",
      [this.subscriber, this.eventId],
    );
    this.settled = rows.length === 0;
    return { done: this.settled };
  }

  async settle(tx: Tx): Promise<void> {
    tx.afterCommit(async () => void (this.settled = true));
  }
}

export interface DeadJob {
  readonly subscriber: string;
  readonly eventId: string;
  readonly reason: string | null;
  readonly at: Date;
}

@Injectable()
export class Inbox {
  constructor(private readonly dataSource: DataSource) {}

  async markDone(subscriber: SubscriberName, eventId: string): Promise<void> {
    await select(
      this.dataSource,
      "insert into inbox (subscriber, event_id, state) values ($1, $2, 'done') on conflict do nothing",
      [subscriber, eventId],
    );
  }

  async markDead(subscriber: SubscriberName, eventId: string, reason: string): Promise<void> {
    await select(
      this.dataSource,
      "insert into inbox (subscriber, event_id, state, reason) values ($1, $2, 'dead', $3) on conflict do nothing",
      [subscriber, eventId, reason.slice(0, 2000)],
    );
  }

  /** Why deliveries of these events to a subscriber failed for the last time, by event; only those that did. */
  async deadReasons(subscriber: SubscriberName, eventIds: readonly string[]): Promise<Map<string, string>> {
    const rows = await select<{ eventId: string; reason: string | null }>(
      this.dataSource,
      `select event_id as "eventId", reason from inbox where subscriber = $1 and event_id = any($2) and state = 'dead'`,
      [subscriber, eventIds],
    );
    return new Map(rows.map(({ eventId, reason }) => [eventId, reason ?? 'unknown']));
  }

  /** Ids of the events that a reader of the log has given up. */
  async givenUpBy(consumer: string): Promise<Set<string>> {
    const rows = await select<{ id: string }>(
      this.dataSource,
      `select event_id as id from inbox where subscriber = $1 and state = 'dead'`,
      [consumer],
    );
    return new Set(rows.map(({ id }) => id));
  }

  async dead(workspaceId: string, limit = 100): Promise<DeadJob[]> {
    return select<DeadJob>(
      this.dataSource,
      `select i.subscriber, i.event_id as "eventId", i.reason, i.at from inbox i join event_log e on e.id = i.event_id
          where i.state = 'dead' and e.workspace_id = $1 order by i.at desc limit $2`,
      [workspaceId, limit],
    );
  }

  /** Step: takes a dead pair out of the inbox and sets the sweeper back to before it, so that it is delivered anew. False when it was not dead. */
  async replayIn(tx: Tx, workspaceId: string, subscriber: string, eventId: string): Promise<boolean> {
    const rows = await tx.query(
      `with gone as (delete from inbox i using event_log e where e.id = i.event_id and e.workspace_id = $1 and i.subscriber = $2
            and i.event_id = $3 and i.state = 'dead' returning e.sequence)
         update relay_state set swept_through = least(swept_through, gone.sequence - 1) from gone where relay_state.id = 1 returning 1`,
      [workspaceId, subscriber, eventId],
    );
    return rows.length > 0;
  }
}
