import { Injectable } from '@nestjs/common';
import { EVENTS, eventType, type EventData, type EventName } from '#contracts';
import type { Tx } from '#database';
import { newId } from '#kernel';
import { Notifier } from './notifier.js';

/** Who and what an event is said on behalf of; part of every `Ctx`. */
export interface EventContext {
  readonly workspaceId: string;
  readonly correlationId: string;
  /** Event that caused this one, and how long the chain of causes is. */
  readonly causationId: string | null;
  readonly hops: number;
  readonly authId: string;
}

const INSERT = `insert into event_log (id, workspace_id, type, subject, data, correlation_id, causation_id, hops, auth_id)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`;

/** The statement that says an event; for who writes it without an outbox. Throws when data does not fit its schema. */
export function eventStatement<N extends EventName>(
  id: string,
  ctx: EventContext,
  name: N,
  subject: string,
  data: EventData<N>,
): { readonly sql: string; readonly params: readonly unknown[] } {
  const checked = JSON.stringify(EVENTS[name].parse(data));
  const { workspaceId, correlationId, causationId, hops, authId } = ctx;
  return { sql: INSERT, params: [id, workspaceId, eventType(name), subject, checked, correlationId, causationId, hops, authId] };
}

@Injectable()
export class Outbox {
  constructor(private readonly notifier: Notifier) {}

  /**
   * Says an event in the transaction of the change that it tells of. The row is written just before the commit, after every row that the
   * use case locks, so that the log has the order in which its subject changed. Returns the event's id. Throws when data does not fit its schema.
   */
  add<N extends EventName>(
    tx: Tx,
    ctx: EventContext,
    name: N,
    subject: string,
    data: EventData<N>,
    id: string = newId('event'),
  ): string {
    const { sql, params } = eventStatement(id, ctx, name, subject, data);
    tx.atEnd(sql, params);
    tx.afterCommit(async () => this.notifier.wake('outbox'));
    return id;
  }
}
