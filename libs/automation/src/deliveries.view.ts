import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { allows, type Ctx } from '#access';
import { select } from '#database';
import { decodeCursor, DomainError, encodeCursor } from '#kernel';
import { isMlflowEvent, splitEvent, type MlflowEvent } from './model/mlflow-events.js';

export type DeliveryState = 'PENDING' | 'DELIVERED' | 'FAILED';

/** A delivery as callers see it; its body is for the receiver. */
export interface DeliveryRow {
  readonly id: string;
  readonly webhookId: string;
  readonly eventId: string;
  readonly event: MlflowEvent;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** When it is due, or how long the try under way has at most; null when it has ended. */
  readonly nextAt: Date | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly doneAt: Date | null;
}

const COLUMNS = `d.id, d.webhook_id as "webhookId", d.event_id as "eventId", d.entity || '.' || d.action as event, d.state, d.attempts,
  case when d.state = 'PENDING' then d.next_at end as "nextAt", d.last_status as "lastStatus", d.last_error as "lastError",
  d.created_at as "createdAt", d.done_at as "doneAt"`;

const BY_IDS = `select ${COLUMNS} from webhook_delivery d join webhook w on w.id = d.webhook_id where w.workspace_id = $1 and d.id = any($2)`;

/** By the events, whose ids sort by time: in that order an index holds the deliveries of a webhook. */
const byWebhooks = (further: string) => `select ${COLUMNS} from webhook w cross join lateral (select * from webhook_delivery
      where webhook_id = w.id ${further} order by event_id desc, entity desc, action desc limit $3) d
   where w.workspace_id = $1 and w.id = any($2) order by d.webhook_id, d.event_id desc, d.entity desc, d.action desc`;
const NEWEST = byWebhooks('');
const FURTHER = byWebhooks('and (event_id, entity, action) < ($4, $5, $6)');

/** What became of the deliveries of webhooks; read by those who may read webhooks. */
@Injectable()
export class DeliveriesView {
  constructor(private readonly dataSource: DataSource) {}

  /** Those of the deliveries that the caller may read. */
  async byIds(ctx: Ctx, ids: readonly string[]): Promise<DeliveryRow[]> {
    return allows(ctx, 'automation.read', '/') ? select(this.dataSource, BY_IDS, [ctx.workspaceId, ids]) : [];
  }

  /** Up to `limit` deliveries of each webhook, newest event first. Throws BAD_INPUT for a cursor that is none. */
  async byWebhooks(ctx: Ctx, ids: readonly string[], page: { limit: number; after?: string }): Promise<DeliveryRow[]> {
    if (!allows(ctx, 'automation.read', '/')) return [];
    const params = [ctx.workspaceId, ids, page.limit];
    return page.after
      ? select(this.dataSource, FURTHER, [...params, ...placeOf(page.after)])
      : select(this.dataSource, NEWEST, params);
  }
}

/** Where the page after a delivery begins. */
export function deliveryCursor({ eventId, event }: DeliveryRow): string {
  return encodeCursor(`${eventId}/${event}`);
}

function placeOf(cursor: string): readonly [eventId: string, entity: string, action: string] {
  const [eventId, event] = decodeCursor(cursor).split('/');
  if (!event || !isMlflowEvent(event)) throw new DomainError('BAD_INPUT', 'after is not the cursor of a delivery', 'after');
  const { entity, action } = splitEvent(event);
  return [eventId!, entity, action];
}
